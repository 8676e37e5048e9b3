import { nearest } from '../go/nearest.ts';
import { redact } from '../go/redact.ts';
import type { ConfigWarning } from './error.ts';
import { asString, asTable, findEntry, refuseMisspelt, unknownKeys } from './toml-fields.ts';
import type { Chosen } from './setting.ts';
import { readStore, type StoreSettings } from './store.ts';
import { type TomlEntry, type TomlFile, tomlError } from './toml.ts';

/** One of the stores that a resource reads. */
export interface SourceSpec {
  /** Null for the global store. */
  readonly store: StoreSettings | null;
  /** The name in messages; '' for the global store. */
  readonly label: string;
  /** The prefix of the keys in this store; null: the prefix of the resource. */
  readonly prefix: string | null;
}

/** A [source.<name>] table of the configuration file. */
export interface NamedSource {
  readonly spec: SourceSpec;
  /** Each setting and where it was set. */
  readonly chosen: ReadonlyMap<string, Chosen>;
}

/** The stores that resources may use. */
export interface Sources {
  /** The settings of the global store; null when the caller opened it. */
  readonly global: StoreSettings | null;
  readonly named: ReadonlyMap<string, NamedSource>;
}

/** The global store, with the prefix of the resource. */
export const globalSource: SourceSpec = Object.freeze({ store: null, label: '', prefix: null });

/** The name of the global store in a list of sources. */
const globalName = 'global';

/** The sources in the configuration file. Throws ConfigError. */
export async function readNamedSources(
  toml: TomlFile,
  global: StoreSettings,
): Promise<{ named: Map<string, NamedSource>; warnings: ConfigWarning[] }> {
  const named = new Map<string, NamedSource>();
  const warnings: ConfigWarning[] = [];
  const entry = findEntry(toml.table, 'source');
  for (const [name, one] of entry === undefined ? [] : asTable(toml.file, entry)) {
    const table = asTable(toml.file, one);
    if (name === globalName)
      throw tomlError(toml.file, one, `the name "${globalName}" is reserved for the global store`);
    const where = placeOf(toml.file, one);
    const { store, chosen, ...found } = await readStore(
      { toml, table, where, lenient: true },
      global.backendTimeoutMs,
      ['prefix'],
    );
    const { from, value } = chosen.get('prefix')!;
    const spec = specOf(store, `source "${name}" (${where})`, global);
    named.set(name, { spec: { ...spec, prefix: from === 'default' ? null : (value as string) }, chosen });
    warnings.push(...found.warnings);
  }
  return { named, warnings };
}

/** The stores of a resource file: its own store, a list of sources, or the global store. Throws ConfigError. */
export async function chooseSources(
  toml: TomlFile,
  list: TomlEntry | undefined,
  sources: Sources,
  lenient: boolean,
): Promise<{ sources: readonly SourceSpec[]; warnings: readonly ConfigWarning[] }> {
  const own = findEntry(toml.table, 'backend');
  if (own === undefined)
    return list === undefined ? { sources: [globalSource], warnings: [] } : listed(toml, list, sources, lenient);
  if (list !== undefined)
    throw tomlError(toml.file, list, 'a resource can have a [backend] table or a list of sources, not both');
  const where = placeOf(toml.file, own);
  const timeoutMs = sources.global?.backendTimeoutMs ?? null;
  const { store, warnings } = await readStore({ toml, table: asTable(toml.file, own), where, lenient }, timeoutMs);
  return { sources: [specOf(store, `[backend] of ${where}`, sources.global)], warnings };
}

function listed(
  toml: TomlFile,
  list: TomlEntry,
  { named }: Sources,
  lenient: boolean,
): { sources: SourceSpec[]; warnings: ConfigWarning[] } {
  const { file } = toml;
  const items = Array.isArray(list.value) ? (list.value as readonly TomlEntry[]) : [];
  if (items.length === 0) throw tomlError(file, list, 'expected names of sources, as in ["site", "defaults"]');
  const warnings: ConfigWarning[] = [];
  const sources = items.map((item) => {
    if (!(item.value instanceof Map)) return find(file, item, named);
    if (!lenient) refuseMisspelt(toml, item.value, ['name', 'prefix']);
    warnings.push(...unknownKeys(toml, item.value, ['name', 'prefix']));
    const name = findEntry(item.value, 'name');
    if (name === undefined) throw tomlError(file, item, 'the name of a source is missing');
    const prefix = findEntry(item.value, 'prefix');
    const spec = find(file, name, named);
    return prefix === undefined ? spec : { ...spec, prefix: asString(file, prefix) };
  });
  const distinct = new Set(sources.map((source) => JSON.stringify([source.store, source.prefix])));
  if (distinct.size < sources.length) throw tomlError(file, list, 'two of these sources are the same');
  return { sources, warnings };
}

function find(file: string, entry: TomlEntry, named: Sources['named']): SourceSpec {
  const name = asString(file, entry);
  if (name === globalName) return globalSource;
  const known = named.get(name);
  if (known !== undefined) return known.spec;
  const near = nearest(name, [...named.keys(), globalName]);
  const hint =
    near === null ? `the sources are ${[...named.keys(), globalName].join(', ')}` : `did you mean "${near}"?`;
  throw tomlError(
    file,
    entry,
    `there is no source "${redact(name)}" in the configuration file; ${hint}`,
    'unknown-source',
  );
}

/** A store with the same settings as the global store is the global store. */
function specOf(store: StoreSettings, label: string, global: StoreSettings | null): SourceSpec {
  return JSON.stringify(store) === JSON.stringify(global)
    ? globalSource
    : Object.freeze({ store, label, prefix: null });
}

function placeOf(file: string, { line }: TomlEntry): string {
  return line === null ? file : `${file}:${line}`;
}
