import type { IAuthenticateResponse, IRangeRequest, ITxnRequest, IWatchResponse } from 'etcd3';
import { BackendError } from '../contract/backend.ts';
import type { Pair, TxnAnswer } from './txn.ts';

// What is decoded has the types of the protocol, but every message in it may be missing, and nothing says that it is an
// answer to what was asked.

type Partly<T> = { readonly [Name in keyof T]?: T[Name] | null };

/** Throws BackendError unless a transaction of reads is answered by the keys that each of them asks for, in order. */
export function checkTxn(node: string, { responses }: TxnAnswer, { success = [] }: ITxnRequest): void {
  const isWhole = responses.length === success.length;
  if (!isWhole || !success.every((op, i) => isRange(responses[i]!.pairs, op))) throw strange(node);
}

function isRange(pairs: readonly Pair[], op: object): boolean {
  const [first, last] = [pairs[0], pairs.at(-1)];
  if (first === undefined || last === undefined) return true;
  const { request_range: asked } = op as { readonly request_range: IRangeRequest };
  const [start, end] = [asked.key!.toString('latin1'), asked.range_end?.toString('latin1')];
  // The ends tell enough: whoever reads on from the last key comes further each time.
  return start <= first.key && first.key <= last.key && (end === undefined ? last.key === start : last.key < end);
}

/** Throws BackendError unless it is a token. */
export function checkToken(node: string, answer: IAuthenticateResponse): void {
  if (typeof (answer as Partly<IAuthenticateResponse>).token !== 'string') throw strange(node);
}

/** Throws BackendError unless every event of a watch's response says what happened to which key, and when. */
export function checkWatch(node: string, response: IWatchResponse): void {
  const { events } = response as Partly<IWatchResponse>;
  const isEvent = (event: Partly<IWatchResponse['events'][number]>) =>
    (event.type === 'Put' || event.type === 'Delete') && isThere(event.kv) && Number(event.kv.mod_revision) > 0;
  if (!isThere(events) || !events.every(isEvent)) throw strange(node);
}

/** Throws BackendError unless there is a header, which only the first response of a stream needs. */
export function checkHeader(node: string, response: IWatchResponse): void {
  if (!isThere((response as Partly<IWatchResponse>).header)) throw strange(node);
}

/** The error for an answer that makes no sense. */
export function strange(node: string): BackendError {
  return new BackendError('protocol', `${node}: the answer is not a valid etcd answer`);
}

function isThere<T>(part: T | null | undefined): part is T {
  return part !== null && part !== undefined;
}
