import { BackendError } from '../backend.ts';
import type { Answer } from '../http.ts';
import { parseJson } from '../json.ts';

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
export function parseAnswer(body: string, { node, headers }: Pick<Answer, 'node' | 'headers'>): EtcdAnswer {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    // The parser's own error quotes the text, and with it values: it is not passed on, not even as a cause.
    throw new BackendError('protocol', `${node}: the answer is not JSON (${body.length} bytes${kindOf(headers)})`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new BackendError('protocol', `${node}: the answer is not what an etcd says`);
}

/** What a proxy or another program says that it has sent. */
function kindOf(headers: Answer['headers']): string {
  const kind = headers.get('content-encoding') ?? headers.get('content-type')?.split(';')[0] ?? '';
  return /^[a-z0-9.+/-]{1,40}$/i.test(kind) ? ` of ${kind}` : '';
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

/** The error that an answer's body tells of; an empty answer when it tells of none. */
export async function errorIn(answer: Answer): Promise<EtcdAnswer> {
  const body = await answer.body();
  try {
    return parseAnswer(body, answer);
  } catch {
    return {};
  }
}
