/** A key with its value as etcd's v3 API keeps it; all numbers are revisions. Byte strings. */
export interface Pair {
  readonly key: string;
  readonly value: string;
  readonly created: number;
  readonly modified: number;
  readonly version: number;
  readonly lease: string;
}

/** What happened to a key: its new pair, or only its name and the revision of its removal. */
export interface Happening {
  readonly key: string;
  readonly revision: number;
  readonly pair: Pair | null;
}

/** A write, within a transaction. */
export type Write =
  | { readonly put: { readonly key: string; readonly value: string; readonly lease?: string } }
  | { readonly remove: { readonly key: string; readonly end: string } };

/** The keys of an etcd's v3 API with their history: every write makes a revision. */
export class Revisions {
  revision = 1;
  compacted = 0;
  history: Happening[] = [];
  private pairs = new Map<string, Pair>();
  private sorted: { readonly revision: number; readonly pairs: readonly Pair[] } | null = null;

  /** A copy as it was at a revision, as a backup keeps it: what lies before is forgotten. */
  backup(revision = this.revision): Revisions {
    const copy = new Revisions();
    copy.pairs = new Map(this.at(revision).map((pair) => [pair.key, pair]));
    copy.revision = revision;
    copy.compacted = revision;
    return copy;
  }

  /** All pairs at a revision, in order. */
  at(revision: number): readonly Pair[] {
    if (this.sorted?.revision === revision) return this.sorted.pairs;
    const pairs = new Map(this.pairs);
    // Back through the history: what a key was before is what the newest older happening says.
    for (const { key } of this.history.filter((happening) => happening.revision > revision)) {
      const before = this.history.findLast((other) => other.key === key && other.revision <= revision);
      if (before?.pair) pairs.set(key, before.pair);
      else pairs.delete(key);
    }
    const order = [...pairs.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.sorted = { revision, pairs: order };
    return order;
  }

  /** Applies writes as one revision; what happened. */
  write(writes: readonly Write[]): Happening[] {
    const revision = this.revision + 1;
    const happened = writes.flatMap((write) =>
      'put' in write ? [this.put(write.put, revision)] : this.remove(write.remove, revision),
    );
    if (happened.length === 0) return [];
    this.revision = revision;
    this.history = this.history.concat(happened);
    return happened;
  }

  compact(revision: number): void {
    this.compacted = revision;
  }

  /**
   * What a watch from a revision on is told. As with etcd 3.4, whoever begins at the very revision that was compacted to
   * is not told of its removals: nothing is left of them.
   */
  since(revision: number): Happening[] {
    return this.history.filter(
      (happening) => happening.revision >= revision && (happening.pair !== null || happening.revision > this.compacted),
    );
  }

  /** Keys that a lease holds. */
  heldBy(lease: string): string[] {
    return [...this.pairs.values()].filter((pair) => pair.lease === lease).map(({ key }) => key);
  }

  private put(put: { key: string; value: string; lease?: string }, revision: number): Happening {
    const before = this.pairs.get(put.key);
    const pair: Pair = {
      key: put.key,
      value: put.value,
      created: before?.created ?? revision,
      modified: revision,
      version: (before?.version ?? 0) + 1,
      lease: put.lease ?? '0',
    };
    this.pairs.set(put.key, pair);
    return { key: put.key, revision, pair };
  }

  private remove({ key, end }: { key: string; end: string }, revision: number): Happening[] {
    const gone = [...this.pairs.keys()].filter((name) => inRange(name, key, end)).sort();
    for (const name of gone) this.pairs.delete(name);
    return gone.map((name) => ({ key: name, revision, pair: null }));
  }
}

/** True when etcd's range from key to end ('' for the one key, "\0" for no end) holds the name. */
export function inRange(name: string, key: string, end: string): boolean {
  if (end === '') return name === key;
  return name >= key && (end === '\0' || name < end);
}
