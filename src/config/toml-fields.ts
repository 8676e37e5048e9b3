import { nearest } from '../go/nearest.ts';
import { redact } from '../go/redact.ts';
import { type ConfigError, type ConfigWarning, type Report, warningAt } from './error.ts';
import { type TomlEntry, type TomlFile, type TomlTable, tomlError } from './toml.ts';

/** Reads names from a TOML table as Go's decoder does: the exact name first, then any case; types are not converted. */

/** The entry called name, in any case when there is no exact one. */
export function findEntry(table: TomlTable, name: string): TomlEntry | undefined {
  const exact = table.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const [key, entry] of table) if (key.toLowerCase() === lower) return entry;
  return undefined;
}

/** Throws ConfigError unless entry is a string. */
export function asString(file: string, entry: TomlEntry): string {
  return typeof entry.value === 'string' ? entry.value : mismatch(file, entry, 'string');
}

/** Throws ConfigError unless entry is a boolean. */
export function asBool(file: string, entry: TomlEntry): boolean {
  return typeof entry.value === 'boolean' ? entry.value : mismatch(file, entry, 'boolean');
}

/** Throws ConfigError unless entry is an integer; those beyond 2^53 are rounded. */
export function asInt(file: string, entry: TomlEntry): number {
  return entry.type === 'int64' ? Number(entry.value) : mismatch(file, entry, 'integer');
}

/** Throws ConfigError unless entry is an array of strings. */
export function asStrings(file: string, entry: TomlEntry): string[] {
  if (!Array.isArray(entry.value)) return mismatch(file, entry, 'slice');
  return (entry.value as readonly TomlEntry[]).map((item) => asString(file, item));
}

/** Throws ConfigError unless entry is a table. */
export function asTable(file: string, entry: TomlEntry): TomlTable {
  return entry.value instanceof Map ? entry.value : mismatch(file, entry, 'map');
}

/** How a value of each type is written. */
const forms: Readonly<Record<'string' | 'boolean' | 'integer' | 'slice' | 'map', string>> = {
  string: 'write it in quotes',
  boolean: 'write true or false, without quotes',
  integer: 'write a whole number, without quotes',
  slice: 'write a list of texts, as in ["one", "two"]',
  map: 'write it as a table',
};

/** Throws the ConfigError for a value of the wrong type; advice says how to write the value. */
export function mismatch(file: string, entry: TomlEntry, wanted: keyof typeof forms, advice = forms[wanted]): never {
  const types = `TOML value has type ${entry.type}; destination has type ${wanted}`;
  throw tomlError(file, entry, `incompatible types: ${types} (${advice})`);
}

/** One warning for every unknown key of the table, with the nearest known name. */
export function unknownKeys({ file }: TomlFile, table: TomlTable, known: readonly string[]): ConfigWarning[] {
  return unknownEntries(table, known).map(([key, { line, column }, near]) => {
    const hint = near === null ? '' : `; did you mean "${near}"?`;
    return warningAt('unknown-key', { file, line, column }, `unknown key "${redact(key)}" is ignored${hint}`);
  });
}

/** Throws ConfigError for the first unknown key of the table that is near to a known one. */
export function refuseMisspelt(toml: TomlFile, table: TomlTable, known: readonly string[]): void {
  for (const error of misspeltKeys(toml, table, known)) throw error;
}

/** The keys of a table, and the known ones. */
export interface Keys {
  readonly table: TomlTable;
  readonly known: readonly string[];
  /** Whether a key that is near to a known one is only a warning. */
  readonly lenient: boolean;
}

/** Reports the unknown keys of a table. */
export function checkKeys(toml: TomlFile, { table, known, lenient }: Keys, report: Report): void {
  if (!lenient) for (const error of misspeltKeys(toml, table, known)) report.error(error);
  const misspelt = lenient ? [] : unknownEntries(table, known).flatMap(([key, , near]) => (near === null ? [] : key));
  const others = new Map([...table].filter(([key]) => !misspelt.includes(key)));
  for (const warning of unknownKeys(toml, others, known)) report.warning(warning);
}

function misspeltKeys({ file }: TomlFile, table: TomlTable, known: readonly string[]): ConfigError[] {
  return unknownEntries(table, known).flatMap(([key, entry, near]) => {
    if (near === null) return [];
    const message = `there is no key "${key}"; did you mean "${near}"? (-lenient makes this a warning)`;
    return tomlError(file, entry, message, 'misspelt-key');
  });
}

function unknownEntries(table: TomlTable, known: readonly string[]): [key: string, TomlEntry, near: string | null][] {
  const lower = new Set(known.map((name) => name.toLowerCase()));
  const unknown = [...table].filter(([key]) => !lower.has(key.toLowerCase()));
  return unknown.map(([key, entry]) => [key, entry, nearest(key.toLowerCase(), known)]);
}
