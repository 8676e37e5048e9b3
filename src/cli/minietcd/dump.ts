import { counted } from '../../go/count.ts';

/** One node of a dump. */
export interface DumpNode {
  readonly key: string;
  /** Undefined for a directory. */
  readonly value: string | undefined;
  /** Seconds left at the time of the dump; undefined: no TTL. */
  readonly ttl: number | undefined;
}

/** A dump: its nodes in the order in which they are to be created, and warnings. */
export interface Dump {
  readonly nodes: readonly DumpNode[];
  readonly warnings: readonly string[];
}

/** A text that is not a dump; the message says why. */
export class DumpError extends Error {
  override readonly name = 'DumpError';
}

/** The name of our own format. */
const format = 'mini-etcd dump 1';

/** A node as etcd's v2 API shows it. */
interface ShownNode {
  readonly key?: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly ttl?: number;
  readonly createdIndex?: number;
  readonly nodes?: readonly unknown[];
}

/**
 * Makes our own dump from the answer to a recursive GET:
 * {"format":…,"nodes":[{"key":…,"value":…,"ttl":…},{"key":…,"dir":true}]}. Throws DumpError for another answer.
 */
export function printDump(answer: string): string {
  const parsed = parse(answer);
  if (!('node' in parsed)) throw new DumpError('its answer has no "node"');
  const nodes = readAnswer(parsed).map(({ key, value, ttl }) =>
    JSON.stringify({
      key,
      ...(value === undefined ? { dir: true } : { value }),
      ...(ttl === undefined ? {} : { ttl }),
    }),
  );
  const list = nodes.length === 0 ? '' : `\n${nodes.join(',\n')}\n`;
  return `{"format":"${format}","nodes":[${list}]}\n`;
}

/** Reads our own dumps, answers of etcd to a recursive GET, and the output of `etcdctl ls -r -p`. Throws DumpError. */
export function readDump(text: string): Dump {
  if (text.trimStart().startsWith('/')) return readListing(text);
  const parsed = parse(text);
  if ('format' in parsed && 'nodes' in parsed) return { nodes: readOwn(parsed), warnings: [] };
  if ('node' in parsed) return { nodes: readAnswer(parsed), warnings: [] };
  throw new DumpError('not a dump: it has neither "format" and "nodes" nor "node"');
}

function parse(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    // The quoted part of the message may be part of a value, and is removed.
    const what = message.replace(/, \.*".*$|(?: in JSON)? at position .*$/s, '');
    throw new DumpError(`line ${lineOfFault(text, message)}: neither JSON nor a list of keys: ${what}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null) throw new DumpError('not a dump: a JSON object is expected');
  return parsed;
}

/**
 * The line of an error of JSON.parse: the message has a position, or quotes the text around the error, or the text
 * ended.
 */
function lineOfFault(text: string, message: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  const quoted = /^Unexpected token '(.)', (\.*)"(.*?)"\.* is not valid JSON$/su.exec(message);
  const end = text.trimEnd().length;
  let at = end;
  if (position !== undefined) at = Number(position);
  else if (quoted !== null) at = text.indexOf(quoted[3]!) + (quoted[2] === '' ? quoted[3]!.indexOf(quoted[1]!) : 10);
  return text.slice(0, Math.min(at, end)).split('\n').length;
}

function readOwn(dump: { readonly format: unknown; readonly nodes: unknown }): DumpNode[] {
  if (dump.format !== format) {
    const name =
      typeof dump.format === 'string' ? JSON.stringify(dump.format.slice(0, 60)) : 'its "format" is not a string';
    throw new DumpError(`a dump of another format: ${name}`);
  }
  if (!Array.isArray(dump.nodes)) throw new DumpError('"nodes" is not a list');
  return (dump.nodes as readonly unknown[]).map((node, at) => checkNode(node, `nodes[${at}]`));
}

/** Directories before their content, and everything in the order of its creation. */
function readAnswer({ node }: { readonly node: unknown }): DumpNode[] {
  const all: ShownNode[] = [];
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const shown = asShown(next);
    if (shown.key !== undefined && shown.key !== '/') all.push(shown);
    for (const below of shown.nodes ?? []) pending.push(below);
  }
  const depth = ({ key }: ShownNode) => key!.split('/').length;
  all.sort(
    (a, b) => (a.createdIndex ?? 0) - (b.createdIndex ?? 0) || depth(a) - depth(b) || (a.key! < b.key! ? -1 : 1),
  );
  return all.map((shown) => checkNode(shown, 'a node'));
}

function asShown(node: unknown): ShownNode {
  const { key, nodes, createdIndex } = (node ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof node === 'object' && node !== null && ['string', 'undefined'].includes(typeof key)) {
    const isIndexed = createdIndex === undefined || Number.isSafeInteger(createdIndex);
    if (isIndexed && (nodes === undefined || Array.isArray(nodes))) return node;
  }
  throw new DumpError('not an answer of etcd: one of its nodes has the wrong form');
}

function checkNode(node: unknown, where: string): DumpNode {
  const { key, value, dir, ttl } = (node ?? {}) as ShownNode;
  if (typeof key !== 'string' || !key.startsWith('/'))
    throw new DumpError(`${where} has no "key" that begins with "/"`);
  if (dir !== true && typeof value !== 'string') throw new DumpError(`${where}: ${key} has no "value"`);
  if (ttl !== undefined && !(Number.isSafeInteger(ttl) && ttl >= 0))
    throw new DumpError(`${where}: ${key} has a bad "ttl"`);
  return { key, value: dir === true ? undefined : value, ttl };
}

/** A key on each line, a directory with a slash at its end, a value after a tab. */
function readListing(text: string): Dump {
  const all = text.split(/\r?\n/);
  const wrong = all.findIndex((line) => line !== '' && !line.startsWith('/'));
  if (wrong >= 0) throw new DumpError(`line ${wrong + 1}: not a key: ${JSON.stringify(all[wrong]!.slice(0, 60))}`);
  const lines = all.filter((line) => line !== '');
  const nodes = lines.map((line): DumpNode => {
    const [key = '', ...rest] = line.split('\t');
    if (key.endsWith('/')) return { key: key.slice(0, -1), value: undefined, ttl: undefined };
    return { key, value: rest.join('\t'), ttl: undefined };
  });
  const bare = lines.filter((line) => !line.includes('\t') && !line.endsWith('/')).length;
  const warnings =
    bare === 0
      ? []
      : [
          `${counted(bare, 'key')} ${bare === 1 ? 'has no value in the file and is imported with an empty one' : 'have no value in the file and are imported with an empty one'}`,
        ];
  return { nodes: nodes.filter(({ key }) => key !== ''), warnings };
}
