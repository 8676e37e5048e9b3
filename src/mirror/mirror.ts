import {
  type Edit,
  type Replace,
  type Rule,
  selected,
  selector,
  type Snapshot,
  startOf,
} from '../backend/contract/backend.ts';
import { SortedKeys } from './keys.ts';
import type { KeyChange, ChangeSet } from './keys.ts';
import { View } from './view.ts';

/** The result of a read: everything, or everything that one root selects. */
export type ReadPairs = Pick<Snapshot, 'pairs'> | Pick<Replace, 'root' | 'pairs'>;

/** The new content of a root. */
export interface Replacement extends Pick<Replace, 'root' | 'pairs'> {
  readonly rule: Rule;
}

/**
 * All pairs that the resources select, by the names of the store, as of the last read and the changes after it. The
 * only place where changes are applied; it keeps all views up to date.
 */
export class Mirror {
  #pairs = new Map<string, string>();
  readonly #keys = new SortedKeys();
  readonly #views = new Map<string, WeakRef<View>>();

  get size(): number {
    return this.#pairs.size;
  }

  /** Replaces everything by the result of a read; the mirror owns the map from now on. */
  replace({ pairs }: Pick<Snapshot, 'pairs'>): void {
    if (this.#pairs.size === 0) {
      this.#fill(pairs);
      return;
    }
    const gone = [...this.#pairs.keys()].filter((key) => !pairs.has(key));
    this.#commit(gone, pairs);
  }

  /** True when keys select something now, and would select nothing after the read. */
  wouldLose(keys: readonly string[], rule: Rule, read: ReadPairs): boolean {
    const { pairs } = read;
    const isKept = (key: string) => 'root' in read && !selected(key, read.root, rule);
    let had = false;
    for (const wanted of keys) {
      for (const key of this.#keys.startingWith(startOf(wanted, rule))) {
        if (!selected(key, wanted, rule)) continue;
        if (pairs.has(key) || isKept(key)) return false; // usually the first one
        had = true;
      }
    }
    if (!had) return false;
    const isSelected = selector(keys, rule);
    for (const key of pairs.keys()) if (isSelected(key)) return false;
    return true;
  }

  /** The first read, which a start waits for. */
  #fill(pairs: Map<string, string>): void {
    this.#pairs = pairs;
    const keys = [...pairs.keys()].sort();
    this.#keys.fill(keys);
    for (const held of this.#views.values()) held.deref()?.fill(keys);
  }

  /** Applies changes in order; returns only the keys with another value in the end. */
  apply(changes: readonly (Edit | Replacement)[]): ChangeSet {
    const gone = new Set<string>();
    const pairs = new Map<string, string>();
    const remove = (keys: Iterable<string>) => {
      for (const key of keys) {
        pairs.delete(key);
        gone.add(key);
      }
    };
    const put = (key: string, value: string) => {
      gone.delete(key);
      pairs.set(key, value);
    };
    for (const change of changes) {
      if ('root' in change) {
        remove(this.#selectedBy(change, pairs));
        for (const [key, value] of change.pairs) put(key, value);
      } else if (change.value !== null) put(change.key, change.value);
      else remove(change.alone === true ? [change.key] : this.#under(change.key, pairs));
    }
    return this.#commit(gone, pairs);
  }

  /** The view of a resource; resources with the same prefix and keys share one. */
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

  /** The key and everything below it, in the mirror and among the pairs that the change has added so far. */
  #under(key: string, brought: ReadonlyMap<string, string>): string[] {
    const folder = key === '/' ? key : `${key}/`;
    const fresh = [...brought.keys()].filter((other) => other.startsWith(folder));
    return [key, ...this.#keys.startingWith(folder), ...fresh];
  }

  /** What the root selects in the mirror, and among the pairs that the change has added so far. */
  #selectedBy({ root, rule }: Replacement, brought: ReadonlyMap<string, string>): string[] {
    const keys = [...this.#keys.startingWith(startOf(root, rule)), ...brought.keys()];
    return keys.filter((key) => selected(key, root, rule));
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

/** The common beginning of sorted keys. */
function commonStart(sorted: readonly string[]): string {
  const [first = ''] = sorted;
  const last = sorted.at(-1) ?? '';
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
