import { counted } from '../../go/count.ts';
import { BackendError } from '../contract/backend.ts';
import type { HttpAnswer } from '../net/http.ts';
import { parseJson } from '../net/json.ts';
import { errorText } from '../net/error-text.ts';

/** A node as etcd's v2 API writes it. The root has no key; directories have no value. */
export interface EtcdNode {
  readonly key?: string;
  readonly value?: string;
  readonly dir?: boolean;
  /** Each is to be held against isNode before it is used. */
  readonly nodes?: readonly unknown[];
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

/** Reads an answer's body; BackendError when it is not of that shape. The nodes below its node are left to isNode. */
export function parseAnswer(body: string, { node, headers }: Pick<HttpAnswer, 'node' | 'headers'>): EtcdAnswer {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    const kind = kindOf(headers);
    if (kind === 'text/html')
      throw new BackendError(
        'protocol',
        `${node}: the HTTP server there is not etcd (it sent a web page): check the address`,
      );
    // The parser's own error quotes the text, and with it values: it is not passed on, not even as a cause.
    const facts = `${counted(body.length, 'byte')}${kind === '' ? '' : ` of ${kind}`}`;
    throw new BackendError('protocol', `${node}: the answer is not JSON (${facts})`);
  }
  if (isAnswer(value)) return value;
  throw new BackendError('protocol', `${node}: the answer is not a valid etcd answer`);
}

/** What a proxy or another program says that it has sent; '' when that is not clear. */
function kindOf(headers: HttpAnswer['headers']): string {
  const kind = headers.get('content-encoding') ?? headers.get('content-type')?.split(';')[0] ?? '';
  return /^[a-z0-9.+/-]{1,40}$/i.test(kind) ? kind.toLowerCase() : '';
}

function isAnswer(value: unknown): value is EtcdAnswer {
  if (!isRecord(value)) return false;
  const { action, node, errorCode, message, index } = value;
  const isError = isCount(errorCode) && isText(message) && isCount(index);
  return isError && isText(action) && (node === undefined || isNode(node));
}

/** True for a node whose own fields are of the right types. */
export function isNode(value: unknown): value is EtcdNode {
  if (!isRecord(value)) return false;
  const { key, value: text, dir, nodes, modifiedIndex } = value;
  const isNamed = isText(key) && (key === undefined || key.startsWith('/'));
  const isList = nodes === undefined || Array.isArray(nodes);
  return isNamed && isText(text) && (dir === undefined || typeof dir === 'boolean') && isList && isCount(modifiedIndex);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
}

/** Where the v2 API keeps a key (a byte string); every byte that a path could not carry is escaped. */
export function keysPath(key: string): string {
  return `/v2/keys${key.replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

/** The store's counter when it answered. */
export function indexOf(answer: HttpAnswer): bigint {
  const index = /^\d{1,20}(?!\d)/.exec(answer.headers.get('x-etcd-index') ?? '');
  if (index !== null) return BigInt(index[0]);
  throw new BackendError(
    'protocol',
    `${answer.node}: the HTTP server there is not etcd (no X-Etcd-Index in its answer): check the address`,
  );
}

/** The error that an answer's body tells of; an empty answer when it tells of none. BackendError when it does not end. */
export async function errorIn(answer: HttpAnswer): Promise<EtcdAnswer> {
  const body = await answer.body('in time').catch((cause: unknown) => {
    throw new BackendError('unreachable', `${answer.node}: ${errorText(cause as Error)}`, { cause });
  });
  try {
    return parseAnswer(body, answer);
  } catch {
    return {};
  }
}
