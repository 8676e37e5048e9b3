import { counted } from '../../go/count.ts';
import { BackendError } from '../contract/backend.ts';
import type { HttpAnswer } from '../net/http.ts';
import { parseJson } from '../net/json.ts';
import { errorText } from '../net/error-text.ts';

/** A node of etcd's v2 API. The root has no key; directories have no value. */
export interface EtcdNode {
  readonly key?: string;
  readonly value?: string;
  readonly dir?: boolean;
  /** Each must pass isNode before it is used. */
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

/**
 * Parses the body of an answer; BackendError when it has not this shape. The nodes below the first are checked by
 * isNode.
 */
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
    // The parser's error quotes the text, and with it values: it is not passed on, not even as a cause.
    const facts = `${counted(body.length, 'byte')}${kind === '' ? '' : ` of ${kind}`}`;
    throw new BackendError('protocol', `${node}: the answer is not JSON (${facts})`);
  }
  if (isAnswer(value)) return value;
  throw new BackendError('protocol', `${node}: the answer is not a valid etcd answer`);
}

/** The media type or encoding that a proxy or another program declares; '' when there is none. */
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

/** True for a node whose own fields have the right types. */
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

/** The path of a key (a byte string) in the v2 API; bytes that are not allowed in a path are escaped. */
export function keysPath(key: string): string {
  return `/v2/keys${key.replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

/** The counter of the store when it answered. */
export function indexOf(answer: HttpAnswer): bigint {
  const index = /^\d{1,20}(?!\d)/.exec(answer.headers.get('x-etcd-index') ?? '');
  if (index !== null) return BigInt(index[0]);
  throw new BackendError(
    'protocol',
    `${answer.node}: the HTTP server there is not etcd (no X-Etcd-Index in its answer): check the address`,
  );
}

/** The error in the body of an answer; an empty answer when there is none. BackendError when the body does not end. */
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
