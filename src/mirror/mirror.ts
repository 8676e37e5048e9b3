import { type Edit, type Rule, selected, selector, type Snapshot, startOf } from '../backend/contract/backend.ts';
import { SortedKeys } from './keys.ts';
import type { KeyChange, ChangeSet } from './keys.ts';
import { View } from './view.ts';

/**
 * All pairs that the resources want, by the names that the store has, as last heard from the store: the only place where a change is
 * applied. Keeps every view that somebody still holds up to date.
 */
export class Mirror {
  #pairs = new Map<string, string>();
  readonly #keys = new SortedKeys();
  readonly #views = new Map<string, WeakRef<View>>();

  get size(): number {
    return this.#pairs.size;
  }

  /** Takes everything from a fresh read, its map included. */
  replace({ pairs }: Snapshot): void {
    if (this.#pairs.size === 0) {
      this.#fill(pairs);
      return;
    }
    const gone = [...this.#pairs.keys()].filter((key) => !pairs.has(key));
    this.#commit(gone, pairs);
  }

  /** True when keys select something here, and would select nothing if pairs were all there is. */
  wouldLose(keys: readonly string[], rule: Rule, pairs: ReadonlyMap<string, string>): boolean {
    let had = false;
    for (const wanted of keys) {
      for (const key of this.#keys.startingWith(startOf(wanted, rule))) {
        if (!selected(key, wanted, rule)) continue;
        if (pairs.has(key)) return false; // mostly the first one
        had = true;
      }
    }
    if (!had) return false;
    const isSelected = selector(keys, rule);
    for (const key of pairs.keys()) if (isSelected(key)) return false;
    return true;
  }

  /** The first read: a start waits for it. */
  #fill(pairs: Map<string, string>): void {
    this.#pairs = pairs;
    const keys = [...pairs.keys()].sort();
    this.#keys.fill(keys);
    for (const held of this.#views.values()) held.deref()?.fill(keys);
  }

  /** Applies a change's edits in their order; only what differs in the end counts as touched. */
  apply(edits: readonly Edit[]): ChangeSet {
    const gone = new Set<string>();
    const pairs = new Map<string, string>();
    for (const { key, value, alone } of edits) {
      if (value !== null) {
        gone.delete(key);
        pairs.set(key, value);
        continue;
      }
      for (const below of alone === true ? [key] : this.#under(key, pairs)) {
        pairs.delete(below);
        gone.add(below);
      }
    }
    return this.#commit(gone, pairs);
  }

  /** The window of a resource; resources with the same prefix and keys share one. */
  view(prefix: string, keys: readonly string[], rule: Rule): View {
    const wanted = [...new Set(keys)].sort();
    const id = JSON.stringify([rule, prefix, wanted]);
    const known = this.#views.get(id)?.deref();
    if (known !== undefined) return known;
    const view = new View((absolute) => this.#pairs.get(absolute), prefix, wanted, rule);
    view.fill(this.#keys.startingWith(commonStart(wanted.map((key) => startOf(key, rule)).sort())));
    this.#views.set(id, new WeakRef(view));
    return view;
  }

  /** The key and everything below it, here and among the pairs that a change has brought so far. */
  #under(key: string, brought: ReadonlyMap<string, string>): string[] {
    const folder = key === '/' ? key : `${key}/`;
    const fresh = [...brought.keys()].filter((other) => other.startsWith(folder));
    return [key, ...this.#keys.startingWith(folder), ...fresh];
  }

  #commit(gone: Iterable<string>, pairs: ReadonlyMap<string, string>): ChangeSet {
    const changes = new Map<string, KeyChange>();
    for (const key of gone) if (this.#pairs.delete(key)) changes.set(key, 'removed');
    for (const [key, value] of pairs) {
      const before = this.#pairs.get(key);
      if (before === value) continue;
      this.#pairs.set(key, value);
      changes.set(key, before === undefined ? 'added' : 'changed');
    }
    this.#keys.update(changes);
    this.#updateViews(changes);
    return changes;
  }

  #updateViews(changes: ChangeSet): void {
    for (const [id, held] of this.#views) {
      const view = held.deref();
      if (view === undefined) this.#views.delete(id);
      else view.update(changes);
    }
  }
}

/** The text that all of some sorted keys begin with. */
function commonStart(sorted: readonly string[]): string {
  const [first = ''] = sorted;
  const last = sorted.at(-1) ?? '';
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
