/** Go's strings and unicode/utf8 packages, on byte strings. */
import { reserve, reserveNext, reserveText, spend } from './budget.ts';
import { Builder, byPieces } from './builder.ts';
import { lowerRune, upperRune } from './unicode.ts';

/** The result of decoding a byte that is not valid UTF-8. */
export const RuneError = 0xfffd;

const stepsPerRune = 4;

const ascii = /^[\x00-\x7f]*$/;

/** The rune at s[i] and its size in bytes: [RuneError, 1] for an invalid byte, [RuneError, 0] at the end. */
export function decodeRune(s: string, i: number): [rune: number, size: number] {
  const first = s.charCodeAt(i);
  if (first < 0x80) return [first, 1];
  if (Number.isNaN(first)) return [RuneError, 0];
  const size = sequenceSize(first);
  if (size === 1) return [RuneError, 1];
  let rune = first & (0x7f >> size);
  for (let k = 1; k < size; k++) {
    const next = s.charCodeAt(i + k);
    if ((next & 0xc0) !== 0x80) return [RuneError, 1];
    rune = (rune << 6) | (next & 0x3f);
  }
  return isShortest(rune, size) ? [rune, size] : [RuneError, 1];
}

function sequenceSize(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** Refuses overlong forms, surrogates and runes beyond Unicode, as Go does. */
function isShortest(rune: number, size: number): boolean {
  if (size === 3) return rune >= 0x800 && (rune < 0xd800 || rune > 0xdfff);
  return size === 2 || (rune >= 0x10000 && rune <= 0x10ffff);
}

/** Whether a number is a rune that UTF-8 can hold. */
export function isValidRune(rune: number): boolean {
  return (rune >= 0 && rune < 0xd800) || (rune > 0xdfff && rune <= 0x10ffff);
}

/** The UTF-8 bytes of a rune; those of U+FFFD if it is not a valid one. */
export function encodeRune(rune: number): string {
  if (rune >= 0 && rune < 0x80) return String.fromCharCode(rune);
  if (!isValidRune(rune)) return '\xef\xbf\xbd';
  if (rune < 0x800) return String.fromCharCode(0xc0 | (rune >> 6), 0x80 | (rune & 0x3f));
  const tail = [0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f)];
  if (rune < 0x10000) return String.fromCharCode(0xe0 | (rune >> 12), ...tail);
  return String.fromCharCode(0xf0 | (rune >> 18), 0x80 | ((rune >> 12) & 0x3f), ...tail);
}

/** The number of runes in s; every invalid byte counts as one. */
export function runeCount(s: string): number {
  if (ascii.test(s)) return s.length;
  let count = 0;
  for (let i = 0; i < s.length; i += decodeRune(s, i)[1], count++) spend(stepsPerRune);
  return count;
}

/** The index after the first n runes of s. */
export function runeOffset(s: string, n: number): number {
  let i = 0;
  for (let k = 0; k < n && i < s.length; k++) {
    spend(stepsPerRune);
    i += decodeRune(s, i)[1];
  }
  return i;
}

/** Whether s is valid UTF-8. */
export function isValid(s: string): boolean {
  if (ascii.test(s)) return true;
  for (let i = 0; i < s.length;) {
    spend(stepsPerRune);
    const [rune, size] = decodeRune(s, i);
    if (rune === RuneError && size === 1) return false;
    i += size;
  }
  return true;
}

/** s with every rune in upper case, one rune for one (`ß` stays). Invalid bytes become U+FFFD, unless s is ASCII. */
export function toUpper(s: string): string {
  return ascii.test(s) ? s.toUpperCase() : byPieces(s, (piece) => mapRunes(piece, upperRune));
}

/** s with every rune in lower case, one rune for one. Invalid bytes become U+FFFD, unless s is ASCII. */
export function toLower(s: string): string {
  return ascii.test(s) ? s.toLowerCase() : byPieces(s, (piece) => mapRunes(piece, lowerRune));
}

function mapRunes(s: string, map: (rune: number) => number): string {
  let out = '';
  for (let i = 0; i < s.length;) {
    const [rune, size] = decodeRune(s, i);
    out += encodeRune(map(rune));
    i += size;
  }
  return out;
}

/** Replaces the first n occurrences, all if n is negative; an empty `from` matches before each rune and at the end. */
export function replace(s: string, from: string, to: string, n: number): string {
  if (from === to || n === 0) return s;
  const limit = n < 0 ? Infinity : n;
  if (from === '') return interleave(s, to, limit);
  const out = new Builder();
  let start = 0;
  for (let done = 0; done < limit; done++) {
    const at = indexOf(s, from, start);
    if (at < 0) break;
    spend(stepsPerPart);
    out.add(s.slice(start, at));
    out.add(to);
    start = at + from.length;
  }
  out.add(s.slice(start));
  return out.toString();
}

function interleave(s: string, to: string, limit: number): string {
  const out = new Builder();
  let start = 0;
  for (let done = 0; done < limit; done++) {
    spend(stepsPerPart);
    out.add(to);
    if (start >= s.length) return out.toString();
    const size = decodeRune(s, start)[1];
    out.add(s.slice(start, start + size));
    start += size;
  }
  out.add(s.slice(start));
  return out.toString();
}

/** The cost of finding and copying one part. */
const stepsPerPart = 8;

/** The parts of s between separators; an empty separator splits after each rune. */
export function split(s: string, separator: string): string[] {
  const parts: string[] = [];
  const add = (from: number, to: number) => {
    spend(stepsPerPart);
    reserveNext(parts.length);
    parts.push(s.slice(from, to));
    return to;
  };
  if (separator === '') {
    for (let at = 0; at < s.length;) at = add(at, at + decodeRune(s, at)[1]);
    return parts;
  }
  let start = 0;
  for (let at = indexOf(s, separator); at >= 0; at = indexOf(s, separator, start)) {
    start = add(start, at) + separator.length;
  }
  add(start, s.length);
  return parts;
}

/** The parts of s between runs of white space, as Go's unicode.IsSpace defines it. */
export function fields(s: string): string[] {
  const parts: string[] = [];
  let start = -1;
  for (let i = 0; i < s.length;) {
    const [rune, size] = decodeRune(s, i);
    if (isSpace(rune)) {
      if (start >= 0) parts.push(s.slice(start, i));
      start = -1;
    } else if (start < 0) start = i;
    i += size;
  }
  if (start >= 0) parts.push(s.slice(start));
  return parts;
}

/** s without the white space around it. */
export function trimSpace(s: string): string {
  let start = 0;
  while (start < s.length) {
    const [rune, size] = decodeRune(s, start);
    if (!isSpace(rune)) break;
    start += size;
  }
  let end = start;
  for (let i = start; i < s.length;) {
    const [rune, size] = decodeRune(s, i);
    i += size;
    if (!isSpace(rune)) end = i;
  }
  return s.slice(start, end);
}

/** Whether a rune is white space in Unicode's sense. */
export function isSpace(rune: number): boolean {
  if (rune < 0x100) return rune === 0x20 || (rune >= 9 && rune <= 13) || rune === 0x85 || rune === 0xa0;
  if (rune >= 0x2000 && rune <= 0x200a) return true;
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(rune);
}

/** Whether part occurs in s. */
export function contains(s: string, part: string): boolean {
  return indexOf(s, part) >= 0;
}

/** How many bytes the built-in search compares in a second, at worst. */
const minCountedComparisons = 2 ** 28;

/** The first position of part in s from `from` on, or -1, in linear time. */
function indexOf(s: string, part: string, from = 0): number {
  // The built-in search: fast, but quadratic for the worst texts.
  if (part.length <= 8 || part.length * (s.length - from) <= minCountedComparisons) return s.indexOf(part, from);
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = from; at < s.length; at++) {
    spend(1);
    while (matched > 0 && s.charCodeAt(at) !== part.charCodeAt(matched)) matched = borders[matched - 1]!;
    if (s.charCodeAt(at) === part.charCodeAt(matched)) matched++;
    if (matched === part.length) return at + 1 - matched;
  }
  return -1;
}

/** For each prefix of a text, the length of its longest proper border. */
function bordersOf(text: string): Int32Array {
  reserve(4 * text.length);
  const borders = new Int32Array(text.length);
  let border = 0;
  for (let at = 1; at < text.length; at++) {
    spend(1);
    while (border > 0 && text.charCodeAt(at) !== text.charCodeAt(border)) border = borders[border - 1]!;
    if (text.charCodeAt(at) === text.charCodeAt(border)) border++;
    borders[at] = border;
  }
  return borders;
}

/** s without one leading prefix. */
export function trimPrefix(s: string, prefix: string): string {
  return s.startsWith(prefix) ? s.slice(prefix.length) : s;
}

/** s without one trailing suffix. */
export function trimSuffix(s: string, suffix: string): string {
  return s.endsWith(suffix) ? s.slice(0, s.length - suffix.length) : s;
}

/** s repeated count times; a negative count is a RangeError, as Go panics there. */
export function repeat(s: string, count: number): string {
  reserveText(s.length * count);
  return s.repeat(count);
}
