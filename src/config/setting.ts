import { fromText, toText } from '../go/bytes.ts';
import { parseDuration } from '../go/duration.ts';
import { type FlagValue, parseValue } from '../go/flag.ts';
import { redact } from '../go/redact.ts';
import { ConfigError, fail, type Report } from './error.ts';
import type { Setting, SettingRows, Values } from './schema/schema.ts';
import { asBool, asInt, asString, asStrings, findEntry, mismatch } from './toml-fields.ts';
import { type TomlEntry, type TomlFile, type TomlTable, tomlError } from './toml.ts';

/** The layers, weakest first. */
export type Layer = 'default' | 'file' | 'env' | 'flag';

/** A value of a layer, and where it was set: `-node`, `CONFD_NODE`, `/etc/confd/confd.toml:3`. */
export interface Given {
  readonly value: FlagValue;
  readonly where: string;
}

/** The effective value, and the layer that set it. */
export interface Chosen extends Given {
  readonly setting: Setting;
  readonly from: Layer;
}

/** The values of each layer, by the names of the settings. */
export type Layers = Readonly<Record<Exclude<Layer, 'default'>, ReadonlyMap<string, Given>>>;

/** Merges the layers: default < file < env < flag. A list is replaced as a whole. */
export function layer(settings: readonly Setting[], layers: Layers): ReadonlyMap<string, Chosen> {
  const choose = (setting: Setting): Chosen => {
    for (const from of ['flag', 'env', 'file'] as const) {
      const given = layers[from].get(setting.name);
      if (given !== undefined) return { ...given, setting, from };
    }
    return { value: setting.default, where: 'default', setting, from: 'default' };
  };
  return new Map(settings.map((setting) => [setting.name, choose(setting)]));
}

/** The effective values, by their names in the code; frozen. */
export function valuesOf<Rows extends SettingRows>(rows: Rows, chosen: ReadonlyMap<string, Chosen>): Values<Rows> {
  const frozen = (value: FlagValue) => (typeof value === 'object' ? Object.freeze([...value]) : value);
  const values = Object.entries(rows).map(([key, { name }]) => [key, frozen(chosen.get(name)!.value)]);
  return Object.freeze(Object.fromEntries(values)) as Values<Rows>;
}

/** The error for a setting, with its name and where it was set. */
export function refusal(chosen: ReadonlyMap<string, Chosen>, name: string, message: string): ConfigError {
  return new ConfigError(`${name} (set by ${chosen.get(name)!.where}): ${message}`);
}

/** Throws ConfigError for the first invalid setting. */
export function checkEach(chosen: ReadonlyMap<string, Chosen>): void {
  for (const { setting, value } of chosen.values()) {
    const wrong = setting.check?.(value) ?? null;
    if (wrong !== null) throw refusal(chosen, setting.name, wrong);
  }
}

/** The values of the command line. */
export function fromFlags(set: ReadonlyMap<string, FlagValue>): Map<string, Given> {
  return new Map([...set].map(([name, value]) => [name, { value, where: `-${name}` }]));
}

/**
 * The values of the environment; an empty variable counts as unset, and lists are separated by commas. Throws
 * ConfigError.
 */
export function fromEnv(settings: readonly Setting[], env: ReadonlyMap<string, string>): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const setting of settings) {
    const where = setting.env.find((name) => (env.get(name) ?? '') !== '');
    if (where !== undefined) given.set(setting.name, { value: envValue(setting, where, env.get(where)!), where });
  }
  return given;
}

function envValue({ kind }: Setting, variable: string, text: string): FlagValue {
  if (kind === 'list') {
    const items = text.split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }
  try {
    return parseValue(kind, text);
  } catch (cause) {
    const example = { bool: 'true or false', int: 'a whole number', duration: 'a duration such as 30s', string: '' };
    const message = `${variable}: invalid value "${redact(text)}": ${(cause as Error).message}; expected ${example[kind]}`;
    throw new ConfigError(message, '', null, { cause });
  }
}

/** The values of a table in a configuration file; a value of the wrong type is a ConfigError. */
export function fromToml(
  settings: readonly Setting[],
  { file }: TomlFile,
  table: TomlTable,
  refuse: Report['error'] = fail,
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const setting of settings) {
    const entry = setting.toml === null ? undefined : findEntry(table, setting.toml);
    if (entry === undefined) continue;
    const where = entry.line === null ? file : `${file}:${entry.line}`;
    try {
      given.set(setting.name, { value: readers[setting.kind](file, entry), where });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      refuse(error);
    }
  }
  return given;
}

const readers = { string: asString, bool: asBool, int: asInt, list: asStrings, duration: asMilliseconds } as const;

/** A duration in Go's spelling, as milliseconds. Throws ConfigError. */
export function asMilliseconds(file: string, entry: TomlEntry): number {
  const form = 'write a duration in quotes, as in "30s"';
  if (typeof entry.value !== 'string') return mismatch(file, entry, 'string', form);
  try {
    return Number(parseDuration(fromText(entry.value))) / 1e6;
  } catch (error) {
    throw tomlError(file, entry, `${toText((error as Error).message)} (${form})`);
  }
}
