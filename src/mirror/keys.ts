/** What happened to a key; a key whose value is the same as before is not touched. */
export type KeyChange = 'added' | 'changed' | 'removed';

/** The keys that one change of the store really touched. */
export type ChangeSet = ReadonlyMap<string, KeyChange>;

/** More keys than this at once are quicker to place by sorting anew than one at a time. */
const maxSingleMoves = 64;

/** Distinct byte-string keys in byte order, kept so while keys come and go. */
export class SortedKeys {
  #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  has(key: string): boolean {
    return this.#keys[this.#position(key)] === key;
  }

  /** Replaces all keys by distinct ones that are in order. */
  fill(keys: string[]): void {
    this.#keys = keys;
  }

  /** Takes in what was added and drops what was removed; touched must be true of the keys held so far. */
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
    // '\u0100' is above every byte, so this is the end of the run of keys that begin with text.
    return this.#keys.slice(this.#position(text), this.#position(`${text}\u0100`));
  }

  #position(key: string): number {
    return positionOf(key, this.#keys.length, (i) => this.#keys[i]!);
  }
}

/** Where key is, or would be, among length keys in order. */
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
