import { match, matcher } from '../go/path.ts';
import type { KVPair } from './pair.ts';
import type { ChangeSet } from './keys.ts';
import { folderListing, listing } from './view.ts';
import type { Listing, KeyView } from './view.ts';

/** What one render asked its view for: keys (found or not), patterns and listings. */
export class ReadSet {
  readonly #keys = new Set<string>();
  readonly #patterns = new Map<string, Matcher>();
  readonly #listings = new Map<string, Listing>();
  /** The latest pattern. */
  #latest: Matcher = () => false;

  addKey(key: string): void {
    // Nearly every key comes from the latest list, and is covered by its pattern.
    if (!this.#latest(key)) this.#keys.add(key);
  }

  addPattern(pattern: string): void {
    this.#latest = this.#patterns.get(pattern) ?? touches(pattern);
    this.#patterns.set(pattern, this.#latest);
  }

  /** Records an ls of path. */
  addPath(path: string): void {
    this.#listings.set(`ls ${path}`, listing(path));
  }

  /** Records an lsdir of path. */
  addFolderPath(path: string): void {
    this.#listings.set(`lsdir ${path}`, folderListing(path));
  }

  /** The number of names, patterns and listings; a name that a pattern covers may be counted with it. */
  get size(): number {
    return this.#keys.size + this.#patterns.size + this.#listings.size;
  }

  /** True when key was asked for, by its name or by a pattern. */
  has(key: string): boolean {
    return this.#keys.has(key) || [...this.#patterns.values()].some((matches) => matches(key));
  }

  /** True when the changes may change an answer; they must come from the same view. */
  hit(changes: ChangeSet): boolean {
    if (changes.size === 0) return false;
    return this.#hitKey(changes) || this.#hitPattern(changes) || this.#hitListing(changes);
  }

  #hitKey(changes: ChangeSet): boolean {
    // The smaller side is iterated: a template may ask for a hundred thousand keys, and a change is often a single one.
    if (this.#keys.size < changes.size) return some(this.#keys, changes);
    return some(changes.keys(), this.#keys);
  }

  #hitPattern(changes: ChangeSet): boolean {
    for (const matches of this.#patterns.values()) {
      for (const key of changes.keys()) if (matches(key)) return true;
    }
    return false;
  }

  #hitListing(changes: ChangeSet): boolean {
    for (const shows of this.#listings.values()) {
      // A listing shows names only, so a new value does not matter.
      for (const [key, touch] of changes) if (touch !== 'changed' && shows(key) !== undefined) return true;
    }
    return false;
  }
}

function some(keys: Iterable<string>, others: { has(key: string): boolean }): boolean {
  for (const key of keys) if (others.has(key)) return true;
  return false;
}

type Matcher = (key: string) => boolean;

function touches(pattern: string): Matcher {
  try {
    match(pattern, '');
  } catch {
    return () => true; // a bad pattern is an error as soon as there is any key
  }
  return matcher(pattern);
}

/** A view that records what it is asked for. */
export class Reader {
  readonly readSet = new ReadSet();
  readonly #view: KeyView;

  constructor(view: KeyView) {
    this.#view = view;
  }

  /** The current values of the keys that were read. */
  values(): string[] {
    return [...this.#view.keys()].filter((key) => this.readSet.has(key)).map((key) => this.#view.get(key)!.value);
  }

  exists(key: string): boolean {
    this.readSet.addKey(key);
    return this.#view.exists(key);
  }

  get(key: string): KVPair | undefined {
    this.readSet.addKey(key);
    return this.#view.get(key);
  }

  value(key: string): string | undefined {
    this.readSet.addKey(key);
    return this.#view.value(key);
  }

  gets(pattern: string): KVPair[] {
    this.readSet.addPattern(pattern);
    return this.#view.gets(pattern);
  }

  getvs(pattern: string): string[] {
    this.readSet.addPattern(pattern);
    return this.#view.getvs(pattern);
  }

  ls(path: string): string[] {
    this.readSet.addPath(path);
    return this.#view.ls(path);
  }

  lsdir(path: string): string[] {
    this.readSet.addFolderPath(path);
    return this.#view.lsdir(path);
  }
}
