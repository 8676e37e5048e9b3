import { nearest } from '../go/nearest.ts';
import { redact } from '../go/redact.ts';
import { type TomlEntry, type TomlFile, type TomlTable, tomlError } from './toml.ts';

/** Reading known names out of a TOML table, as Go's decoder does: exact name first, then any case; no coercion. */

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

/** How each type is written, for those who do not know Go's names. */
const forms: Readonly<Record<'string' | 'boolean' | 'integer' | 'slice' | 'map', string>> = {
  string: 'write it in quotes',
  boolean: 'write true or false, without quotes',
  integer: 'write a whole number, without quotes',
  slice: 'write a list of texts, as in ["one", "two"]',
  map: 'write it as a table',
};

/** Throws the ConfigError for a value of the wrong type; advice tells how the value is written. */
export function mismatch(file: string, entry: TomlEntry, wanted: keyof typeof forms, advice = forms[wanted]): never {
  const types = `TOML value has type ${entry.type}; destination has type ${wanted}`;
  throw tomlError(file, entry, `incompatible types: ${types} (${advice})`);
}

/** One warning for every key of table that is not among known, with the nearest known name. */
export function unknownKeys({ file }: TomlFile, table: TomlTable, known: readonly string[]): string[] {
  return strangers(table, known).map(([key, { line }, near]) => {
    const hint = near === null ? '' : `; did you mean "${near}"?`;
    return `${file}${line === null ? '' : `:${line}`}: unknown key "${redact(key)}" is ignored${hint}`;
  });
}

/** Throws ConfigError for the first key of table that is not among known and near to one of them. */
export function refuseMisspelt({ file }: TomlFile, table: TomlTable, known: readonly string[]): void {
  for (const [key, entry, near] of strangers(table, known)) {
    if (near === null) continue;
    throw tomlError(file, entry, `there is no key "${key}"; did you mean "${near}"? (-lenient makes this a warning)`);
  }
}

function strangers(table: TomlTable, known: readonly string[]): [key: string, TomlEntry, near: string | null][] {
  const lower = new Set(known.map((name) => name.toLowerCase()));
  const unknown = [...table].filter(([key]) => !lower.has(key.toLowerCase()));
  return unknown.map(([key, entry]) => [key, entry, nearest(key.toLowerCase(), known)]);
}
