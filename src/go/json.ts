/** Go's encoding/json into map[string]interface {} and []interface {}, on byte strings. */
import { reserveNext, spend } from './budget.ts';
import { Builder, byPieces } from './builder.ts';
import { quote, quoteRune } from './strconv.ts';
import { decodeRune, encodeRune, isSpace, isValid, RuneError } from './strings.ts';
import { isPrint } from './unicode.ts';
import { AnysType, GoError, GoMap, Slice, StringMapType } from './value.ts';
import type { Value } from './value.ts';

export { encode, encodeIndented } from './json-encode.ts';

/** The value of a JSON text; null stays null. Throws GoError with Go's wording. */
export function decodeValue(text: string): Value {
  const reader = new Reader(text);
  const value = reader.read();
  if (reader.overflow !== null) throw reader.overflow;
  return value;
}

/** A JSON object as map[string]interface {}; null is a nil map. Throws GoError for anything else. */
export function decodeObject(text: string): GoMap {
  const reader = new Reader(text);
  const value = reader.read();
  if (value === null) return new GoMap(StringMapType, null);
  if (!(value instanceof GoMap)) throw cannotUnmarshal(kindOf(value), StringMapType.name);
  if (reader.overflow !== null) throw reader.overflow;
  return value;
}

/** A JSON array as []interface {}; null is a nil slice. Throws GoError for anything else. */
export function decodeArray(text: string): Slice {
  const reader = new Reader(text);
  const value = reader.read();
  if (value === null) return new Slice(AnysType, null);
  if (!(value instanceof Slice)) throw cannotUnmarshal(kindOf(value), AnysType.name);
  if (reader.overflow !== null) throw reader.overflow;
  return value;
}

function kindOf(value: Value): string {
  if (value instanceof GoMap) return 'object';
  if (value instanceof Slice) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `path` has the names and indexes of the value. */
function cannotUnmarshal(what: string, type: string, path: readonly string[] = []): GoError {
  // Go writes a JSON pointer, then replaces every slash by a dot.
  const names = path.map((name) => toValid(name).replaceAll('~', '~0').replaceAll('/', '~1'));
  const field = names.join('.');
  const isItem = /^\d+$/.test(names.at(-1) ?? '');
  const place = field === '' ? 'Go value' : `${isItem ? '' : 'Go struct field '}.${field}`;
  return new GoError(`json: cannot unmarshal ${what} into ${place} of type ${type}`);
}

const maxDepth = 10_000;
const stepsPerValue = 8;

/** A container whose end has not been read yet. */
type Open = Value[] | OpenMap;

class OpenMap {
  readonly entries = new Map<Value, Value>();
  key = '';
}

const space = 0x20;
const quoteMark = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Parses one text, with its own stack for nesting: JavaScript's is too small for the depth that Go allows. */
class Reader {
  /** The error of the first number that does not fit a float64; Go reports it only when there is no other error. */
  overflow: GoError | null = null;
  #at = 0;
  readonly #open: Open[] = [];

  constructor(readonly text: string) {}

  read(): Value {
    for (let values = 1; ; values++) {
      const start = this.#at;
      const value = this.#begin();
      spend(stepsPerValue + ((this.#at - start) >> 3));
      reserveNext(values);
      if (value === undefined) continue;
      const whole = this.#finish(value);
      if (whole === undefined) continue;
      if (this.#skipSpace() <= 0xff) throw this.#unexpected('after top-level value');
      return whole;
    }
  }

  /** Parses a complete value, or the start of a container that is not empty: then the result is undefined. */
  #begin(): Value {
    const char = this.#skipSpace();
    switch (char) {
      case quoteMark:
        this.#at++;
        return this.#readString();
      case openBrace:
        return this.#openMap();
      case openBracket:
        return this.#openArray();
      case 0x74:
        return this.#readLiteral('true', true);
      case 0x66:
        return this.#readLiteral('false', false);
      case 0x6e:
        return this.#readLiteral('null', null);
      default:
        if (char === minus || isDigit(char)) return this.#readNumber();
        throw this.#unexpected('looking for beginning of value');
    }
  }

  /** Adds a value to its container and closes containers that end after it; undefined if another value must follow. */
  #finish(read: Value): Value {
    let value = read;
    for (;;) {
      const open = this.#open.at(-1);
      if (open === undefined) return value;
      if (open instanceof OpenMap) open.entries.set(open.key, value);
      else open.push(value);
      const char = this.#skipSpace();
      if (char === comma) {
        this.#at++;
        if (open instanceof OpenMap) this.#readKey(open);
        return undefined;
      }
      if (char !== (open instanceof OpenMap ? closeBrace : closeBracket)) {
        throw this.#unexpected(open instanceof OpenMap ? 'after object key:value pair' : 'after array element');
      }
      this.#at++;
      this.#open.pop();
      value = open instanceof OpenMap ? new GoMap(StringMapType, open.entries) : new Slice(AnysType, open);
    }
  }

  #openMap(): Value {
    this.#deepen();
    if (this.#skipSpace() === closeBrace) {
      this.#at++;
      return new GoMap(StringMapType, new Map());
    }
    const map = new OpenMap();
    this.#open.push(map);
    this.#readKey(map);
    return undefined;
  }

  #openArray(): Value {
    this.#deepen();
    if (this.#skipSpace() === closeBracket) {
      this.#at++;
      return new Slice(AnysType, []);
    }
    this.#open.push([]);
    return undefined;
  }

  #deepen(): void {
    if (this.#open.length >= maxDepth) throw new GoError('exceeded max depth');
    this.#at++;
  }

  #readKey(map: OpenMap): void {
    if (this.#skipSpace() !== quoteMark) throw this.#unexpected('looking for beginning of object key string');
    this.#at++;
    map.key = this.#readString();
    if (this.#skipSpace() !== colon) throw this.#unexpected('after object key');
    this.#at++;
  }

  /** The next character that is not white space; NaN at the end. */
  #skipSpace(): number {
    for (; ; this.#at++) {
      const char = this.text.charCodeAt(this.#at);
      if (char !== space && char !== 0x0a && char !== 0x0d && char !== 0x09) return char;
    }
  }

  #readLiteral<T extends Value>(word: string, value: T): T {
    this.#at++;
    for (let i = 1; i < word.length; i++, this.#at++) {
      if (this.text[this.#at] !== word[i]) throw this.#unexpected(`in literal ${word} (expecting '${word[i]!}')`);
    }
    return value;
  }

  #readNumber(): number {
    const { text } = this;
    const start = this.#at;
    if (text.charCodeAt(this.#at) === minus) this.#at++;
    if (text.charCodeAt(this.#at) === zero) this.#at++;
    else this.#skipDigits();
    if (text.charCodeAt(this.#at) === point) {
      this.#at++;
      this.#skipDigits();
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(++this.#at);
      if (sign === minus || sign === 0x2b) this.#at++;
      this.#skipDigits();
    }
    const digits = text.slice(start, this.#at);
    spend(digits.length >> 2);
    const value = Number(digits);
    if (!Number.isFinite(value)) this.overflow ??= cannotUnmarshal(`number ${digits}`, 'float64', this.#path());
    return value;
  }

  /** The path of the value that is being parsed. */
  #path(): string[] {
    return this.#open.map((open) => (open instanceof OpenMap ? open.key : String(open.length)));
  }

  /** One or more digits. */
  #skipDigits(): void {
    if (!isDigit(this.text.charCodeAt(this.#at))) throw this.#unexpected('in numeric literal');
    while (isDigit(this.text.charCodeAt(this.#at))) this.#at++;
  }

  /** The text of a string after its opening quote. */
  #readString(): string {
    const { text } = this;
    const start = this.#at;
    let at = start;
    let char = text.charCodeAt(at);
    while (char >= space && char < 0x80 && char !== quoteMark && char !== backslash) char = text.charCodeAt(++at);
    this.#at = at;
    if (char === quoteMark) {
      this.#at++;
      return text.slice(start, at);
    }
    return this.#readRest(text.slice(start, at));
  }

  /** Continues at the first character that is not plain. */
  #readRest(beginning: string): string {
    const out = new Builder();
    out.add(beginning);
    for (;;) {
      const start = this.#at;
      let char = this.text.charCodeAt(start);
      while (char >= space && char !== quoteMark && char !== backslash) char = this.text.charCodeAt(++this.#at);
      spend(stepsPerValue + ((this.#at - start) >> 2));
      out.add(toValid(this.text.slice(start, this.#at)));
      if (char === backslash) {
        this.#at++;
        out.add(this.#readEscape());
      } else if (char === quoteMark) {
        this.#at++;
        return out.toString();
      } else throw this.#unexpected('in string');
    }
  }

  #readEscape(): string {
    const char = this.text[this.#at] ?? '';
    const plain = escapes.get(char);
    if (plain !== undefined) {
      this.#at++;
      return plain;
    }
    if (char !== 'u') throw this.#badEscape(1);
    const unit = hexAt(this.text, this.#at + 1);
    if (unit === null) throw this.#badEscape(5);
    this.#at += 5;
    if ((unit & 0xfc00) !== 0xd800) return encodeRune(unit); // a single low surrogate becomes U+FFFD there
    const low = this.text.startsWith('\\u', this.#at) ? hexAt(this.text, this.#at + 2) : null;
    if (low === null || (low & 0xfc00) !== 0xdc00) return encodeRune(unit);
    this.#at += 6;
    return encodeRune(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff));
  }

  /** The error for an escape of so many bytes after its backslash. */
  #badEscape(length: number): GoError {
    const shown = this.text.slice(this.#at - 1, this.#at + length);
    // The beginning of a valid escape, cut off by the end of the text.
    if (shown.length <= length && /^\\(?:u[0-9a-fA-F]*)?$/.test(shown)) return new GoError(endOfInput);
    return new GoError(`invalid escape sequence ${isClean(shown) ? `\`${shown}\`` : quote(shown)} in string`);
  }

  #unexpected(context: string): GoError {
    if (this.#at >= this.text.length) return new GoError(endOfInput);
    const [rune, size] = decodeRune(this.text, this.#at);
    const isBad = rune === RuneError && size === 1;
    const shown = isBad ? `'\\x${this.text.charCodeAt(this.#at).toString(16)}'` : quoteRune(rune);
    return new GoError(`invalid character ${shown} ${context}`);
  }
}

const endOfInput = 'unexpected end of JSON input';

/** The number of four hexadecimal digits, or null. */
function hexAt(text: string, at: number): number | null {
  const digits = text.slice(at, at + 4);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : null;
}

/** Whether Go shows a text between backquotes. */
function isClean(text: string): boolean {
  for (let i = 0; i < text.length;) {
    const [rune, size] = decodeRune(text, i);
    if (rune === 0x60 || rune === RuneError || isSpace(rune) || !isPrint(rune)) return false;
    i += size;
  }
  return true;
}

const escapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function isDigit(char: number): boolean {
  return char >= zero && char <= 0x39;
}

/** The text with U+FFFD for each byte that is not valid UTF-8. */
function toValid(bytes: string): string {
  return isValid(bytes) ? bytes : byPieces(bytes, repaired);
}

function repaired(bytes: string): string {
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const [rune, size] = decodeRune(bytes, i);
    out += encodeRune(rune);
    i += size;
  }
  return out;
}
