import { isPlain, keyOf, type Rule, selector } from '../backend/contract/backend.ts';
import { spend } from '../go/budget.ts';
import { base, clean, isClean, join, literalPrefix, match, matcher } from '../go/path.ts';
import { sortStrings } from '../go/sort.ts';
import { positionOf, SortedKeys } from './keys.ts';
import type { KeyChange, ChangeSet } from './keys.ts';
import { KVPair } from './pair.ts';

const noChanges: ChangeSet = new Map();

/** What a template can look up; lists are new arrays, which the caller may sort. */
export interface KeyView {
  /** How many keys there are. */
  readonly size: number;
  /** All keys, in order. */
  keys(): Iterable<string>;
  /** True for an exact key, never for a directory. */
  exists(key: string): boolean;
  get(key: string): KVPair | undefined;
  /** The value of an exact key; undefined when there is none. */
  value(key: string): string | undefined;
  /** The pairs whose keys match pattern, by key. Throws GoError for a bad pattern, unless there is no key at all. */
  gets(pattern: string): KVPair[];
  /** The values of the keys that match pattern, sorted by value. Throws as gets does. */
  getvs(pattern: string): string[];
  /** The names directly below path, sorted; the last name of path itself when it is a key. */
  ls(path: string): string[];
  /** The names directly below path that have something below them, sorted. */
  lsdir(path: string): string[];
  /** The changes of the mirror that are visible here; none for a change from before this view. */
  changesIn(changesIn: ChangeSet): ChangeSet;
}

/** A key that several names of the store stand for. */
export interface Shared {
  readonly key: string;
  /** In byte order. */
  readonly names: readonly string[];
  /** The name whose value the key has. */
  readonly chosen: string;
}

/**
 * The pairs of the mirror that the keys of a resource select, without the prefix and cleaned, as confd names them.
 * Lookups behave like confd's in-memory store.
 */
export class View implements KeyView {
  readonly #lookup: (absolute: string) => string | undefined;
  readonly #prefix: string;
  readonly #rule: Rule;
  /** True when a clean name of the store is the key itself. */
  readonly #isWhole: boolean;
  readonly #selects: (absolute: string) => boolean;
  readonly #keys = new SortedKeys();
  /**
   * The names in the store for each key, in byte order. In a whole view, only when they are not just the key itself.
   */
  readonly #origins = new Map<string, readonly string[]>();
  /** The keys with several names. */
  readonly #shared = new Set<string>();
  readonly #touched = new WeakMap<ChangeSet, ChangeSet>();
  /** Cached lists by pattern; a change removes those that are wrong. */
  readonly #pairLists = new Map<string, KVPair[]>();
  readonly #valueLists = new Map<string, readonly string[]>();
  /** By "ls <path>" and "lsdir <path>". */
  readonly #nameLists = new Map<string, readonly string[]>();

  /**
   * Created by the mirror only, which reports every change to it; `lookup` gives values by name; prefix is raw text.
   */
  constructor(lookup: (absolute: string) => string | undefined, prefix: string, keys: readonly string[], rule: Rule) {
    this.#lookup = lookup;
    this.#prefix = prefix;
    this.#rule = rule;
    this.#isWhole = prefix === '/' && rule !== 'variable';
    this.#selects = selector(keys, rule);
  }

  /**
   * The keys with several names in the store: Go's confd takes the value of any of them, a different one at each read.
   */
  shared(): Shared[] {
    return [...this.#shared]
      .sort()
      .map((key) => ({ key, names: this.#origins.get(key)!, chosen: this.#originOf(key)! }));
  }

  /** How keys select names of the store. */
  get rule(): Rule {
    return this.#rule;
  }

  /** Applies a change that the mirror has applied already. */
  update(changesIn: ChangeSet): void {
    const mine = new Map([...changesIn].filter(([absolute]) => this.#selects(absolute)));
    if (mine.size === 0) return;
    const own = this.#isOwn(mine.keys()) ? mine : this.#rename(mine);
    this.#keys.update(own);
    this.#refresh(own);
    this.#touched.set(changesIn, own);
  }

  /** Most changes are new values of existing keys: then listings are still right, and lists of pairs get new pairs. */
  #refresh(own: ChangeSet): void {
    this.#valueLists.clear();
    if ([...own.values()].some((touch) => touch !== 'changed')) {
      this.#nameLists.clear();
      this.#pairLists.clear();
      return;
    }
    for (const pairs of this.#pairLists.values()) {
      for (const key of own.keys()) {
        const at = positionOf(key, pairs.length, (i) => pairs[i]!.key);
        if (pairs[at]?.key === key) pairs[at] = this.#pair(key);
      }
    }
  }

  /** Fills a new view with the content of the mirror; absolute keys, in order. */
  fill(absolutes: readonly string[]): void {
    const mine = absolutes.filter(this.#selects);
    if (this.#isOwn(mine)) this.#keys.fill(mine);
    else this.#keys.update(this.#rename(new Map(mine.map((absolute) => [absolute, 'added']))));
    for (const lists of [this.#pairLists, this.#valueLists, this.#nameLists]) lists.clear();
  }

  changesIn(changesIn: ChangeSet): ChangeSet {
    return this.#touched.get(changesIn) ?? noChanges;
  }

  get size(): number {
    return this.#keys.size;
  }

  exists(key: string): boolean {
    return this.value(key) !== undefined;
  }

  keys(): Iterable<string> {
    return this.#keys.startingWith('');
  }

  get(key: string): KVPair | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : new KVPair(key, value);
  }

  value(key: string): string | undefined {
    if (!this.#isWhole || this.#origins.size > 0) {
      const name = this.#originOf(key);
      return name === undefined ? undefined : this.#lookup(name);
    }
    const value = this.#lookup(key);
    // `lookup` finds all names, those of other resources, too; an origin always belongs to this view.
    return value === undefined || this.#selects(key) ? value : undefined;
  }

  /** The name in the store whose value a key has. */
  #originOf(key: string): string | undefined {
    const names = this.#origins.get(key);
    if (names?.length === 1) return names[0];
    if (names !== undefined) return names.findLast((name) => isPlain(name, this.#rule)) ?? names.at(-1);
    return this.#isWhole && this.#lookup(key) !== undefined && this.#selects(key) && isClean(key) ? key : undefined;
  }

  /** True when all names are the keys themselves, before and after the change. */
  #isOwn(names: Iterable<string>): boolean {
    if (!this.#isWhole || this.#origins.size > 0) return false;
    for (const name of names) if (!isClean(name)) return false;
    return true;
  }

  gets(pattern: string): KVPair[] {
    return this.#matching(pattern).slice();
  }

  getvs(pattern: string): string[] {
    const values = () => sortStrings(this.#matching(pattern).map((pair) => pair.value));
    return remembered(this.#valueLists, pattern, values).slice();
  }

  ls(path: string): string[] {
    return remembered(this.#nameLists, `ls ${path}`, () => this.#names(path, listing(path))).slice();
  }

  lsdir(path: string): string[] {
    return remembered(this.#nameLists, `lsdir ${path}`, () => this.#names(path, folderListing(path))).slice();
  }

  /** The key of a name of the store: without the prefix, as plain text, then cleaned. */
  #keyOf(name: string): string {
    const absolute = keyOf(name, this.#rule);
    const rest = absolute.startsWith(this.#prefix) ? absolute.slice(this.#prefix.length) : absolute;
    return isClean(rest) ? rest : join('/', rest);
  }

  /** The pair of an existing key. */
  #pair(key: string): KVPair {
    return new KVPair(key, this.value(key)!);
  }

  /** The changes of names, as changes of the keys of this view. */
  #rename(changesIn: ChangeSet): ChangeSet {
    const before = new Map<string, string | undefined>();
    for (const [name, touch] of changesIn) {
      const key = this.#keyOf(name);
      if (!before.has(key)) before.set(key, this.#originBefore(key));
      if (touch !== 'changed') this.#trace(key, name, touch);
    }
    const own = new Map<string, KeyChange>();
    for (const [key, was] of before) {
      const is = this.#originOf(key);
      // A name whose value the key does not have may come and go.
      if (is === was && (is === undefined || !changesIn.has(is))) continue;
      own.set(key, was === undefined ? 'added' : is === undefined ? 'removed' : 'changed');
    }
    return own;
  }

  /** The result of originOf before the change that the mirror has applied already. */
  #originBefore(key: string): string | undefined {
    if (this.#origins.has(key)) return this.#originOf(key);
    return this.#isWhole && this.#keys.has(key) ? key : undefined;
  }

  #trace(key: string, name: string, touch: KeyChange): void {
    const known = this.#origins.get(key);
    // In a whole view, a key with only its own name has no entry.
    if (known === undefined && this.#isWhole && name === key) return;
    const others = this.#othersOf(key, name, known);
    const names = touch === 'removed' ? others : others.length === 0 ? [name] : [...others, name].sort();
    const isItself = this.#isWhole && names.length === 1 && names[0] === key;
    if (names.length === 0 || isItself) this.#origins.delete(key);
    else this.#origins.set(key, names);
    if (names.length > 1) this.#shared.add(key);
    else if (known !== undefined && known.length > 1) this.#shared.delete(key);
  }

  /** The names of a key without one of them: the known ones, or in a whole view the key itself. */
  #othersOf(key: string, name: string, known: readonly string[] | undefined): readonly string[] {
    if (known !== undefined) return known.filter((other) => other !== name);
    return this.#isWhole && this.#originOf(key) !== undefined ? [key] : [];
  }

  #matching(pattern: string): KVPair[] {
    const known = this.#pairLists.get(pattern);
    if (known !== undefined) return known;
    // confd tries every key, so a bad pattern is an error when there is any key.
    if (this.#keys.size > 0) match(pattern, '');
    const matches = matcher(pattern);
    const pairs: KVPair[] = [];
    for (const key of this.#keys.startingWith(literalPrefix(pattern))) {
      spend(stepsPerKey);
      if (matches(key)) pairs.push(this.#pair(key));
    }
    remember(this.#pairLists, pattern, pairs);
    return pairs;
  }

  #names(path: string, nameOf: Listing): string[] {
    const names = new Set<string>();
    for (const key of this.#keys.startingWith(clean(path))) {
      spend(stepsPerKey);
      const name = nameOf(key);
      if (name !== undefined) names.add(name);
    }
    return sortStrings([...names]);
  }
}

const stepsPerKey = 8;

/** The maximum size of a list, and number of lists, in the caches: patterns can be made of values. */
const maxRemembered = 1000;
const maxElements = 2_000_000;

function remember<T extends readonly unknown[]>(lists: Map<string, T>, call: string, list: T): void {
  let elements = list.length;
  if (lists.size > 0) for (const { length } of lists.values()) elements += length;
  if (lists.size >= maxRemembered || elements > maxElements) lists.clear();
  lists.set(call, list);
}

function remembered<T extends readonly unknown[]>(lists: Map<string, T>, call: string, make: () => T): T {
  const known = lists.get(call);
  if (known !== undefined) return known;
  const list = make();
  remember(lists, call, list);
  return list;
}

/** The name under which a listing shows a key; undefined when it does not show it. */
export type Listing = (key: string) => string | undefined;

/** The listing of `ls path`, including confd's special results for "/" and for unclean paths. */
export function listing(path: string): Listing {
  const folder = clean(path);
  const inside = (key: string) =>
    folder === '/' ? key.lastIndexOf('/') === 0 : folder.startsWith('/') && key.startsWith(`${folder}/`);
  return (key) => {
    if (key === path) return base(key);
    if (!inside(key)) return undefined;
    const rest = key.startsWith(path) ? key.slice(path.length) : key;
    return firstName(rest.startsWith('/') ? rest.slice(1) : rest);
  };
}

/** The listing of `lsdir path`. */
export function folderListing(path: string): Listing {
  const folder = `${clean(path)}/`;
  if (!folder.startsWith('/')) return () => undefined;
  return (key) => {
    if (!key.startsWith(path) || !key.startsWith(folder)) return undefined;
    const name = firstName(key.slice(folder.length));
    return folder.length + name.length < key.length ? name : undefined;
  };
}

function firstName(path: string): string {
  const end = path.indexOf('/');
  return end < 0 ? path : path.slice(0, end);
}
