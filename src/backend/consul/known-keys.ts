/** The keys that were told, in order, each with the index of its last change. */
export class KnownKeys {
  private names: string[];
  private readonly indexes: Map<string, number>;

  constructor(entries: Iterable<readonly [string, { readonly index: number }]>) {
    this.indexes = new Map([...entries].map(([key, { index }]) => [key, index]));
    this.names = [...this.indexes.keys()].sort();
  }

  indexOf(key: string): number | undefined {
    return this.indexes.get(key);
  }

  /** The keys that begin with prefix. */
  below(prefix: string): readonly string[] {
    const from = this.placeOf(prefix);
    let to = from;
    while (to < this.names.length && this.names[to]!.startsWith(prefix)) to++;
    return this.names.slice(from, to);
  }

  /** Whether no more than `most` keys begin with prefix. */
  areFew(prefix: string, most: number): boolean {
    return this.names[this.placeOf(prefix) + most]?.startsWith(prefix) !== true;
  }

  /** The index of the newest of the keys that begin with prefix, 0 for none. */
  newest(prefix: string): number {
    let newest = 0;
    for (let at = this.placeOf(prefix); this.names[at]?.startsWith(prefix) === true; at++) {
      newest = Math.max(newest, this.indexes.get(this.names[at]!)!);
    }
    return newest;
  }

  /** Takes over what changed; null for a key that is gone. */
  update(changes: ReadonlyMap<string, { readonly index: number } | null>): void {
    let isOther = false;
    for (const [key, entry] of changes) {
      if (entry === null) isOther = this.indexes.delete(key) || isOther;
      else {
        isOther ||= !this.indexes.has(key);
        this.indexes.set(key, entry.index);
      }
    }
    if (isOther) this.names = [...this.indexes.keys()].sort();
  }

  /** The first place whose name is not before `text`. */
  private placeOf(text: string): number {
    let [low, high] = [0, this.names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.names[middle]! < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
