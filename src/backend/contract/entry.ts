import type { SettingRows, Values } from '../../config/schema/schema.ts';
import type { FlagValue } from '../../go/flag.ts';
import type { Logger } from '../../obs/log.ts';
import type { Backend, StoreTraits } from './backend.ts';

/**
 * Everything that the program knows about one kind of store: flags, variables, TOML keys, help, completion,
 * -print-config, docs and messages are made from entries. Entries are loaded at every start, so an entry is data only
 * and imports heavy code when it opens a store.
 */
export type BackendEntry<Rows extends SettingRows, Given = Values<Rows>> =
  OpenableEntry<Rows, Given> | HostedEntry<Rows, Given> | MissingEntry<Rows, Given>;

interface Described<Rows extends SettingRows, Given> {
  /** The value of -backend. */
  readonly name: string;
  /** One line for help and docs. */
  readonly description: string;
  /**
   * Every setting that the store reads, by the name of its value in the code. Settings that several stores read are the
   * same objects.
   */
  readonly settings: Rows;
  /** True for the default backend. */
  readonly isDefault?: true;
  /** Why the settings cannot work, or null; `value` returns any setting of the store by the name of its flag. */
  check?(value: (flag: string) => FlagValue): Refusal | null;
  /** Warnings about settings that work, but probably not as intended. */
  doubts?(values: Given): readonly string[];
}

/** A store that this release opens. */
export interface OpenableEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'store';
  /** What the store will say of itself once it is open. */
  readonly traits: StoreTraits;
  /** All values of the store are secrets: diffs do not show them. */
  readonly holdsSecrets?: true;
  /** The nodes when none is set; only for a store that reads nodes. */
  defaultNodes?(env: ReadonlyMap<string, string>): readonly string[];
  /** True when the log shows the scheme before nodes from SRV records, as in confd. */
  readonly srvWithScheme?: true;
  /** The address of the store for the log, without credentials. */
  placesOf(values: Given): readonly string[];
  /**
   * Opens the store; `nodes` are the nodes that were found, if it reads any. BackendError 'settings' for settings that
   * cannot work.
   */
  open(options: Given & StoreDeps): Promise<Backend>;
}

/** A store that the program runs in its own process. */
export interface HostedEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'hosted';
  readonly traits: StoreTraits;
  /** The settings with which another process reads the keys of the store. */
  asClient(values: Given): { readonly backend: string; readonly nodes: readonly string[] };
}

/** A store of Go's confd that this release does not have. */
export interface MissingEntry<Rows extends SettingRows, Given = Values<Rows>> extends Described<Rows, Given> {
  readonly kind: 'missing';
}

/** Why settings cannot work; `setting` is null when no single one is at fault. */
interface Refusal {
  readonly setting: string | null;
  readonly message: string;
}

/** What a store gets from its process. */
export interface StoreDeps {
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  /** Gets lines about what the store finds out after it was opened. */
  readonly log: Logger;
}

/** An entry whose functions have the types of its settings. */
export function openableEntry<Rows extends SettingRows>(entry: Omit<OpenableEntry<Rows>, 'kind'>): OpenableEntry<Rows> {
  return Object.freeze({ ...entry, kind: 'store' });
}
