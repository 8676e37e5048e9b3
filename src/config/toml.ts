import { parse } from '@iarna/toml';
import { outOfBounds, type OutOfBounds } from './bounds.ts';
import { ConfigError, type ConfigPlace } from './error.ts';
import { type Place, findPlaces, pathKey } from './toml-lines.ts';

/** TOML as a tree of Maps; every value has its line and its type in Go. */

export type TomlValue = string | boolean | number | bigint | Date | readonly TomlEntry[] | TomlTable;

export interface TomlEntry {
  readonly value: TomlValue;
  /** Go's name: string, int64, float64, bool, time.Time, []interface {}, map[string]interface {}. */
  readonly type: string;
  readonly line: number | null;
  /** The column of the key, from 1. */
  readonly column: number | null;
  /** Names of the tables and of the key. */
  readonly path: readonly string[];
}

export type TomlTable = ReadonlyMap<string, TomlEntry>;

/** One parsed file. */
export interface TomlFile {
  readonly file: string;
  readonly table: TomlTable;
}

/** Maximum nesting of tables and arrays: no configuration needs more, and each level needs stack. */
const maxDepth = 100;

/**
 * Parses the bytes of a file; a byte order mark and CRLF are accepted. Throws ConfigError with file and line, also for
 * nesting of more than 100 levels.
 */
export function parseToml(file: string, bytes: Uint8Array): TomlFile {
  const text = decode(file, bytes);
  const beyond = outOfBounds(text, maxDepth);
  if (beyond?.problem === 'depth') throw tooDeep(file, beyond.line);
  let tree: object;
  try {
    tree = parse(text);
  } catch (error) {
    if (beyond !== null) throw beyondError(file, beyond, new Map());
    throw parserError(file, text, error);
  }
  const places = findPlaces(text, maxDepth);
  if (beyond !== null) throw beyondError(file, beyond, places);
  return { file, table: new Reader(file, places).table(tree, []) };
}

/** Go's message for a value that a key cannot have. */
export function tomlError(file: string, entry: TomlEntry, message: string, code = 'invalid-value'): ConfigError {
  const where = entry.line === null ? '' : `line ${entry.line} `;
  const key = entry.path.join('.');
  return new ConfigError(`${file}: toml: ${where}(last key "${key}"): ${message}`, file, entry.line, {
    column: entry.column,
    code,
    fact: `${key}: ${message}`,
  });
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    // The parser accepts CRLF, but not after a comment.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (cause) {
    const line = firstBadLine(bytes);
    throw syntaxError(file, { line, column: null }, 'invalid UTF-8 byte', cause);
  }
}

function firstBadLine(bytes: Uint8Array): number {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return 1 + lines.findIndex((line) => Buffer.from(line, 'latin1').toString('utf8').includes('\ufffd'));
}

function syntaxError(
  file: string,
  { line, column }: Pick<ConfigPlace, 'line' | 'column'>,
  fact: string,
  cause?: unknown,
): ConfigError {
  const where = line === null ? '' : `line ${line}: `;
  return new ConfigError(`${file}: toml: ${where}${fact}`, file, line, { cause, column, code: 'invalid-toml', fact });
}

function parserError(file: string, text: string, cause: unknown): ConfigError {
  const { line: row, col, message } = cause as Error & { line?: number; col?: number };
  const line = row === undefined ? null : Math.min(row + 1, text.split('\n').length);
  // The parser's message continues with a part of the file, which may hold a password.
  const fact = message.replace(/ at row \d+, col \d+, pos \d+:\n[^]*$/, '');
  const source = line === null ? '' : text.split('\n')[line - 1]!;
  const words = /=\s*[-+]?0[0-9]/.test(source) ? leadingZeroes(source) : fact;
  const column = row === undefined || line !== row + 1 || col === undefined ? null : Math.max(col, 1);
  return syntaxError(file, { line, column }, words, new Error(fact));
}

function leadingZeroes(source: string): string {
  const advice = /^\s*[ug]id\b/i.test(source) ? 'leave them out' : 'put the value in quotes';
  return `an integer cannot have leading zeroes: ${advice}`;
}

function tooDeep(file: string, line: number | null): ConfigError {
  return syntaxError(file, { line, column: null }, `nested more than ${maxDepth} levels deep`);
}

/** The value is not shown: it may be a password without its quotes. */
function beyondError(file: string, { line, problem }: OutOfBounds, places: ReadonlyMap<string, Place>): ConfigError {
  const words = problem === 'date' ? 'there is no such date or time' : 'the number is out of range for int64';
  const key = [...places].findLast(([, place]) => place.line <= line)?.[0];
  if (key === undefined) return syntaxError(file, { line, column: null }, words);
  const path = JSON.parse(key) as string[];
  return tomlError(file, { value: '', type: '', line, column: null, path }, words);
}

class Reader {
  constructor(
    private readonly file: string,
    private readonly places: ReadonlyMap<string, Place>,
  ) {}

  table(tree: object, path: readonly string[]): TomlTable {
    return new Map(Object.entries(tree).map(([name, value]) => [name, this.entry(value as unknown, [...path, name])]));
  }

  private entry(value: unknown, path: readonly string[]): TomlEntry {
    // Dotted keys nest, too, but the parser does not count them.
    if (path.length > maxDepth) throw this.tooDeep(path);
    const place = this.places.get(pathKey(path));
    // A key of an inline table has the line of the table.
    const { line, column } = place ?? this.places.get(pathKey(path.slice(0, -1))) ?? { line: null, column: null };
    const of = (type: string, converted: TomlValue): TomlEntry => ({ value: converted, type, line, column, path });
    if (typeof value === 'string') return of('string', value);
    if (typeof value === 'boolean') return of('bool', value);
    if (value instanceof Date) return of('time.Time', value);
    if (typeof value === 'bigint') return of('int64', value);
    if (typeof value === 'number') {
      const source = place?.source ?? '';
      return isFloat(value, source) ? this.checkFloat(of('float64', value), source) : of('int64', value);
    }
    if (!Array.isArray(value)) return of('map[string]interface {}', this.table(value as object, path));
    // For a table array, the source text after the key is empty only for [[name]].
    const type = place?.source === '' ? '[]map[string]interface {}' : '[]interface {}';
    const items = value.map((item: unknown) => this.item(item, path, { line, column }));
    return of(type, items);
  }

  /** An element of an array has the array's line. */
  private item(
    value: unknown,
    path: readonly string[],
    { line, column }: Pick<TomlEntry, 'line' | 'column'>,
  ): TomlEntry {
    const places =
      line === null || column === null ? [] : [[pathKey(path), { line, column, source: 'an element' }] as const];
    return new Reader(this.file, new Map(places)).entry(value, path);
  }

  private tooDeep(path: readonly string[]): ConfigError {
    const above = path.map((_, index) => this.places.get(pathKey(path.slice(0, path.length - index))));
    return tooDeep(this.file, above.find((place) => place !== undefined)?.line ?? null);
  }

  private checkFloat(entry: TomlEntry, source: string): TomlEntry {
    if (Number.isFinite(entry.value) || !/^[-+]?[0-9]/.test(source)) return entry;
    throw tomlError(this.file, entry, 'the number is out of range for float64');
  }
}

/** The parser returns the same number for 10.0 and 10, so the source text decides. */
function isFloat(value: number, source: string): boolean {
  return !Number.isInteger(value) || /^[-+]?[0-9][0-9_]*(?:\.|[eE])/.test(source);
}
