import { readFile, writeFile } from 'node:fs/promises';
import { wantsTls } from '../../backend/net/tls.ts';
import { FlagError, parseFlags, usageText, type FlagSpec } from '../../go/flag.ts';
import { counted } from '../../go/count.ts';
import { errnoText } from '../../go/os.ts';
import { maskUserinfo, redact } from '../../go/redact.ts';
import { DumpError, printDump, readDump, type Dump, type DumpNode } from './dump.ts';
import { writeTo } from '../process/output.ts';
import { Remote, RemoteError } from './remote.ts';
import type { Transfer } from './transfer-commands.ts';

const flag = (name: string, usage: string, defaults = ''): FlagSpec => ({
  name,
  kind: 'string',
  default: defaults,
  usage,
});
const flags: readonly FlagSpec[] = [
  flag('url', '`URL` of any etcd with the v2 API', 'http://127.0.0.1:4001'),
  flag('file', '`file` to write or read; - is the standard output or input', '-'),
  flag('key', 'the `directory` that is exported', '/'),
  flag('ca-file', '`file` of the CA of the server'),
  flag('cert-file', "`file` of this client's certificate"),
  flag('key-file', '`file` of its key'),
  flag('timeout', 'give up after this many `seconds` without a byte from the server', '30'),
];

/** A file that cannot be read or written, or that is not a dump; the message names it. */
class FileError extends Error {
  override readonly name = 'FileError';
}

/** Runs `mini-etcd export` or `mini-etcd import`; the exit code. */
export async function transfer(command: Transfer, args: readonly string[]): Promise<number> {
  try {
    const { set, rest } = parseFlags(args, flags);
    if (rest.length > 0) throw new FlagError('invalid', `unexpected argument: ${redact(rest[0]!)}`);
    const given = new Map(flags.map(({ name, default: defaults }) => [name, String(set.get(name) ?? defaults)]));
    const server = await openRemote(given);
    try {
      const outcome = command === 'export' ? await exportTo(server, given) : await importFrom(server, given);
      writeTo(2, `mini-etcd ${command}: ${outcome}\n`);
    } finally {
      server.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof FlagError && error.code === 'help') {
      writeTo(1, usageText(`mini-etcd ${command}`, [...flags]));
      return 0;
    }
    const isReported = error instanceof FlagError || error instanceof RemoteError || error instanceof FileError;
    if (!isReported) throw error;
    writeTo(2, `mini-etcd ${command}: ${(error as Error).message}\n`);
    return 1;
  }
}

function openRemote(given: ReadonlyMap<string, string>): Promise<Remote> {
  const url = given.get('url')!;
  const seconds = Number(given.get('timeout'));
  if (!(seconds > 0)) throw new FlagError('invalid', `-timeout: ${given.get('timeout')} is not a number above 0`);
  const [caFile, certFile, keyFile] = ['ca-file', 'cert-file', 'key-file'].map((name) => given.get(name)!);
  if ((certFile === '') !== (keyFile === ''))
    throw new FlagError('invalid', '-cert-file and -key-file must be given together');
  const files = { caFile: caFile!, certFile: certFile!, keyFile: keyFile!, insecure: false };
  if (url.startsWith('http:') && wantsTls(files)) {
    throw new FlagError('invalid', `-url ${maskUserinfo(url)}: certificates need https://`);
  }
  return Remote.open(url, files, seconds * 1000);
}

async function exportTo(server: Remote, given: ReadonlyMap<string, string>): Promise<string> {
  const key = `/${given.get('key')!}`.replace(/^\/+/, '/').replace(/\/+$/, '');
  const answer = await server.ask('GET', `${encodeKey(key) || '/'}?recursive=true&quorum=true`);
  if (answer.status !== 200) throw server.refusal(`to list ${key || '/'}`, answer);
  const { body } = answer;
  const dump = about(`${server.label} is not an etcd with the v2 API`, () => printDump(body));
  const file = given.get('file')!;
  if (file === '-') writeTo(1, dump);
  else await writeFile(file, dump, { mode: 0o600 }).catch(refused(file));
  const lost = body.includes('\ufffd') ? '; some values are not UTF-8, and the v2 API cannot carry their bytes' : '';
  return `${counted(readDump(dump).nodes.length, 'node')} from ${server.label}; hidden keys (_…) are not included${lost}`;
}

/** Adds the source of a dump to its error. */
function about<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DumpError)) throw cause;
    throw new FileError(`${where}: ${cause.message}`, { cause });
  }
}

function refused(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new FileError(`${file}: ${errnoText(cause as NodeJS.ErrnoException)}`, { cause });
  };
}

async function importFrom(server: Remote, given: ReadonlyMap<string, string>): Promise<string> {
  const file = given.get('file')!;
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8').catch(refused(file));
  const { nodes, warnings }: Dump = about(file === '-' ? 'standard input' : file, () => readDump(text));
  for (const warning of warnings) writeTo(2, `mini-etcd import: ${warning}\n`);
  let done = 0;
  // One after the other, so that nodes keep their order of creation.
  for (const node of nodes) {
    await put(server, node, done);
    done++;
  }
  return `${counted(done, 'node')} to ${server.label}`;
}

async function put(server: Remote, { key, value, ttl }: DumpNode, done: number): Promise<void> {
  const fields = new URLSearchParams(value === undefined ? { dir: 'true', prevExist: 'false' } : { value });
  // Less than a second becomes one second.
  if (ttl !== undefined) fields.set('ttl', String(Math.max(1, ttl)));
  const answer = await server.ask('PUT', encodeKey(key), fields.toString());
  const { status } = answer;
  if (status < 300) return;
  if (status === 412 && value === undefined) {
    if (ttl === undefined) return; // the directory exists already
    const again = new URLSearchParams({ dir: 'true', prevExist: 'true', ttl: String(Math.max(1, ttl)) });
    if ((await server.ask('PUT', encodeKey(key), again.toString())).status < 300) return;
  }
  throw server.refusal(`${key} after ${counted(done, 'node')}`, answer);
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
