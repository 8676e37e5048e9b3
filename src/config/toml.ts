import { parse, type TomlDate } from 'smol-toml';
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

/** Tables and arrays within each other: no configuration needs more, and each of them takes some of the stack. */
const deepest = 100;
const leastInt = -(2n ** 63n);
const greatestInt = 2n ** 63n - 1n;

/**
 * Parses the bytes of a file; a byte order mark and CRLF are fine. Throws ConfigError with file and line, also for what is
 * nested more than 100 deep.
 */
export function parseToml(file: string, bytes: Uint8Array): TomlFile {
  const text = decode(file, bytes);
  let tree: object;
  try {
    tree = parse(text, { maxDepth: deepest, integersAsBigInt: true });
  } catch (error) {
    throw syntaxError(file, text, error);
  }
  return { file, table: new Reader(file, findPlaces(text, deepest)).table(tree, []) };
}

/** Go's wording of a value that a key cannot take. */
export function tomlError(file: string, entry: TomlEntry, message: string): ConfigError {
  const where = entry.line === null ? '' : `line ${entry.line} `;
  return new ConfigError(`${file}: toml: ${where}(last key "${entry.path.join('.')}"): ${message}`, file, entry.line);
}

function decode(file: string, bytes: Uint8Array): string {
  try {
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
  const { line, message } = cause as Error & { line: number };
  // The parser's message goes on with an excerpt of the file, and that may hold a password.
  const fact = message.replace(/^Invalid TOML document: /, '').replace(/\n\n[^]*$/, '');
  const source = text.split('\n')[line - 1]!;
  const words = facts.find(([pattern]) => pattern.test(fact))?.[1](source) ?? fact;
  return new ConfigError(`${file}: toml: line ${line}: ${words}`, file, line, { cause: new Error(fact) });
}

const noSuchDate = 'there is no such date or time';
const tooDeep = `nested more than ${deepest} levels deep`;

/** What the parser says, and what says more. */
const facts: readonly (readonly [RegExp, (source: string) => string])[] = [
  [
    /^illegal leading zero/,
    (source) => {
      const advice = /^\s*[ug]id\b/i.test(source) ? 'leave them out' : 'put the value in quotes';
      return `an integer cannot have leading zeroes: ${advice}`;
    },
  ],
  [/^invalid date$/, () => noSuchDate],
  [/excessively nested/, () => tooDeep],
];

class Reader {
  constructor(
    private readonly file: string,
    private readonly places: ReadonlyMap<string, Place>,
  ) {}

  table(tree: object, path: readonly string[]): TomlTable {
    return new Map(Object.entries(tree).map(([name, value]) => [name, this.entry(value as unknown, [...path, name])]));
  }

  private entry(value: unknown, path: readonly string[]): TomlEntry {
    // Dotted keys nest, too, and the parser does not count them.
    if (path.length > deepest) throw this.tooDeep(path);
    const place = this.places.get(pathKey(path));
    // A key of an inline table has the line of the table.
    const line = place?.line ?? this.places.get(pathKey(path.slice(0, -1)))?.line ?? null;
    const of = (type: string, converted: TomlValue): TomlEntry => ({ value: converted, type, line, path });
    if (typeof value === 'string') return of('string', value);
    if (typeof value === 'boolean') return of('bool', value);
    if (value instanceof Date) return this.checkDate(of('time.Time', value), place?.source ?? '');
    if (typeof value === 'bigint') {
      const isSafe = Number.isSafeInteger(Number(value));
      return this.checkInt(of('int64', isSafe ? Number(value) : value));
    }
    if (typeof value === 'number') return this.checkFloat(of('float64', value), place?.source ?? '');
    if (!Array.isArray(value)) return of('map[string]interface {}', this.table(value as object, path));
    // Only [[name]] leaves a table's header, with nothing behind it, at the name of an array.
    const type = place?.source === '' ? '[]map[string]interface {}' : '[]interface {}';
    const items = value.map((item: unknown) => this.item(item, path, line));
    return of(type, items);
  }

  /** An element of an array has the array's line. */
  private item(value: unknown, path: readonly string[], line: number | null): TomlEntry {
    const places = line === null ? [] : [[pathKey(path), { line, source: 'an element' }] as const];
    return new Reader(this.file, new Map(places)).entry(value, path);
  }

  private tooDeep(path: readonly string[]): ConfigError {
    const above = path.map((_, index) => this.places.get(pathKey(path.slice(0, path.length - index))));
    const line = above.find((place) => place !== undefined)?.line ?? null;
    return new ConfigError(`${this.file}: toml: ${line === null ? '' : `line ${line}: `}${tooDeep}`, this.file, line);
  }

  /** The parser knows integers of any length. The digits are not told: they may be a password that lacks its quotes. */
  private checkInt(entry: TomlEntry): TomlEntry {
    if (typeof entry.value !== 'bigint' || (entry.value >= leastInt && entry.value <= greatestInt)) return entry;
    throw tomlError(this.file, entry, 'the number is out of range for int64');
  }

  private checkFloat(entry: TomlEntry, source: string): TomlEntry {
    if (Number.isFinite(entry.value) || !/^[-+]?[0-9]/.test(source)) return entry;
    throw tomlError(this.file, entry, 'the number is out of range for float64');
  }

  /** To the parser February has 31 days. */
  private checkDate(entry: TomlEntry, source: string): TomlEntry {
    const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.exec(source)?.[0];
    if (day === undefined || (entry.value as TomlDate).toISOString().startsWith(day)) return entry;
    throw tomlError(this.file, entry, noSuchDate);
  }
}
