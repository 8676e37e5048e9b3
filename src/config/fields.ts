import { nearest } from '../go/nearest.ts';
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

function mismatch(file: string, entry: TomlEntry, wanted: string): never {
  const types = `TOML value has type ${entry.type}; destination has type ${wanted}`;
  throw tomlError(file, entry, `incompatible types: ${types}`);
}

/** One warning for every key of table that is not among known, with the nearest known name. */
export function unknownKeys({ file }: TomlFile, table: TomlTable, known: readonly string[]): string[] {
  const lower = new Set(known.map((name) => name.toLowerCase()));
  const unknown = [...table].filter(([key]) => !lower.has(key.toLowerCase()));
  return unknown.map(([key, { line }]) => {
    const near = nearest(key.toLowerCase(), known);
    return `${file}${line === null ? '' : `:${line}`}: unknown key "${key}" is ignored${near === null ? '' : `; did you mean "${near}"?`}`;
  });
}
