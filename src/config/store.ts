import {
  commonSettings,
  defaultBackend,
  entryOf,
  missingReaders,
  readersOf,
  reads,
  storeSettings,
  type StoreSettings,
} from '../backend/entries.ts';
import { listed } from '../go/count.ts';
import { ConfigError, type ConfigWarning, warningFrom } from './error.ts';
import { refuseMisspelt, unknownKeys } from './toml-fields.ts';
import { settings } from './flags.ts';
import { exposed, inOneWay, withFile } from './secrets.ts';
import { checkEach, type Chosen, fromToml, layer, refusal, valuesOf } from './setting.ts';
import type { TomlFile, TomlTable } from './toml.ts';

export type { StoreSettings };

const storeFlags: ReadonlySet<string> = new Set(Object.values(storeSettings).map(({ name }) => name));

/** The settings of the store. */
export function storeOf(chosen: ReadonlyMap<string, Chosen>): StoreSettings {
  const values = valuesOf(storeSettings, chosen);
  return values.backend === '' ? Object.freeze({ ...values, backend: defaultBackend }) : values;
}

/** Throws ConfigError for settings that cannot work with this store. */
export function checkStore(chosen: ReadonlyMap<string, Chosen>): void {
  const value = (name: string) => chosen.get(name)!.value;
  const wrong = entryOf(value('backend') as string)?.check?.(value) ?? null;
  if (wrong === null) return;
  throw wrong.setting === null ? new ConfigError(wrong.message) : refusal(chosen, wrong.setting, wrong.message);
}

/** Warnings about settings of a store that work, but probably not as intended. */
export function storeDoubts(chosen: ReadonlyMap<string, Chosen>): string[] {
  const entry = entryOf(chosen.get('backend')!.value as string);
  // Variables are often set for all containers alike; a flag or a line of a file is meant for this store.
  const given = [...chosen.values()]
    .filter(({ setting: { name }, from }) => storeFlags.has(name) && ['flag', 'file'].includes(from))
    .map(({ setting: { name } }) => name);
  const missing = given.flatMap((name) => {
    const readers = missingReaders(name);
    return readers.length === 0
      ? []
      : `${name} is not used: this release does not have the backend ${listed(readers, 'or')}`;
  });
  if (entry === undefined || entry.kind === 'missing') return missing;
  const unread = given.filter(
    (name) => !commonSettings.includes(name) && missingReaders(name).length === 0 && !reads(entry, name),
  );
  return [...missing, ...unreadLine(unread), ...(entry.doubts?.(storeOf(chosen)) ?? [])];
}

/** One warning for all settings that the store does not read; it names the stores that read them. */
function unreadLine(names: readonly string[]): string[] {
  const byReaders = new Map<string, string[]>();
  for (const name of names) {
    const readers = listed(readersOf(name), 'or');
    byReaders.set(readers, [...(byReaders.get(readers) ?? []), name]);
  }
  const parts = [...byReaders].map(([readers, group]) => {
    return `${listed(group, 'and')} ${group.length === 1 ? 'is' : 'are'} not used without the backend ${readers}`;
  });
  return parts.length === 0 ? [] : [parts.join('; ')];
}

/** A store from its own table. */
export interface StoreTable {
  readonly store: StoreSettings;
  /** Each setting of the store and where it was set. */
  readonly chosen: ReadonlyMap<string, Chosen>;
  readonly warnings: readonly ConfigWarning[];
}

/** The place of a table. */
export interface Place {
  readonly toml: TomlFile;
  readonly table: TomlTable;
  /** Its file and line. */
  readonly where: string;
  /** Whether a key that is probably misspelt is only a warning. */
  readonly lenient: boolean;
}

/**
 * Reads the store of a table. A setting that the table does not have is the default, never the global setting, so that
 * no password goes to another store; only the timeout is inherited. `more` are further settings that the table may
 * have. Throws ConfigError.
 */
export async function readStore(
  { toml, table, where, lenient }: Place,
  timeoutMs: number | null,
  more: readonly string[] = [],
): Promise<StoreTable> {
  const rows = settings.filter(({ name }) => storeFlags.has(name) || more.includes(name));
  const known = rows.flatMap(({ toml: key }) => key ?? []);
  if (!lenient) refuseMisspelt(toml, table, known);
  const own = rows.map((row) => (row.name === 'backend-timeout' ? { ...row, default: timeoutMs ?? row.default } : row));
  const layers = { file: fromToml(own, toml, table), env: new Map(), flag: new Map() };
  const chosen = layer(own, inOneWay(withFile(own), layers));
  checkEach(chosen);
  checkStore(chosen);
  const store = storeOf(chosen);
  if (entryOf(store.backend)?.kind === 'hosted') {
    const why = `the ${store.backend} store runs in this process: it can only be the global store (-backend ${store.backend})`;
    throw refusal(chosen, 'backend', why);
  }
  const doubts = storeDoubts(chosen).map((doubt) => warningFrom('doubtful-setting', where, doubt));
  return {
    store,
    chosen,
    warnings: [...unknownKeys(toml, table, known), ...doubts, ...(await exposed(chosen))],
  };
}
