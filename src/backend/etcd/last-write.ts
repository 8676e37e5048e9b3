import type { Pair } from './txn.ts';

/**
 * The newest write that was seen. A cluster that was restored from a backup has the same name as before, and soon has
 * revisions as high as before, but it does not have this write.
 */
export interface LastWrite {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** The newest removal that was seen: in a cluster restored from an older backup, the key still exists. */
export interface Tombstone {
  readonly key: string;
  readonly revision: number;
}

/** What was seen of a store up to a cursor. */
export interface LastSeen {
  readonly lastWrite: LastWrite | null;
  readonly tombstone: Tombstone | null;
}

export const unseen: LastSeen = { lastWrite: null, tombstone: null };

/** The last write of a pair. */
export function lastWriteOf({ key, value, modified }: Pair): LastWrite {
  return { key, value, revision: modified };
}

/** The later one of two. */
export function newer<T extends Tombstone>(known: T | null, other: T): T {
  return known !== null && known.revision >= other.revision ? known : other;
}

/** True when the store still has the pair as it was seen. */
export function confirms({ value, revision }: LastWrite, pair: Pair | undefined): boolean {
  return pair !== undefined && pair.modified === revision && pair.value === value;
}

/** True when the store has the pair in spite of its removal. */
export function denies({ revision }: Tombstone, pair: Pair | undefined): boolean {
  return pair !== undefined && pair.created < revision;
}
