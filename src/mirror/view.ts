import { selected } from '../backend/backend.ts';
import type { Backend } from '../backend/backend.ts';
import { base, clean, join, literalPrefix, match, matcher } from '../go/path.ts';
import { SortedKeys } from './keys.ts';
import type { Touch, Touched } from './keys.ts';
import { KVPair } from './pair.ts';

const untouched: Touched = new Map();

/**
 * A resource's window on the mirror: the pairs that its keys select, named without its prefix. Lookups behave as
 * confd's in-memory store does; lists are new arrays, free for the caller to sort.
 */
export class View {
  readonly #lookup: (absolute: string) => string | undefined;
  readonly #prefix: string;
  /** True when keys keep their absolute names, so that no two can meet under one. */
  readonly #isWhole: boolean;
  readonly #selects: (absolute: string) => boolean;
  readonly #keys = new SortedKeys();
  /** The absolute keys behind each key, sorted: among several the last one gives the value. Empty for prefix "/". */
  readonly #origins = new Map<string, readonly string[]>();
  readonly #touched = new WeakMap<Touched, Touched>();
  /** Lists worked out since the last change. */
  readonly #lists = new Map<string, readonly (KVPair | string)[]>();

  /** Made by the mirror alone, which tells of every change of what lookup gives; keys are absolute, prefix is raw text. */
  constructor(
    lookup: (absolute: string) => string | undefined,
    prefix: string,
    keys: readonly string[],
    rule: Backend['selects'],
  ) {
    this.#lookup = lookup;
    this.#prefix = prefix;
    this.#isWhole = prefix === '/';
    this.#selects = (absolute) => keys.some((key) => selected(absolute, key, rule));
  }

  /** Takes over a change that the mirror already holds. */
  update(touched: Touched): void {
    const mine = new Map([...touched].filter(([absolute]) => this.#selects(absolute)));
    if (mine.size === 0) return;
    const own = this.#isWhole ? mine : this.#rename(mine);
    this.#keys.update(own);
    this.#lists.clear();
    this.#touched.set(touched, own);
  }

  /** Takes over all that the mirror holds now, for a view that has seen none of it; absolute keys, in order. */
  fill(absolutes: readonly string[]): void {
    const mine = absolutes.filter(this.#selects);
    if (this.#isWhole) this.#keys.fill(mine);
    else this.#keys.update(this.#rename(new Map(mine.map((absolute) => [absolute, 'added']))));
    this.#lists.clear();
  }

  /** What a change of the mirror touched here; nothing for one that is older than this view. */
  touched(touched: Touched): Touched {
    return this.#touched.get(touched) ?? untouched;
  }

  /** True for an exact key, never for a directory. */
  exists(key: string): boolean {
    return this.#valueOf(key) !== undefined;
  }

  /** All keys, in order. */
  keys(): Iterable<string> {
    return this.#keys.startingWith('');
  }

  get(key: string): KVPair | undefined {
    const value = this.#valueOf(key);
    return value === undefined ? undefined : new KVPair(key, value);
  }

  /** The pairs whose keys match pattern, by key. Throws GoError for a bad pattern, unless the view is empty. */
  gets(pattern: string): KVPair[] {
    return this.#list(`gets ${pattern}`, () => this.#matching(pattern)).slice();
  }

  /** The values of the keys that match pattern, sorted by value. Throws as gets does. */
  getvs(pattern: string): string[] {
    return this.#list(`getvs ${pattern}`, () =>
      this.#matching(pattern)
        .map((pair) => pair.value)
        .sort(),
    ).slice();
  }

  /** The names directly below path, sorted; the last name of path itself when it is a key. */
  ls(path: string): string[] {
    return this.#list(`ls ${path}`, () => this.#names(path, listing(path))).slice();
  }

  /** The names directly below path that have something below them, sorted. */
  lsdir(path: string): string[] {
    return this.#list(`lsdir ${path}`, () => this.#names(path, folderListing(path))).slice();
  }

  /** An absolute key's name in this view: without the prefix, as plain text, then cleaned. */
  #name(absolute: string): string {
    if (this.#prefix === '/') return absolute;
    const rest = absolute.startsWith(this.#prefix) ? absolute.slice(this.#prefix.length) : absolute;
    // Absolute keys are clean, and so is the rest of one from a slash on.
    return rest.startsWith('/') ? rest : join('/', rest);
  }

  #valueOf(key: string): string | undefined {
    if (this.#isWhole) return this.#keys.has(key) ? this.#lookup(key) : undefined;
    const absolute = this.#origins.get(key)?.at(-1);
    return absolute === undefined ? undefined : this.#lookup(absolute);
  }

  /** What touched absolute keys mean for the keys of this view. */
  #rename(touched: Touched): Touched {
    const before = new Map<string, string | undefined>();
    for (const [absolute, touch] of touched) {
      const key = this.#name(absolute);
      if (!before.has(key)) before.set(key, this.#origins.get(key)?.at(-1));
      if (touch !== 'changed') this.#trace(key, absolute, touch);
    }
    const own = new Map<string, Touch>();
    for (const [key, was] of before) {
      const is = this.#origins.get(key)?.at(-1);
      // A key that does not give the value may come and go.
      if (is === was && (is === undefined || !touched.has(is))) continue;
      own.set(key, was === undefined ? 'added' : is === undefined ? 'removed' : 'changed');
    }
    return own;
  }

  #trace(key: string, absolute: string, touch: Touch): void {
    const others = this.#origins.get(key)?.filter((origin) => origin !== absolute) ?? [];
    if (touch === 'added') this.#origins.set(key, others.length === 0 ? [absolute] : [...others, absolute].sort());
    else if (others.length === 0) this.#origins.delete(key);
    else this.#origins.set(key, others);
  }

  #list<T extends KVPair | string>(call: string, make: () => readonly T[]): readonly T[] {
    let list = this.#lists.get(call) as readonly T[] | undefined;
    if (list === undefined) this.#lists.set(call, (list = make()));
    return list;
  }

  #matching(pattern: string): KVPair[] {
    // confd tries every key, so it finds a bad pattern whenever there is a key at all.
    if (this.#keys.size > 0) match(pattern, '');
    const matches = matcher(pattern);
    const pairs: KVPair[] = [];
    for (const key of this.#keys.startingWith(literalPrefix(pattern))) {
      if (matches(key)) pairs.push(new KVPair(key, this.#valueOf(key)!));
    }
    return pairs;
  }

  #names(path: string, nameOf: Listing): string[] {
    const names = new Set<string>();
    for (const key of this.#keys.startingWith(clean(path))) {
      const name = nameOf(key);
      if (name !== undefined) names.add(name);
    }
    return [...names].sort();
  }
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
