/** Go's strconv package, on byte strings. Messages of errors are byte strings too. */
import { spend } from './budget.ts';
import { byPieces } from './builder.ts';
import { decodeRune, encodeRune, isValid, isValidRune, RuneError } from './strings.ts';
import { isPrint } from './unicode.ts';
import { GoError } from './value.ts';

export { formatFloat } from './ftoa.ts';

const syntax = 'invalid syntax';
const range = 'value out of range';

function numError(name: string, text: string, problem: string): GoError {
  return new GoError(`strconv.${name}: parsing ${quote(text)}: ${problem}`);
}

/** Parses one of Go's twelve spellings of a bool. */
export function parseBool(s: string): boolean {
  switch (s) {
    case '1':
    case 't':
    case 'T':
    case 'true':
    case 'TRUE':
    case 'True':
      return true;
    case '0':
    case 'f':
    case 'F':
    case 'false':
    case 'FALSE':
    case 'False':
      return false;
    default:
      throw numError('ParseBool', s, syntax);
  }
}

/** Reads a decimal int with an optional sign. */
export function atoi(s: string): bigint {
  return parseSigned('Atoi', s, 10, 64);
}

/** Parses a signed integer; base 0 takes the base from a prefix and allows underscores, bits 0 means 64. */
export function parseInt(s: string, base: number, bits: number): bigint {
  return parseSigned('ParseInt', s, base, bits || 64);
}

/** Parses an unsigned integer; base 0 takes the base from a prefix and allows underscores, bits 0 means 64. */
export function parseUint(s: string, base: number, bits: number): bigint {
  const value = parseMagnitude(s, base, bits || 64);
  if (typeof value === 'string') throw numError('ParseUint', s, value);
  return value;
}

function parseSigned(name: string, s: string, base: number, bits: number): bigint {
  const isNegative = s.startsWith('-');
  const value = parseMagnitude(isNegative || s.startsWith('+') ? s.slice(1) : s, base, bits);
  if (typeof value === 'string') throw numError(name, s, value);
  const limit = 1n << BigInt(bits - 1);
  if (isNegative ? value > limit : value >= limit) throw numError(name, s, range);
  return isNegative ? -value : value;
}

/** The value of unsigned digits, or their error. */
function parseMagnitude(digits: string, base: number, bits: number): bigint | string {
  if (base < 0 || base === 1 || base > 36) return `invalid base ${base}`;
  if (base !== 0) return toBigInt(digits, base, bits);
  const prefix = /^0([box])./is.exec(digits)?.[1]?.toLowerCase();
  const radix = prefix === undefined ? (digits.startsWith('0') ? 8 : 10) : prefix === 'x' ? 16 : prefix === 'o' ? 8 : 2;
  if (digits.includes('_') && !underscoresFit(digits)) return syntax;
  return toBigInt(digits.slice(prefix === undefined ? 0 : 2).replaceAll('_', ''), radix, bits);
}

function toBigInt(digits: string, radix: number, bits: number): bigint | string {
  if (digits === '') return syntax;
  if (radix === 10 && bits === 64 && /^[0-9]{1,15}$/.test(digits)) return BigInt(Number(digits));
  let value = 0n;
  for (const char of digits) {
    spend(8);
    const digit = Number.parseInt(char, 36);
    if (!(digit < radix)) return syntax;
    value = value * BigInt(radix) + BigInt(digit);
    // Go stops at the first digit that is too much, and ignores the rest.
    if (value >> BigInt(bits) > 0n) return range;
  }
  return value;
}

/** Whether underscores are only between digits, or between a base prefix and a digit. */
function underscoresFit(text: string): boolean {
  const prefixed = /^0[box]/i.test(text);
  const digits = /^0x/i.test(text) ? '0-9a-f' : '0-9';
  const rest = prefixed ? '0' + text.slice(2) : text;
  return !new RegExp(`(^|[^${digits}])_|_([^${digits}]|$)|__`, 'i').test(rest);
}

const decimalFloat = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;
const hexFloat = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/i;
const specialFloat = /^(?:([+-]?)inf(?:inity)?|nan)$/i;

/** Reads a decimal or hexadecimal float (Go's literals), Inf or NaN; bits is 64 or 32. */
export function parseFloat(s: string, bits = 64): number {
  const special = specialFloat.exec(s);
  if (special) return special[1] === undefined ? NaN : special[1] === '-' ? -Infinity : Infinity;
  const text = s.includes('_') ? withoutUnderscores(s) : s;
  const value = decimalFloat.test(text) ? Number(text) : parseHexFloat(s, text);
  const rounded = bits === 32 ? Math.fround(value) : value;
  if (!Number.isFinite(rounded)) throw numError('ParseFloat', s, range);
  return rounded;
}

function withoutUnderscores(s: string): string {
  if (!underscoresFit(s.replace(/^[+-]/, ''))) throw numError('ParseFloat', s, syntax);
  return s.replaceAll('_', '');
}

/** Computes m × 2^e exactly, then rounds once, half to even: Number(bigint) rounds that way. */
function parseHexFloat(s: string, text: string): number {
  const match = hexFloat.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = match ?? [];
  if (match === null || whole + fraction === '') throw numError('ParseFloat', s, syntax);
  const mantissa = BigInt('0x' + whole + fraction);
  const power = Math.max(-100_000, Math.min(100_000, Number(exponent))) - 4 * fraction.length;
  const value = scale(mantissa, power);
  return sign === '-' ? -value : value;
}

function scale(mantissa: bigint, power: number): number {
  if (mantissa === 0n) return 0;
  const length = mantissa.toString(2).length;
  if (length + power > 1025) return Infinity;
  // Bits below the smallest subnormal, and a sticky bit for everything below.
  const drop = Math.max(length - 56, -1074 - 2 - power, 0);
  const kept = mantissa >> BigInt(drop);
  const sticky = kept << BigInt(drop) === mantissa ? kept : kept | 1n;
  const top = power + drop;
  if (top >= -1022) return Number(sticky) * 2 ** Math.min(top, 1023) * 2 ** Math.max(top - 1023, 0);
  return roundSubnormal(sticky, top);
}

/** sticky × 2^top where multiplying would round twice: round to a multiple of 2^-1074 first. */
function roundSubnormal(sticky: bigint, top: number): number {
  const length = sticky.toString(2).length;
  if (length + top > -1022) return Number(sticky) * 2 ** (top + 200) * 2 ** -200;
  // A multiple already: all of its few bits fit.
  if (top >= -1074) return Number(sticky << BigInt(top + 1074)) * 2 ** -1074;
  const below = BigInt(-1074 - top);
  const quotient = sticky >> below;
  const rest = sticky - (quotient << below);
  const half = 1n << (below - 1n);
  const isUp = rest > half || (rest === half && quotient % 2n === 1n);
  return Number(quotient + (isUp ? 1n : 0n)) * 2 ** -1074;
}

const plainQuotable = /^[ !#-[\]-~]*$/;

/** s as a Go string literal; runes that do not print are escaped. */
export function quote(s: string): string {
  return plainQuotable.test(s) ? `"${s}"` : quoteWith(s, '"', false);
}

/** Like quote, with everything that is not ASCII escaped. */
export function quoteToASCII(s: string): string {
  return plainQuotable.test(s) ? `"${s}"` : quoteWith(s, '"', true);
}

function quoteWith(s: string, mark: string, asciiOnly: boolean): string {
  return mark + byPieces(s, (piece) => escapeRunes(piece, mark, asciiOnly)) + mark;
}

function escapeRunes(s: string, mark: string, asciiOnly: boolean): string {
  let out = '';
  for (let i = 0; i < s.length;) {
    const [rune, size] = decodeRune(s, i);
    if (rune === RuneError && size === 1) out += '\\x' + hex(s.charCodeAt(i), 2);
    else out += escapeRune(rune, mark, asciiOnly);
    i += size;
  }
  return out;
}

/** A rune as a Go character literal; one that is not valid shows as U+FFFD. */
export function quoteRune(rune: number): string {
  return `'${escapeRune(isValidRune(rune) ? rune : RuneError, "'", false)}'`;
}

/** Like quoteRune, escaped if it is not ASCII. */
export function quoteRuneToASCII(rune: number): string {
  return `'${escapeRune(isValidRune(rune) ? rune : RuneError, "'", true)}'`;
}

const letterEscapes = new Map<number, string>([
  [7, '\\a'],
  [8, '\\b'],
  [12, '\\f'],
  [10, '\\n'],
  [13, '\\r'],
  [9, '\\t'],
  [11, '\\v'],
]);

function escapeRune(rune: number, mark: string, asciiOnly: boolean): string {
  if (rune === mark.charCodeAt(0) || rune === 0x5c) return '\\' + String.fromCharCode(rune);
  if (isPrint(rune) && (rune < 0x80 || !asciiOnly)) return encodeRune(rune);
  const letter = letterEscapes.get(rune);
  if (letter !== undefined) return letter;
  if (rune < 0x20 || rune === 0x7f) return '\\x' + hex(rune, 2);
  return rune < 0x10000 ? '\\u' + hex(rune, 4) : '\\U' + hex(rune, 8);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Whether s can be written unchanged between backquotes on one line. */
export function canBackquote(s: string): boolean {
  return !/[\x00-\x08\x0a-\x1f`\x7f]|\xef\xbb\xbf/.test(s) && isValid(s);
}

/** The text of a Go string, raw string or character literal. Throws `invalid syntax`. */
export function unquote(s: string): string {
  const mark = s[0];
  const last = s.length - 1;
  if (last < 1 || s[last] !== mark) throw new GoError(syntax);
  const inner = s.slice(1, last);
  if (mark === '`') {
    if (inner.includes('`')) throw new GoError(syntax);
    return inner.replaceAll('\r', '');
  }
  if (mark !== '"' && mark !== "'") throw new GoError(syntax);
  if (mark === '"' && plainQuotable.test(inner)) return inner;
  return unescape(inner, mark);
}

function unescape(inner: string, mark: string): string {
  let out = '';
  let count = 0;
  for (let i = 0; i < inner.length; count++) {
    const char = inner[i]!;
    if (char === mark || char === '\n') throw new GoError(syntax);
    if (char === '\\') {
      const [text, size] = unescapeOne(inner, i + 1, mark);
      out += text;
      i += size + 1;
    } else {
      const [rune, size] = decodeRune(inner, i);
      out += encodeRune(rune); // an invalid byte becomes U+FFFD, as in Go
      i += size;
    }
  }
  // Go reads '' as an empty text, without an error.
  if (mark === "'" && count > 1) throw new GoError(syntax);
  return out;
}

const unescapes = new Map<string, string>(
  [...letterEscapes].map(([rune, text]) => [text[1]!, String.fromCharCode(rune)]),
);
const hexEscapes = new Map<string, RegExp>([
  ['x', /^[0-9a-f]{2}/i],
  ['u', /^[0-9a-f]{4}/i],
  ['U', /^[0-9a-f]{8}/i],
]);

/** The value of the escape after a backslash, and its size without the backslash. */
function unescapeOne(s: string, i: number, mark: string): [text: string, size: number] {
  const char = s[i] ?? '';
  if (char === '\\' || (char === mark && char !== '')) return [char, 1];
  const letter = unescapes.get(char);
  if (letter !== undefined) return [letter, 1];
  const octal = /^[0-7]{3}/.exec(s.slice(i, i + 3))?.[0];
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8);
    if (byte > 255) throw new GoError(syntax);
    return [String.fromCharCode(byte), 3];
  }
  const digits = hexEscapes.get(char)?.exec(s.slice(i + 1, i + 9))?.[0];
  if (digits === undefined) throw new GoError(syntax);
  const rune = Number.parseInt(digits, 16);
  if (char === 'x') return [String.fromCharCode(rune), 3];
  if (!isValidRune(rune)) throw new GoError(syntax);
  return [encodeRune(rune), digits.length + 1];
}
