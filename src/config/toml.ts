import { parse } from '@iarna/toml';
import { ConfigError } from './error.ts';
import { type Place, findPlaces, pathKey } from './lines.ts';

/** TOML text as a tree of Maps in which every value knows its line and what Go would call its type. */

export type TomlValue = string | boolean | number | bigint | Date | readonly TomlEntry[] | TomlTable;

export interface TomlEntry {
  readonly value: TomlValue;
  /** Go's word: string, int64, float64, bool, time.Time, []interface {}, map[string]interface {}. */
  readonly type: string;
  readonly line: number | null;
  /** Names of the tables and of the key that lead here. */
  readonly path: readonly string[];
}

export type TomlTable = ReadonlyMap<string, TomlEntry>;

/** One parsed file. */
export interface TomlFile {
  readonly file: string;
  readonly table: TomlTable;
}

/** Parses the bytes of a file; a byte order mark and CRLF are fine. Throws ConfigError with file and line. */
export function parseToml(file: string, bytes: Uint8Array): TomlFile {
  const text = decode(file, bytes);
  let tree: object;
  try {
    tree = parse(text);
  } catch (error) {
    throw syntaxError(file, text, error);
  }
  const places = findPlaces(text);
  return { file, table: tableOf(tree, [], places) };
}

/** Go's wording of a value that a key cannot take. */
export function tomlError(file: string, entry: TomlEntry, message: string): ConfigError {
  const where = entry.line === null ? '' : `line ${entry.line} `;
  return new ConfigError(`${file}: toml: ${where}(last key "${entry.path.join('.')}"): ${message}`, file, entry.line);
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    // The parser takes CRLF, though not behind a comment.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (cause) {
    const line = firstBadLine(bytes);
    throw new ConfigError(`${file}: toml: line ${line}: invalid UTF-8 byte`, file, line, { cause });
  }
}

function firstBadLine(bytes: Uint8Array): number {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return 1 + lines.findIndex((line) => Buffer.from(line, 'latin1').toString('utf8').includes('\ufffd'));
}

function syntaxError(file: string, text: string, cause: unknown): ConfigError {
  const { line: row, message } = cause as Error & { line?: number };
  const line = row === undefined ? null : Math.min(row + 1, text.split('\n').length);
  // The parser's message goes on with an excerpt of the file, and that may hold a password.
  const fact = message.replace(/ at row \d+, col \d+, pos \d+:\n[^]*$/, '');
  const source = line === null ? '' : text.split('\n')[line - 1]!;
  const hint = /=\s*[-+]?0[0-9]/.test(source) ? 'an integer cannot have leading zeroes: put the value in quotes' : fact;
  return new ConfigError(`${file}: toml: ${line === null ? '' : `line ${line}: `}${hint}`, file, line, {
    cause: new Error(fact),
  });
}

function tableOf(tree: object, path: readonly string[], places: ReadonlyMap<string, Place>): TomlTable {
  return new Map(
    Object.entries(tree).map(([name, value]) => [name, entryOf(value as unknown, [...path, name], places)]),
  );
}

function entryOf(value: unknown, path: readonly string[], places: ReadonlyMap<string, Place>): TomlEntry {
  const place = places.get(pathKey(path));
  // A key of an inline table has the line of the table.
  const line = place?.line ?? places.get(pathKey(path.slice(0, -1)))?.line ?? null;
  const of = (type: string, converted: TomlValue): TomlEntry => ({ value: converted, type, line, path });
  if (typeof value === 'string') return of('string', value);
  if (typeof value === 'boolean') return of('bool', value);
  if (typeof value === 'bigint') return of('int64', value);
  if (typeof value === 'number') return of(isFloat(value, place?.source ?? '') ? 'float64' : 'int64', value);
  if (value instanceof Date) return of('time.Time', value);
  if (Array.isArray(value)) {
    // Only [[name]] leaves a table's header, with nothing behind it, at the name of an array.
    const type = place?.source === '' ? '[]map[string]interface {}' : '[]interface {}';
    return of(
      type,
      value.map((item: unknown) => ({ ...entryOf(item, path, new Map()), line, path })),
    );
  }
  return of('map[string]interface {}', tableOf(value as object, path, places));
}

/** The parser gives 10.0 and 10 as the same number, so the source has to tell. */
function isFloat(value: number, source: string): boolean {
  return !Number.isInteger(value) || /^[-+]?[0-9][0-9_]*(?:\.|[eE])/.test(source);
}
