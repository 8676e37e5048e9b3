import type { IResponseHeader } from 'etcd3';
import type { Cursor } from '../backend.ts';
import { answered, type GrpcClient } from './grpc.ts';
import { outsideHistory } from './grpcrefusal.ts';
import { bounds } from './ranges.ts';
import type { Pair } from './txn.ts';
import { cluster, term } from './v3cursor.ts';
import { confirms, denies, type Grave, type Seen, type Witness } from './witness.ts';

/** Where the members of a cluster agree that they are, and the pairs of keys there. */
interface Agreement {
  readonly header: IResponseHeader;
  readonly pairs: readonly (Pair | undefined)[];
}

/** Asks where the store is. */
export async function agreed(client: GrpcClient, keys: readonly string[], signal: AbortSignal): Promise<Agreement> {
  const success = keys.map((key) => ({ request_range: bounds({ start: key, end: null }) }));
  const { header, responses } = answered(await client.call('txn', { success }, signal));
  return { header, pairs: responses.map(({ pairs }) => pairs[0]) };
}

/** What a stream's history is held against: where we are, and what was seen there. */
export interface Past {
  readonly cursor: Cursor;
  /** The highest revision that was reached, of any range. */
  readonly newest: bigint;
  /** One that may be read. */
  readonly key: string;
  readonly seen: Seen;
}

/** True when the store that answers with this header has not the history that we know: another one, or one set back. */
export async function isAnother(
  { cursor, newest, key, seen: { witness, grave } }: Past,
  header: IResponseHeader,
  client: GrpcClient,
  signal: AbortSignal,
): Promise<boolean> {
  const isOther = ({ cluster_id, raft_term }: IResponseHeader) =>
    BigInt(cluster_id) !== cursor.get(cluster) || BigInt(raft_term) < (cursor.get(term) ?? 0n);
  if (isOther(header)) return true;
  if (witness === null && grave === null && BigInt(header.revision) >= newest) return false;
  // A member that lags behind the others is behind, too; what they agree on tells the two apart.
  const known = [witness, grave].filter((each) => each !== null);
  const now = await agreed(client, known.length > 0 ? known.map((each) => each.key) : [key], signal);
  if (isOther(now.header) || BigInt(now.header.revision) < newest) return true;
  const pairOf = (each: Grave) => now.pairs[known.indexOf(each)];
  if (grave !== null && denies(grave, pairOf(grave))) return true;
  return witness !== null && !confirms(witness, pairOf(witness)) && !(await isRemembered(witness, client, signal));
}

/** True when the store's history has the write that was seen. */
async function isRemembered(witness: Witness, client: GrpcClient, signal: AbortSignal): Promise<boolean> {
  const request_range = { ...bounds({ start: witness.key, end: null }), revision: witness.revision };
  const asked = await client.call('txn', { success: [{ request_range }] }, signal);
  if ('refusal' in asked.said && outsideHistory(asked.said.refusal)) return false;
  return confirms(witness, answered(asked).responses[0]?.pairs[0]);
}
