import { isPlain, keyOf, type Rule, selector } from '../backend/contract/backend.ts';
import { spend } from '../go/budget.ts';
import { base, clean, isClean, join, literalPrefix, match, matcher } from '../go/path.ts';
import { sortStrings } from '../go/sort.ts';
import { positionOf, SortedKeys } from './keys.ts';
import type { KeyChange, ChangeSet } from './keys.ts';
import { KVPair } from './pair.ts';

const noChanges: ChangeSet = new Map();

/** What a template can look up; lists are new arrays, free for the caller to sort. */
export interface KeyView {
  /** How many keys there are. */
  readonly size: number;
  /** All keys, in order. */
  keys(): Iterable<string>;
  /** True for an exact key, never for a directory. */
  exists(key: string): boolean;
  get(key: string): KVPair | undefined;
  /** The value of an exact key; undefined where there is none. */
  value(key: string): string | undefined;
  /** The pairs whose keys match pattern, by key. Throws GoError for a bad pattern, unless there is no key at all. */
  gets(pattern: string): KVPair[];
  /** The values of the keys that match pattern, sorted by value. Throws as gets does. */
  getvs(pattern: string): string[];
  /** The names directly below path, sorted; the last name of path itself when it is a key. */
  ls(path: string): string[];
  /** The names directly below path that have something below them, sorted. */
  lsdir(path: string): string[];
  /** What a change of a mirror touched here; nothing for one that is older than this view. */
  changesIn(changesIn: ChangeSet): ChangeSet;
}

/** A key that several names of the store come to. */
export interface Shared {
  readonly key: string;
  /** In byte order. */
  readonly names: readonly string[];
  /** The one whose value the key has. */
  readonly chosen: string;
}

/**
 * A resource's window on the mirror: the pairs that its keys select, named without its prefix and cleaned, as confd names
 * them. Lookups behave as confd's in-memory store does.
 */
export class View implements KeyView {
  readonly #lookup: (absolute: string) => string | undefined;
  readonly #prefix: string;
  readonly #rule: Rule;
  /** True when a clean name of the store is the key itself. */
  readonly #isWhole: boolean;
  readonly #selects: (absolute: string) => boolean;
  readonly #keys = new SortedKeys();
  /** The store's names behind each key, in byte order. In a whole view only where they are others than the key alone. */
  readonly #origins = new Map<string, readonly string[]>();
  /** The keys with several of them. */
  readonly #shared = new Set<string>();
  readonly #touched = new WeakMap<ChangeSet, ChangeSet>();
  /** Lists worked out so far, by pattern; all hold until a change makes them wrong. */
  readonly #pairLists = new Map<string, KVPair[]>();
  readonly #valueLists = new Map<string, readonly string[]>();
  /** By "ls <path>" and "lsdir <path>". */
  readonly #nameLists = new Map<string, readonly string[]>();

  /** Made by the mirror alone, which tells of every change of what lookup gives by name; prefix is raw text. */
  constructor(lookup: (absolute: string) => string | undefined, prefix: string, keys: readonly string[], rule: Rule) {
    this.#lookup = lookup;
    this.#prefix = prefix;
    this.#rule = rule;
    this.#isWhole = prefix === '/' && rule !== 'variable';
    this.#selects = selector(keys, rule);
  }

  /** The keys that several names of the store come to: confd takes the value of any of them, and at each read of another. */
  shared(): Shared[] {
    return [...this.#shared]
      .sort()
      .map((key) => ({ key, names: this.#origins.get(key)!, chosen: this.#originOf(key)! }));
  }

  /** How the store's names select, for those who show them. */
  get rule(): Rule {
    return this.#rule;
  }

  /** Takes over a change that the mirror already holds. */
  update(changesIn: ChangeSet): void {
    const mine = new Map([...changesIn].filter(([absolute]) => this.#selects(absolute)));
    if (mine.size === 0) return;
    const own = this.#isOwn(mine.keys()) ? mine : this.#rename(mine);
    this.#keys.update(own);
    this.#refresh(own);
    this.#touched.set(changesIn, own);
  }

  /** Most changes are new values of keys that stay: then listings stay, too, and lists of pairs get new pairs. */
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

  /** Takes over all that the mirror holds now, for a view that has seen none of it; absolute keys, in order. */
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
    // All names can be looked up, those of other resources too; an origin is always our own.
    return value === undefined || this.#selects(key) ? value : undefined;
  }

  /** The name in the store that gives a key its value. */
  #originOf(key: string): string | undefined {
    const names = this.#origins.get(key);
    if (names?.length === 1) return names[0];
    if (names !== undefined) return names.findLast((name) => isPlain(name, this.#rule)) ?? names.at(-1);
    return this.#isWhole && this.#lookup(key) !== undefined && this.#selects(key) && isClean(key) ? key : undefined;
  }

  /** True when all names are the keys themselves, now as before. */
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

  /** The pair of a key that is there. */
  #pair(key: string): KVPair {
    return new KVPair(key, this.value(key)!);
  }

  /** What touched names mean for the keys of this view. */
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
      // A key that does not give the value may come and go.
      if (is === was && (is === undefined || !changesIn.has(is))) continue;
      own.set(key, was === undefined ? 'added' : is === undefined ? 'removed' : 'changed');
    }
    return own;
  }

  /** What originOf told before the change that the mirror already holds. */
  #originBefore(key: string): string | undefined {
    if (this.#origins.has(key)) return this.#originOf(key);
    return this.#isWhole && this.#keys.has(key) ? key : undefined;
  }

  #trace(key: string, name: string, touch: KeyChange): void {
    const known = this.#origins.get(key);
    // In a whole view a key by itself is not noted.
    if (known === undefined && this.#isWhole && name === key) return;
    const others = this.#othersOf(key, name, known);
    const names = touch === 'removed' ? others : others.length === 0 ? [name] : [...others, name].sort();
    const isItself = this.#isWhole && names.length === 1 && names[0] === key;
    if (names.length === 0 || isItself) this.#origins.delete(key);
    else this.#origins.set(key, names);
    if (names.length > 1) this.#shared.add(key);
    else if (known !== undefined && known.length > 1) this.#shared.delete(key);
  }

  /** The names behind a key but for one: those that are known, or in a whole view the key itself. */
  #othersOf(key: string, name: string, known: readonly string[] | undefined): readonly string[] {
    if (known !== undefined) return known.filter((other) => other !== name);
    return this.#isWhole && this.#originOf(key) !== undefined ? [key] : [];
  }

  #matching(pattern: string): KVPair[] {
    const known = this.#pairLists.get(pattern);
    if (known !== undefined) return known;
    // confd tries every key, so it finds a bad pattern whenever there is a key at all.
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

/** Lists of more elements, or more lists, are not kept together: patterns can be made of values without an end. */
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

/** The name under which a listing shows a key, or undefined where it does not show it. */
export type Listing = (key: string) => string | undefined;

/** What `ls path` shows: confd's odd answers for "/" and for unclean paths included. */
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

/** What `lsdir path` shows. */
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
