/** What happened to a key; a key with the same value as before is not in a change set. */
export type KeyChange = 'added' | 'changed' | 'removed';

/** The keys that really have another value after a change of the store. */
export type ChangeSet = ReadonlyMap<string, KeyChange>;

/** Above this number of changed keys, sorting all keys again is faster than inserting one by one. */
const maxSingleMoves = 64;

/** Distinct byte-string keys, always in byte order. */
export class SortedKeys {
  #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  has(key: string): boolean {
    return this.#keys[this.#position(key)] === key;
  }

  /** Replaces all keys by distinct ones that are sorted. */
  fill(keys: string[]): void {
    this.#keys = keys;
  }

  /** Inserts the added keys and removes the removed ones; the changes must fit the current keys. */
  update(changes: ChangeSet): void {
    const added: string[] = [];
    const gone = new Set<string>();
    for (const [key, touch] of changes) {
      if (touch === 'added') added.push(key);
      else if (touch === 'removed') gone.add(key);
    }
    if (added.length + gone.size > maxSingleMoves) {
      const kept = gone.size === 0 ? this.#keys : this.#keys.filter((key) => !gone.has(key));
      this.#keys = kept.concat(added).sort();
      return;
    }
    for (const key of gone) this.#keys.splice(this.#position(key), 1);
    for (const key of added) this.#keys.splice(this.#position(key), 0, key);
  }

  /** The keys that begin with text, in order. */
  startingWith(text: string): string[] {
    // '\u0100' is above every byte: the end of the keys that begin with text.
    return this.#keys.slice(this.#position(text), this.#position(`${text}\u0100`));
  }

  #position(key: string): number {
    return positionOf(key, this.#keys.length, (i) => this.#keys[i]!);
  }
}

/** The index of key, or where it would be inserted, among `length` sorted keys. */
export function positionOf(key: string, length: number, at: (index: number) => string): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
