import type { IKeyValue } from 'etcd3';

/**
 * The newest write that was seen. A cluster that was restored from a backup has the same name as before, and soon
 * reaches revisions as high as before; but this write it does not know.
 */
export interface Witness {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** A pair as a witness; byte strings. */
export function witnessOf({ key, value, mod_revision }: IKeyValue): Witness {
  return { key: key.toString('latin1'), value: value.toString('latin1'), revision: Number(mod_revision) };
}

/** The one that was written last. */
export function newer(known: Witness | null, other: Witness): Witness {
  return known !== null && known.revision >= other.revision ? known : other;
}

/** True when the pair, as a store has it, is what was seen. */
export function confirms({ value, revision }: Witness, pair: IKeyValue | undefined): boolean {
  return pair !== undefined && Number(pair.mod_revision) === revision && pair.value.toString('latin1') === value;
}
