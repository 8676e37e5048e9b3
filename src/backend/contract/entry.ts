import type { SettingRows, Values } from '../../config/schema/schema.ts';
import type { FlagValue } from '../../go/flag.ts';
import type { Logger } from '../../obs/log.ts';
import type { Backend, StoreTraits } from './backend.ts';

/**
 * All that the program knows of one kind of store, so that nothing about it stands elsewhere: flags, variables, TOML
 * keys, help, completion, -print-config, docs and messages are made from entries. An entry is loaded at every start:
 * it is data, and imports what is heavy only when it opens a store.
 */
export type BackendEntry<Rows extends SettingRows, Given = Values<Rows>> =
  OpenableEntry<Rows, Given> | HostedEntry<Rows, Given> | MissingEntry<Rows, Given>;

interface Described<Rows extends SettingRows, Given> {
  /** What -backend calls it. */
  readonly name: string;
  /** What it is, in a line for help and docs. */
  readonly description: string;
  /** Every setting that it reads, by what its code calls the value. Those that several read are the same objects. */
  readonly settings: Rows;
  /** True for the one that counts when none is set. */
  readonly isDefault?: true;
  /** Why its settings cannot work, if they cannot; `value` gives any setting of the store by the name of its flag. */
  check?(value: (flag: string) => FlagValue): Refusal | null;
  /** Why its settings work, though hardly as meant. */
  doubts?(values: Given): readonly string[];
}

/** A store that this release opens. */
export interface OpenableEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'store';
  /** What the store will say of itself once it is open. */
  readonly traits: StoreTraits;
  /** Where it is asked when no node is set; only for one that reads nodes. */
  defaultNodes?(env: ReadonlyMap<string, string>): readonly string[];
  /** True when nodes that SRV records name have the scheme in front in the log, as in confd. */
  readonly srvWithScheme?: true;
  /** How the log names where it is, without credentials. */
  placesOf(values: Given): readonly string[];
  /** Opens it; nodes are those that were found, if it reads any. BackendError 'settings' for what cannot work. */
  open(options: Given & StoreDeps): Promise<Backend>;
}

/** A store that the program runs in its own process. */
export interface HostedEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'hosted';
  readonly traits: StoreTraits;
  /** How another process asks it for keys. */
  asClient(values: Given): { readonly backend: string; readonly nodes: readonly string[] };
}

/** A store of Go's confd that this release does not have. */
export interface MissingEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'missing';
}

/** A setting that cannot work, or null where none of them alone is at fault. */
interface Refusal {
  readonly setting: string | null;
  readonly message: string;
}

/** What is around a store. */
export interface StoreDeps {
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  /** Hears what the store turns out to be. */
  readonly log: Logger;
}

/** An entry whose functions know the types of its settings. */
export function openableEntry<Rows extends SettingRows>(entry: Omit<OpenableEntry<Rows>, 'kind'>): OpenableEntry<Rows> {
  return Object.freeze({ ...entry, kind: 'store' });
}
