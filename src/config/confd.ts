import { isAbsolute, join } from 'node:path';
import type { FlagValue } from '../go/flag.ts';
import { ConfigError, type ConfigWarning, fail, type Report, warningAt } from './error.ts';
import { asTable, findEntry, unknownKeys } from './toml-fields.ts';
import { readConfigFile } from './config-file.ts';
import { agentSettings, oldSettings, settings, startSettings } from './flags.ts';
import { modernise } from './old-flags.ts';
import { maxTimerSeconds, type Setting, type Values } from './schema/schema.ts';
import { exposed, inOneWay, withFile } from './secrets.ts';
import { checkEach, type Chosen, fromEnv, fromFlags, fromToml, type Given, layer, valuesOf } from './setting.ts';
import { readNamedSources, type Sources } from './sources.ts';
import { checkStore, storeDoubts, storeOf, type StoreSettings } from './store.ts';
import { parseToml, type TomlFile } from './toml.ts';

/** All settings; '' means "not set". All strings are text, and all times fit into a timer. */
export type Config = StoreSettings & Values<typeof agentSettings>;

/** The settings of one start, with messages about them. */
export interface LoadedConfig {
  readonly config: Config;
  /** Each setting with the layer that set it, in alphabetical order. */
  readonly chosen: ReadonlyMap<string, Chosen>;
  /** The stores that resources may use. */
  readonly sources: Sources & { readonly global: StoreSettings };
  readonly warnings: readonly ConfigWarning[];
  /** Messages for the log at INFO. */
  readonly notes: readonly string[];
  /** A -config-file with a [template] table: the resource is processed together with conf.d. */
  readonly resourceFile: string | null;
}

/**
 * Merges flags (of any release), environment and configuration file. Throws ConfigError. What is wrong with one key of
 * the file goes to `refuse`; if that returns, the key is left out.
 */
export async function loadConfig(
  flags: ReadonlyMap<string, FlagValue>,
  env: ReadonlyMap<string, string>,
  refuse: Report['error'] = fail,
): Promise<LoadedConfig> {
  const flag = modernise(fromFlags(flags));
  const envLayer = fromEnv(settings, env);
  const read = await readGlobal(flag.layer.get('config-file') ?? envLayer.get('config-file'), refuse);
  const file = modernise(read.given);
  const given = { file: file.layer, env: envLayer, flag: flag.layer };
  const chosen = layer(withStateDir(settings, env), inOneWay(withFile(settings), given));
  checkEach(chosen);
  checkStore(chosen);
  const global = storeOf(chosen);
  const { named, warnings } = await readNamedSources(read.toml, global);
  const doubtful = [...doubts(chosen).map(doubt), ...(await exposed(chosen)), ...warnings];
  return {
    config: configOf(global, chosen),
    chosen,
    sources: { global, named },
    warnings: [...flag.warnings.map(doubt), ...read.warnings, ...file.warnings.map(doubt), ...doubtful],
    notes: read.notes,
    resourceFile: read.resourceFile,
  };
}

/** Only root may write to the usual state directory; other users have their own, or none. */
function withStateDir(rows: readonly Setting[], env: ReadonlyMap<string, string>): Setting[] {
  if (process.geteuid!() === 0) return [...rows];
  const [state = '', home = ''] = ['XDG_STATE_HOME', 'HOME'].map((name) => env.get(name) ?? '');
  const folder = isAbsolute(state) ? state : isAbsolute(home) ? join(home, '.local/state') : '';
  const own = folder === '' ? '' : join(folder, 'confd');
  return rows.map((row) => (row.name === 'state-dir' ? { ...row, default: own } : row));
}

/** A warning without a place. */
function doubt(fact: string): ConfigWarning {
  return warningAt('doubtful-setting', { file: '', line: null, column: null }, fact);
}

interface GlobalFile {
  toml: TomlFile;
  given: Map<string, Given>;
  warnings: ConfigWarning[];
  notes: string[];
  resourceFile: string | null;
}

async function readGlobal(named: Given | undefined, refuse: Report['error']): Promise<GlobalFile> {
  const path = (named?.value as string | undefined) ?? startSettings.configFile.default;
  const toml = { file: path, table: new Map() };
  const nothing = { toml, given: new Map<string, Given>(), warnings: [], notes: [], resourceFile: null };
  if (path === '') return nothing;
  try {
    return interpret(parseToml(path, await readConfigFile(path)), refuse);
  } catch (error) {
    if (!(error instanceof ConfigError) || (error.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT')
      throw error;
    if (named === undefined) return nothing;
    throw new ConfigError(`${error.message} (named by ${named.where})`, error.file, null, {
      cause: error,
      code: error.code,
    });
  }
}

// Fields of confd's configuration record that its decoder fills and nothing uses.
const idleKeys = ['configfile', 'printversion', 'role', 'configdir', 'templatedir'];

function interpret(toml: TomlFile, refuse: Report['error']): GlobalFile {
  const rows = [...settings, ...oldSettings];
  const known = [...rows.flatMap(({ toml: key }) => key ?? []), ...idleKeys];
  const warnings = unknownKeys(toml, toml.table, [...known, 'template', 'confd', 'source']);
  const notes: string[] = [];
  const old = findEntry(toml.table, 'confd');
  const oldTable = old === undefined ? new Map<string, never>() : asTable(toml.file, old);
  if (old !== undefined) {
    const place = { file: toml.file, line: old.line, column: old.column };
    warnings.push(warningAt('old-layout', place, 'a [confd] table is an older layout: put its keys at the top level'));
    warnings.push(...unknownKeys(toml, oldTable, known));
  }
  const hasTemplate = findEntry(toml.table, 'template') !== undefined;
  if (hasTemplate) notes.push(`${toml.file} is a template resource: it is processed together with those in conf.d`);
  else if (['src', 'dest'].some((key) => findEntry(toml.table, key) !== undefined)) {
    const place = { file: toml.file, line: null, column: null };
    const fact = 'this looks like a template resource whose [template] header is missing';
    warnings.push(warningAt('missing-header', place, fact));
  }
  // Beside a [template] table, a [backend] table belongs to the resource.
  const isOwn = hasTemplate && findEntry(toml.table, 'backend')?.value instanceof Map;
  const global = isOwn ? rows.filter(({ name }) => name !== 'backend') : rows;
  return {
    toml,
    given: new Map([...fromToml(rows, toml, oldTable, refuse), ...fromToml(global, toml, toml.table, refuse)]),
    warnings,
    notes,
    resourceFile: hasTemplate ? toml.file : null,
  };
}

function configOf(store: StoreSettings, chosen: ReadonlyMap<string, Chosen>): Config {
  const own = valuesOf(agentSettings, chosen);
  return Object.freeze({ ...store, ...own, intervalSeconds: Math.min(own.intervalSeconds, maxTimerSeconds) });
}

/** Warnings about settings that work, but probably not as intended. */
function doubts(chosen: ReadonlyMap<string, Chosen>): string[] {
  const isLong = (chosen.get('interval')!.value as number) > maxTimerSeconds;
  const interval = isLong ? [`interval: the maximum is ${maxTimerSeconds} seconds`] : [];
  return [...interval, ...storeDoubts(chosen)];
}
