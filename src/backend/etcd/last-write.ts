import type { Pair } from './txn.ts';

/**
 * The newest write that was seen. A cluster that was restored from a backup has the same name as before, and soon
 * reaches revisions as high as before; but this write it does not know.
 */
export interface LastWrite {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** The newest removal that was seen: in a cluster restored from a backup of before, the key is there as it ever was. */
export interface Tombstone {
  readonly key: string;
  readonly revision: number;
}

/** What was seen of a store, up to a place in its history. */
export interface LastSeen {
  readonly lastWrite: LastWrite | null;
  readonly tombstone: Tombstone | null;
}

export const unseen: LastSeen = { lastWrite: null, tombstone: null };

/** A pair as a witness. */
export function lastWriteOf({ key, value, modified }: Pair): LastWrite {
  return { key, value, revision: modified };
}

/** The one that was made last. */
export function newer<T extends Tombstone>(known: T | null, other: T): T {
  return known !== null && known.revision >= other.revision ? known : other;
}

/** True when the pair, as a store has it, is what was seen. */
export function confirms({ value, revision }: LastWrite, pair: Pair | undefined): boolean {
  return pair !== undefined && pair.modified === revision && pair.value === value;
}

/** True when the pair, as a store has it, outlived its removal. */
export function denies({ revision }: Tombstone, pair: Pair | undefined): boolean {
  return pair !== undefined && pair.created < revision;
}
