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
  readonly #mirrored: ReadonlyMap<string, string>;
  readonly #prefix: string;
  /** True when keys keep their absolute names, so that no two can meet under one. */
  readonly #isWhole: boolean;
  readonly #selects: (absolute: string) => boolean;
  readonly #pairs = new Map<string, KVPair>();
  readonly #keys = new SortedKeys();
  /** The absolute keys behind each key, sorted: among several the last one gives the value. Empty for prefix "/". */
  readonly #origins = new Map<string, readonly string[]>();
  readonly #touched = new WeakMap<Touched, Touched>();
  /** Lists worked out since the last change. */
  readonly #lists = new Map<string, readonly (KVPair | string)[]>();

  /** Made by the mirror alone, which calls update for every change of mirrored; keys are absolute, prefix is raw text. */
  constructor(
    mirrored: ReadonlyMap<string, string>,
    prefix: string,
    keys: readonly string[],
    rule: Backend['selects'],
  ) {
    this.#mirrored = mirrored;
    this.#prefix = prefix;
    this.#isWhole = prefix === '/';
    this.#selects = (absolute) => keys.some((key) => selected(absolute, key, rule));
  }

  /** Takes over a change that the mirrored pairs already hold. */
  update(touched: Touched): void {
    const keys = new Set<string>();
    for (const [absolute, touch] of touched) {
      if (!this.#selects(absolute)) continue;
      const key = this.#isWhole ? absolute : this.#name(absolute);
      if (touch !== 'changed' && !this.#isWhole) this.#trace(key, absolute, touch);
      keys.add(key);
    }
    if (keys.size === 0) return;
    const own = this.#settle(keys);
    this.#keys.update(own);
    this.#lists.clear();
    this.#touched.set(touched, own);
  }

  /** Takes over all that the mirrored pairs hold, as update does: keys are in order, touched says the same of them. */
  fill(keys: readonly string[], touched: Touched): void {
    if (!this.#isWhole) {
      this.update(touched);
      return;
    }
    const own = keys.filter(this.#selects);
    for (const key of own) this.#pairs.set(key, new KVPair(key, this.#mirrored.get(key)!));
    this.#keys.fill(own);
    this.#lists.clear();
    this.#touched.set(
      touched,
      own.length === keys.length ? touched : new Map(own.map((key): [string, Touch] => [key, 'added'])),
    );
  }

  /** What a change of the mirror touched here; nothing for one that is older than this view. */
  touched(touched: Touched): Touched {
    return this.#touched.get(touched) ?? untouched;
  }

  /** True for an exact key, never for a directory. */
  exists(key: string): boolean {
    return this.#pairs.has(key);
  }

  /** All keys, in no order. */
  keys(): Iterable<string> {
    return this.#pairs.keys();
  }

  get(key: string): KVPair | undefined {
    return this.#pairs.get(key);
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

  #trace(key: string, absolute: string, touch: Touch): void {
    const others = this.#origins.get(key)?.filter((origin) => origin !== absolute) ?? [];
    if (touch === 'added') this.#origins.set(key, others.length === 0 ? [absolute] : [...others, absolute].sort());
    else if (others.length === 0) this.#origins.delete(key);
    else this.#origins.set(key, others);
  }

  /** Brings keys up to date with their origins and says which really changed. */
  #settle(keys: Iterable<string>): Map<string, Touch> {
    const touched = new Map<string, Touch>();
    for (const key of keys) {
      const origin = this.#isWhole ? key : this.#origins.get(key)?.at(-1);
      const value = origin === undefined ? undefined : this.#mirrored.get(origin);
      const before = this.#pairs.get(key);
      if (value === undefined) {
        if (this.#pairs.delete(key)) touched.set(key, 'removed');
        continue;
      }
      if (value === before?.value) continue;
      this.#pairs.set(key, new KVPair(key, value));
      touched.set(key, before === undefined ? 'added' : 'changed');
    }
    return touched;
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
      if (matches(key)) pairs.push(this.#pairs.get(key)!);
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
