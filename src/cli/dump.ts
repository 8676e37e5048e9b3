/** One node of a dump. */
export interface DumpNode {
  readonly key: string;
  /** Undefined for a directory. */
  readonly value: string | undefined;
  /** Seconds left when the dump was made; undefined lives for ever. */
  readonly ttl: number | undefined;
}

/** What a dump holds, in the order in which its nodes are to be made, and what the operator should know of it. */
export interface Dump {
  readonly nodes: readonly DumpNode[];
  readonly warnings: readonly string[];
}

/** A text that is no dump; the message says why. */
export class DumpError extends Error {
  override readonly name = 'DumpError';
}

/** The word by which our own dumps are known. */
const format = 'mini-etcd dump 1';

/** A node as etcd's v2 API shows it. */
interface ShownNode {
  readonly key?: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly ttl?: number;
  readonly createdIndex?: number;
  readonly nodes?: readonly ShownNode[];
}

/** Our own dump of the answer to a recursive GET: {"format":…,"nodes":[{"key":…,"value":…,"ttl":…},{"key":…,"dir":true}]}. */
export function printDump(answer: string): string {
  const nodes = readAnswer(JSON.parse(answer) as { node: ShownNode }).map(({ key, value, ttl }) =>
    JSON.stringify({
      key,
      ...(value === undefined ? { dir: true } : { value }),
      ...(ttl === undefined ? {} : { ttl }),
    }),
  );
  const list = nodes.length === 0 ? '' : `\n${nodes.join(',\n')}\n`;
  return `{"format":"${format}","nodes":[${list}]}\n`;
}

/** Reads our own dumps, answers of etcd to a recursive GET, and what `etcdctl ls -r -p` prints. Throws DumpError. */
export function readDump(text: string): Dump {
  if (text.trimStart().startsWith('/')) return readListing(text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DumpError(`neither JSON nor a list of keys: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null) throw new DumpError('not a dump: a JSON object is expected');
  if ('format' in parsed && 'nodes' in parsed) return { nodes: readOwn(parsed), warnings: [] };
  if ('node' in parsed) return { nodes: readAnswer(parsed as { node: ShownNode }), warnings: [] };
  throw new DumpError('not a dump: it has neither "format" and "nodes" nor "node"');
}

function readOwn(dump: { readonly format: unknown; readonly nodes: unknown }): DumpNode[] {
  if (dump.format !== format) throw new DumpError(`a dump of another format: ${JSON.stringify(dump.format)}`);
  if (!Array.isArray(dump.nodes)) throw new DumpError('"nodes" is no list');
  return (dump.nodes as readonly unknown[]).map((node, at) => checkNode(node, `nodes[${at}]`));
}

/** Directories come before what they hold, and everything in the order in which it was once created. */
function readAnswer({ node }: { readonly node: ShownNode }): DumpNode[] {
  const all: ShownNode[] = [];
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || (next.nodes !== undefined && !Array.isArray(next.nodes))) {
      throw new DumpError('not an answer of etcd: its nodes are no list');
    }
    if (next.key !== undefined && next.key !== '/') all.push(next);
    for (const below of (next.nodes ?? []) as readonly ShownNode[]) pending.push(below);
  }
  const depth = ({ key }: ShownNode) => key!.split('/').length;
  all.sort(
    (a, b) => (a.createdIndex ?? 0) - (b.createdIndex ?? 0) || depth(a) - depth(b) || (a.key! < b.key! ? -1 : 1),
  );
  return all.map((shown) => checkNode(shown, 'a node'));
}

function checkNode(node: unknown, where: string): DumpNode {
  const { key, value, dir, ttl } = (node ?? {}) as ShownNode;
  if (typeof key !== 'string' || !key.startsWith('/'))
    throw new DumpError(`${where} has no "key" that begins with "/"`);
  if (dir !== true && typeof value !== 'string') throw new DumpError(`${where}: ${key} has no "value"`);
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 0))
    throw new DumpError(`${where}: ${key} has a bad "ttl"`);
  return { key, value: dir === true ? undefined : value, ttl };
}

/** A key on each line, a directory with a slash at its end, a value behind a tab where there is one. */
function readListing(text: string): Dump {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const nodes = lines.map((line): DumpNode => {
    const [key = '', ...rest] = line.split('\t');
    if (!key.startsWith('/')) throw new DumpError(`not a key: ${JSON.stringify(line.slice(0, 60))}`);
    if (key.endsWith('/')) return { key: key.slice(0, -1), value: undefined, ttl: undefined };
    return { key, value: rest.join('\t'), ttl: undefined };
  });
  const bare = lines.filter((line) => !line.includes('\t') && !line.endsWith('/')).length;
  const warnings = bare === 0 ? [] : [`${bare} keys come without a value, and are made empty: a listing holds none`];
  return { nodes: nodes.filter(({ key }) => key !== ''), warnings };
}
