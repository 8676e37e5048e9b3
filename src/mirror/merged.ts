import type { KeyChange, ChangeSet } from './keys.ts';
import type { KVPair } from './pair.ts';
import type { KeyView, View } from './view.ts';

/** Several views as one; if several have the same key, the first view wins. */
export class MergedView implements KeyView {
  readonly #views: readonly View[];

  constructor(views: readonly View[]) {
    this.#views = views;
  }

  get views(): readonly View[] {
    return this.#views;
  }

  get size(): number {
    return [...this.keys()].length;
  }

  exists(key: string): boolean {
    return this.#views.some((view) => view.exists(key));
  }

  keys(): Iterable<string> {
    return this.#merge((view) => [...view.keys()], itself);
  }

  value(key: string): string | undefined {
    for (const view of this.#views) {
      const value = view.value(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  get(key: string): KVPair | undefined {
    for (const view of this.#views) {
      const pair = view.get(key);
      if (pair !== undefined) return pair;
    }
    return undefined;
  }

  /** Like a view; throws GoError for a bad pattern as soon as there is any key. */
  gets(pattern: string): KVPair[] {
    return this.#merge(
      (view) => view.gets(pattern),
      (pair) => pair.key,
    );
  }

  getvs(pattern: string): string[] {
    return this.gets(pattern)
      .map((pair) => pair.value)
      .sort();
  }

  ls(path: string): string[] {
    return this.#merge((view) => view.ls(path), itself);
  }

  lsdir(path: string): string[] {
    return this.#merge((view) => view.lsdir(path), itself);
  }

  /** The changes that are visible here: none where an earlier view has the key. */
  changesIn(changesIn: ChangeSet): ChangeSet {
    const own = new Map<string, KeyChange>();
    for (const [i, view] of this.#views.entries()) {
      for (const [key, touch] of view.changesIn(changesIn)) {
        if (this.#views.slice(0, i).some((earlier) => earlier.exists(key))) continue;
        // A key that a later view had before, and has now, is neither added nor removed.
        const stays = this.#views
          .slice(i + 1)
          .some((later) => later.exists(key) && later.changesIn(changesIn).get(key) !== 'added');
        if (!own.has(key) || own.get(key) === 'changed') own.set(key, stays ? 'changed' : touch);
      }
    }
    return own;
  }

  /** The keys that a later view has, too. */
  collisions(): string[] {
    const met = new Set<string>();
    for (const [i, view] of this.#views.entries()) {
      const earlier = this.#views.slice(0, i);
      if (i > 0) for (const key of view.keys()) if (earlier.some((other) => other.exists(key))) met.add(key);
    }
    return [...met].sort();
  }

  #merge<T>(listOf: (view: View) => T[], nameOf: (item: T) => string): T[] {
    return this.#views.map(listOf).reduce((first, second) => mergeSorted(first, second, nameOf));
  }
}

const itself = (name: string): string => name;

/** Merges two lists in the order of their names; for equal names, the item of the first list is kept. */
function mergeSorted<T>(first: readonly T[], second: readonly T[], nameOf: (item: T) => string): T[] {
  const all: T[] = [];
  let next = 0;
  for (const item of first) {
    const name = nameOf(item);
    while (next < second.length && nameOf(second[next]!) < name) all.push(second[next++]!);
    if (next < second.length && nameOf(second[next]!) === name) next++;
    all.push(item);
  }
  while (next < second.length) all.push(second[next++]!);
  return all;
}
