import type { IAuthenticateResponse, IRangeRequest, ITxnRequest, IWatchResponse } from 'etcd3';
import { BackendError } from '../contract/backend.ts';
import type { Pair, TxnAnswer } from './txn.ts';

// A decoded answer has the types of the protocol, but every message in it may be missing, and it need not fit the
// request.

type Partly<T> = { readonly [Name in keyof T]?: T[Name] | null };

/** Throws BackendError unless the answer to a transaction of reads has the requested keys, in order. */
export function checkTxn(node: string, { responses }: TxnAnswer, { success = [] }: ITxnRequest): void {
  const isWhole = responses.length === success.length;
  if (!isWhole || !success.every((op, i) => isRange(responses[i]!.pairs, op))) throw strange(node);
}

function isRange(pairs: readonly Pair[], op: object): boolean {
  const [first, last] = [pairs[0], pairs.at(-1)];
  if (first === undefined || last === undefined) return true;
  const { request_range: asked } = op as { readonly request_range: IRangeRequest };
  const [start, end] = [asked.key!.toString('latin1'), asked.range_end?.toString('latin1')];
  // The first and last key are enough: the next page begins after the last key, so each page makes progress.
  return start <= first.key && first.key <= last.key && (end === undefined ? last.key === start : last.key < end);
}

/** Throws BackendError unless it is a token. */
export function checkToken(node: string, answer: IAuthenticateResponse): void {
  if (typeof (answer as Partly<IAuthenticateResponse>).token !== 'string') throw strange(node);
}

/** Throws BackendError unless every event of a response has a type, a key and a revision. */
export function checkWatch(node: string, response: IWatchResponse): void {
  const { events } = response as Partly<IWatchResponse>;
  const isEvent = (event: Partly<IWatchResponse['events'][number]>) =>
    (event.type === 'Put' || event.type === 'Delete') && isThere(event.kv) && Number(event.kv.mod_revision) > 0;
  if (!isThere(events) || !events.every(isEvent)) throw strange(node);
}

/** Throws BackendError unless there is a header; only the first response of a stream needs one. */
export function checkHeader(node: string, response: IWatchResponse): void {
  if (!isThere((response as Partly<IWatchResponse>).header)) throw strange(node);
}

/** The error for an invalid answer. */
export function strange(node: string): BackendError {
  return new BackendError('protocol', `${node}: the answer is not a valid etcd answer`);
}

function isThere<T>(part: T | null | undefined): part is T {
  return part !== null && part !== undefined;
}
