import { counted } from '../../go/count.ts';
import { BackendError } from '../contract/backend.ts';
import { oneLine } from '../net/error-text.ts';
import type { HttpAnswer } from '../net/http.ts';
import { parseJson } from '../net/json.ts';

/** A key's value, and the index of its last change. */
export interface Entry {
  readonly value: string;
  readonly index: number;
}

/** The index that consul gives an answer: that of the last change of what was asked for. */
export function indexOf({ headers, node }: HttpAnswer): number {
  const index = /^\d{1,15}$/.exec(headers.get('x-consul-index') ?? '');
  if (index !== null) return Number(index[0]);
  throw new BackendError(
    'protocol',
    `${node}: the HTTP server there is not consul (no X-Consul-Index in its answer): check the address`,
  );
}

/** The error that an answer other than 200 and 404 tells of. */
export async function refusalOf(answer: HttpAnswer): Promise<BackendError> {
  const { node, status } = answer;
  const body = await answer.body('in time');
  const isText = /^text\/plain\b/.test(answer.headers.get('content-type') ?? '');
  const words = isText && body.trim() !== '' ? `: ${oneLine(body.trim())}` : '';
  if (status === 401 || status === 403) {
    return new BackendError('denied', `${node}: access denied (${status}), check the token${words}`);
  }
  if (status === 429)
    return new BackendError('unreachable', `${node}: it accepts no more requests at the moment (429)${words}`);
  return new BackendError('protocol', `${node}: answered ${status}${words}`);
}

/** The entries that an answer lists, by key, all of which begin with prefix. */
export async function entriesIn(answer: HttpAnswer, prefix: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (const item of await listIn(answer)) {
    if (!isEntry(item)) throw strange(answer);
    if (!item.Key.startsWith(prefix))
      throw new BackendError('protocol', `${answer.node}: the answer is for another key`);
    const value = item.Value === null ? '' : Buffer.from(item.Value, 'base64').toString('latin1');
    entries.set(item.Key, { value, index: item.ModifyIndex });
  }
  return entries;
}

/** The names that an answer lists, all of which begin with prefix. */
export async function namesIn(answer: HttpAnswer, prefix: string): Promise<readonly string[]> {
  const names = await listIn(answer);
  return names.map((name) => {
    if (typeof name !== 'string') throw strange(answer);
    if (!name.startsWith(prefix)) throw new BackendError('protocol', `${answer.node}: the answer is for another key`);
    return name;
  });
}

async function listIn(answer: HttpAnswer): Promise<readonly unknown[]> {
  const body = await answer.body('in time');
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    // The parser's own error quotes the text, and with it values: it is not passed on, not even as a cause.
    throw new BackendError('protocol', `${answer.node}: the answer is not JSON (${counted(body.length, 'byte')})`);
  }
  if (Array.isArray(value)) return value as unknown[];
  throw strange(answer);
}

function strange({ node }: HttpAnswer): BackendError {
  return new BackendError('protocol', `${node}: the answer is not a valid consul answer`);
}

interface RawEntry {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
}

function isEntry(value: unknown): value is RawEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { Key, Value, ModifyIndex } = value as Partial<Record<keyof RawEntry, unknown>>;
  return typeof Key === 'string' && (Value === null || isBase64(Value)) && Number.isSafeInteger(ModifyIndex);
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}
