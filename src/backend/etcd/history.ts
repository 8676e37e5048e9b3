import type { IResponseHeader } from 'etcd3';
import type { Cursor } from '../contract/backend.ts';
import { answered, type GrpcClient } from './grpc.ts';
import { outsideHistory } from './grpc-error.ts';
import { bounds } from './ranges.ts';
import type { Pair } from './txn.ts';
import { cluster, term } from './v3-cursor.ts';
import { confirms, denies, type Tombstone, type LastSeen, type LastWrite } from './last-write.ts';

/** The revision that a quorum of the cluster has reached, and pairs of keys at it. */
interface Agreement {
  readonly header: IResponseHeader;
  readonly pairs: readonly (Pair | undefined)[];
}

/** Reads the revision of a quorum. */
async function readAgreement(client: GrpcClient, keys: readonly string[], signal: AbortSignal): Promise<Agreement> {
  const success = keys.map((key) => ({ request_range: bounds({ start: key, end: null }) }));
  const { header, responses } = answered(await client.call('txn', { success }, signal));
  return { header, pairs: responses.map(({ pairs }) => pairs[0]) };
}

/** What a stream's history is compared with. */
export interface KnownHistory {
  readonly cursor: Cursor;
  /** The highest revision that was reached, in any range. */
  readonly newest: bigint;
  /** A key that may be read. */
  readonly key: string;
  readonly seen: LastSeen;
}

/**
 * True when the answering store does not have the known history: it is another store, or was restored to an earlier
 * state.
 */
export async function isAnother(
  { cursor, newest, key, seen: { lastWrite, tombstone } }: KnownHistory,
  header: IResponseHeader,
  client: GrpcClient,
  signal: AbortSignal,
): Promise<boolean> {
  const isOther = ({ cluster_id, raft_term }: IResponseHeader) =>
    BigInt(cluster_id) !== cursor.get(cluster) || BigInt(raft_term) < (cursor.get(term) ?? 0n);
  if (isOther(header)) return true;
  if (lastWrite === null && tombstone === null && BigInt(header.revision) >= newest) return false;
  // A member that lags behind has a lower revision, too: a quorum read tells the two cases apart.
  const known = [lastWrite, tombstone].filter((each) => each !== null);
  const now = await readAgreement(client, known.length > 0 ? known.map((each) => each.key) : [key], signal);
  if (isOther(now.header) || BigInt(now.header.revision) < newest) return true;
  const pairOf = (each: Tombstone) => now.pairs[known.indexOf(each)];
  if (tombstone !== null && denies(tombstone, pairOf(tombstone))) return true;
  return (
    lastWrite !== null && !confirms(lastWrite, pairOf(lastWrite)) && !(await isRemembered(lastWrite, client, signal))
  );
}

/** True when the store's history has the known write. */
async function isRemembered(lastWrite: LastWrite, client: GrpcClient, signal: AbortSignal): Promise<boolean> {
  const request_range = { ...bounds({ start: lastWrite.key, end: null }), revision: lastWrite.revision };
  const response = await client.call('txn', { success: [{ request_range }] }, signal);
  if ('refusal' in response.result && outsideHistory(response.result.refusal)) return false;
  return confirms(lastWrite, answered(response).responses[0]?.pairs[0]);
}
