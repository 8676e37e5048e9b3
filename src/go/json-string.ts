/** Byte strings as JSON strings, the way Go's encoding/json writes them. */

import { spend } from './budget.ts';
import { Builder } from './builder.ts';

/** The differences between releases of Go; all of them escape HTML characters, and U+2028 and U+2029. */
export interface StringStyle {
  /** The escape of each byte below 0x80; '' if it is not escaped. */
  readonly escapes: readonly string[];
  /** The replacement of an invalid byte, as a byte string. */
  readonly invalid: string;
}

/** Bytes that no release escapes: text of these bytes only is copied. */
const plain = /^[ !#-%'-;=?-[\]-\x7f]*$/;

const shortAlways: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A style; `short` are the control characters with a two-character escape, besides \n, \r and \t. */
export function styleOf(short: Readonly<Record<string, string>>, invalid: string): StringStyle {
  const escapes = Array.from({ length: 0x80 }, (_, code) => {
    const char = String.fromCharCode(code);
    if (plain.test(char)) return '';
    return shortAlways[char] ?? short[char] ?? `\\u00${code.toString(16).padStart(2, '0')}`;
  });
  return { escapes, invalid };
}

/** Bytes of a string that are encoded in one step: one or two milliseconds at most. */
export const stepBytes = 64 * 1024;

/** The maximum length of the encoding of one byte. */
const maxEscapeLength = 6;

/** The length of the longest sequence of UTF-8. */
const maxSequenceLength = 4;

/** The buffer for a step: its content is copied before the next step. */
let scratch: Buffer | null = null;

/** The JSON string of a byte string. */
export function encodeString(bytes: string, style: StringStyle): string {
  if (plain.test(bytes)) return `"${bytes}"`;
  const out = new Builder();
  out.add('"');
  for (let at = 0; at < bytes.length;) {
    const [length, next] = encodeStep(bytes, at, style);
    out.add(scratch!.toString('latin1', 0, length));
    spend(next - at);
    at = next;
  }
  out.add('"');
  return out.toString();
}

/** The encoding of one step of a byte string, and where the next step begins. */
export function encodeStringStep(
  bytes: string,
  at: number,
  style: StringStyle,
): readonly [piece: Buffer, next: number] {
  const [length, next] = encodeStep(bytes, at, style);
  return [Buffer.from(scratch!.subarray(0, length)), next];
}

/** Encodes a step into scratch: returns its length there, and where the next one begins; no sequence is cut. */
function encodeStep(
  bytes: string,
  from: number,
  { escapes, invalid }: StringStyle,
): readonly [length: number, next: number] {
  const target = (scratch ??= Buffer.allocUnsafe((stepBytes + maxSequenceLength) * maxEscapeLength));
  const end = Math.min(from + stepBytes, bytes.length);
  const text = bytes.slice(from, end);
  if (plain.test(text)) return [target.write(text, 'latin1'), end];
  const source = Buffer.from(bytes.slice(from, end + maxSequenceLength - 1), 'latin1');
  const size = end - from;
  let at = 0;
  let to = 0;
  while (at < size) {
    const byte = source[at]!;
    const length = byte < 0x80 ? 1 : sequenceLength(source, at);
    const escape = length === 1 ? escapes[byte]! : length === 0 ? invalid : lineSeparator(source, at);
    if (escape !== '') {
      for (let i = 0; i < escape.length; i++) target[to++] = escape.charCodeAt(i);
      at += Math.max(length, 1);
    } else {
      for (const stop = at + length; at < stop; at++) target[to++] = source[at]!;
    }
  }
  return [to, from + at];
}
/** In old JavaScript, U+2028 and U+2029 end a line, so Go escapes them. */
function lineSeparator(bytes: Buffer, at: number): string {
  if (bytes[at] !== 0xe2 || bytes[at + 1] !== 0x80) return '';
  if (bytes[at + 2] === 0xa8) return '\\u2028';
  return bytes[at + 2] === 0xa9 ? '\\u2029' : '';
}

/** The length of the UTF-8 sequence at `at`, or 0 when there is none (surrogates and overlong forms are invalid). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const second = bytes[at + 1] ?? 0; // 0 is never a continuation
  const third = () => isContinuation(bytes[at + 2] ?? 0);
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return isContinuation(second) ? 2 : 0;
  if (first < 0xf0) {
    const least = first === 0xe0 ? 0xa0 : 0x80;
    const most = first === 0xed ? 0x9f : 0xbf;
    return second >= least && second <= most && third() ? 3 : 0;
  }
  const least = first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most && third() && isContinuation(bytes[at + 3] ?? 0) ? 4 : 0;
}

function isContinuation(code: number): boolean {
  return code >= 0x80 && code <= 0xbf;
}
