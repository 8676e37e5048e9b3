import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { maskUserinfo } from '../backend/nodes.ts';
import { FlagError, parseFlags, usageText, type FlagSpec } from '../go/flag.ts';
import { DumpError, printDump, readDump, type DumpNode } from './dump.ts';
import { writeTo } from './output.ts';
import type { Transfer } from './transfers.ts';

const flag = (name: string, usage: string, usual = ''): FlagSpec => ({ name, kind: 'string', default: usual, usage });
const flags: readonly FlagSpec[] = [
  flag('url', '`URL` of any etcd with the v2 API', 'http://127.0.0.1:4001'),
  flag('file', '`file` to write or read; - is the standard output or input', '-'),
  flag('key', 'the `directory` that is exported', '/'),
  flag('ca-file', '`file` of the CA of the server'),
  flag('cert-file', "`file` of this client's certificate"),
  flag('key-file', '`file` of its key'),
];

/** A server that cannot be asked, or that refuses; the message names it. */
class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** Runs `mini-etcd export` or `mini-etcd import`; the exit code. */
export async function transfer(command: Transfer, args: readonly string[]): Promise<number> {
  try {
    const { set, rest } = parseFlags(args, flags);
    if (rest.length > 0) throw new FlagError('invalid', `unexpected argument: ${rest[0]}`);
    const given = new Map(flags.map(({ name, default: usual }) => [name, String(set.get(name) ?? usual)]));
    const server = await Server.open(given);
    const outcome = command === 'export' ? await exportTo(server, given) : await importFrom(server, given);
    writeTo(2, `mini-etcd ${command}: ${outcome}\n`);
    server.close();
    return 0;
  } catch (error) {
    if (error instanceof FlagError && error.code === 'help') {
      writeTo(1, usageText(`mini-etcd ${command}`, [...flags]));
      return 0;
    }
    const isTold = error instanceof FlagError || error instanceof TransferError || error instanceof DumpError;
    if (!isTold && (error as NodeJS.ErrnoException).code === undefined) throw error;
    writeTo(2, `mini-etcd ${command}: ${(error as Error).message}\n`);
    return 1;
  }
}

async function exportTo(server: Server, given: ReadonlyMap<string, string>): Promise<string> {
  const key = given.get('key')!.replace(/\/+$/, '');
  const { status, body } = await server.ask('GET', `${encodeKey(key) || '/'}?recursive=true&quorum=true`);
  if (status !== 200) throw new TransferError(`${server.label} refuses to list ${key || '/'}: ${body.trim()}`);
  const dump = printDump(body);
  const file = given.get('file')!;
  if (file === '-') writeTo(1, dump);
  else await writeFile(file, dump, { mode: 0o600 });
  const lost = body.includes('\ufffd') ? '; some values are not UTF-8, and the v2 API cannot tell their bytes' : '';
  return `${readDump(dump).nodes.length} nodes from ${server.label}; hidden keys (_…) are in no listing${lost}`;
}

async function importFrom(server: Server, given: ReadonlyMap<string, string>): Promise<string> {
  const file = given.get('file')!;
  const { nodes, warnings } = readDump(await readFile(file === '-' ? '/dev/stdin' : file, 'utf8'));
  for (const warning of warnings) writeTo(2, `mini-etcd import: ${warning}\n`);
  let done = 0;
  // One after the other, so that what was created earlier gets the lower index again.
  for (const node of nodes) {
    await put(server, node, done);
    done++;
  }
  return `${done} nodes to ${server.label}`;
}

async function put(server: Server, { key, value, ttl }: DumpNode, done: number): Promise<void> {
  const fields = new URLSearchParams(value === undefined ? { dir: 'true', prevExist: 'false' } : { value });
  // A key that had less than a second left lives for one more.
  if (ttl !== undefined) fields.set('ttl', String(Math.max(1, ttl)));
  const { status, body } = await server.ask('PUT', encodeKey(key), fields.toString());
  if (status < 300) return;
  if (status === 412 && value === undefined) {
    if (ttl === undefined) return; // the directory is there already
    const again = new URLSearchParams({ dir: 'true', prevExist: 'true', ttl: String(Math.max(1, ttl)) });
    if ((await server.ask('PUT', encodeKey(key), again.toString())).status < 300) return;
  }
  throw new TransferError(`${server.label} refuses ${key} after ${done} nodes: ${body.trim()}`);
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One etcd, over one connection. */
class Server {
  /** Its URL as it may be shown. */
  readonly label: string;

  private constructor(
    private readonly url: string,
    private readonly agent: Agent,
    private readonly isTls: boolean,
  ) {
    this.label = maskUserinfo(url);
  }

  static async open(given: ReadonlyMap<string, string>): Promise<Server> {
    const url = given.get('url')!.replace(/\/+$/, '');
    if (!/^https?:\/\/[^/]+$/.test(url))
      throw new FlagError('invalid', `-url ${maskUserinfo(url)}: not http://host:port`);
    if (!url.startsWith('https:')) return new Server(url, new Agent({ keepAlive: true, maxSockets: 1 }), false);
    const tls: Record<string, Buffer> = {};
    for (const [name, option] of Object.entries({ 'ca-file': 'ca', 'cert-file': 'cert', 'key-file': 'key' })) {
      const file = given.get(name)!;
      if (file !== '') tls[option] = await readFile(file);
    }
    return new Server(url, new TlsAgent({ keepAlive: true, maxSockets: 1, ...tls }), true);
  }

  close(): void {
    this.agent.destroy();
  }

  ask(method: string, path: string, form?: string): Promise<Answer> {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.agent };
      const call = (this.isTls ? requestTls : request)(`${this.url}/v2/keys${path}`, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          resolve({ status: answer.statusCode!, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      call.on('error', (cause) => {
        reject(
          new TransferError(`cannot ask ${this.label}: ${cause.message || (cause as NodeJS.ErrnoException).code}`),
        );
      });
      call.end(form);
    });
  }
}
