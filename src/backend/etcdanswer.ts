import { BackendError } from './backend.ts';
import type { Answer, HttpClient } from './http.ts';
import { parseJson } from './json.ts';

/** A node as etcd's v2 API writes it. The root has no key; directories have no value. */
export interface EtcdNode {
  readonly key?: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly nodes?: readonly EtcdNode[];
  readonly modifiedIndex?: number;
}

/** An answer of the v2 API: an event (node), or an error (errorCode). */
export interface EtcdAnswer {
  readonly action?: string;
  readonly node?: EtcdNode;
  readonly errorCode?: number;
  readonly message?: string;
  readonly index?: number;
}

/** Reads an answer's body; BackendError when it is not a JSON object. */
export function parseAnswer(body: string, node: string): EtcdAnswer {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    // The parser's own error quotes the text, and with it values: it is not passed on, not even as a cause.
    throw new BackendError('protocol', `${node}: the answer is not JSON (${body.length} bytes)`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new BackendError('protocol', `${node}: the answer is not what an etcd says`);
}

/** Where the v2 API keeps a key (a byte string); every byte that a path could not carry is escaped. */
export function keysPath(key: string): string {
  return `/v2/keys${key.replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

/** The store's counter when it answered. */
export function indexOf(answer: Answer): bigint {
  const index = /^\d+/.exec(answer.headers.get('x-etcd-index') ?? '');
  if (index !== null) return BigInt(index[0]);
  throw new BackendError('protocol', `${answer.node}: the answer has no X-Etcd-Index`);
}

/** An answer other than 200: etcd's error code (0 when etcd did not write it), and the error to throw for it. */
export interface Refusal {
  readonly code: number;
  readonly index: bigint;
  readonly error: BackendError;
}

/** Explains an answer other than 200. */
export async function refusalOf(answer: Answer, http: HttpClient, signal: AbortSignal): Promise<Refusal> {
  const said = await errorIn(answer);
  const code = said.errorCode ?? 0;
  const index = answer.headers.has('x-etcd-index') ? indexOf(answer) : BigInt(said.index ?? 0);
  if (code === 110 || answer.status === 401 || (answer.status === 403 && code === 0)) {
    const message = `${answer.node}: access denied (${answer.status}); are user name and password right?`;
    return { code, index, error: new BackendError('denied', message) };
  }
  if (code !== 0) {
    return {
      code,
      index,
      error: new BackendError('protocol', `${answer.node}: ${code}: ${said.message ?? 'no message'}`),
    };
  }
  if (answer.status === 404 && !(await speaksV2(http, signal))) {
    const message = `${answer.node}: this etcd has no v2 API (etcd 3 offers it with --enable-v2), and the v3 API is not supported yet`;
    return { code, index, error: new BackendError('protocol', message) };
  }
  const message = `${answer.node}: answered ${answer.status}, which is not what an etcd says`;
  return { code, index, error: new BackendError('protocol', message) };
}

/** False when the node is an etcd that does not offer the v2 API: it has a version, but no keys. */
async function speaksV2(http: HttpClient, signal: AbortSignal): Promise<boolean> {
  const keys = await http.get('/v2/keys/', signal);
  if (keys.status !== 404) return true;
  if ((await errorIn(keys)).errorCode !== undefined) return true;
  const version = await http.get('/version', signal);
  return version.status !== 200;
}

async function errorIn(answer: Answer): Promise<EtcdAnswer> {
  const body = await answer.body();
  try {
    return parseAnswer(body, answer.node);
  } catch {
    return {};
  }
}
