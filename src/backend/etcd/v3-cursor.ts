import type { IResponseHeader } from 'etcd3';
import type { Cursor } from '../contract/backend.ts';
import type { Range } from './ranges.ts';

/** The cursor entry for the id of the cluster: another cluster has another history. */
export const cluster = '#cluster';

/** The cursor entry for the term of the cluster's leader, which only grows within one history. */
export const term = '#term';

/** The cursor entry of a range. */
export function placeOf({ start }: Range): string {
  return `#${start}`;
}

/** The cursor of a read: every range is at the same revision. */
export function cursorAt(ranges: readonly Range[], header: IResponseHeader): Map<string, bigint> {
  const cursor = new Map(ranges.map((range) => [placeOf(range), BigInt(header.revision)]));
  return cursor.set(cluster, BigInt(header.cluster_id)).set(term, BigInt(header.raft_term));
}

/** True for a cursor that comes from the v3 API. */
export function isOfV3(cursor: Cursor): boolean {
  return cursor.has(cluster);
}
