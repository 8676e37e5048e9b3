/** Bytes that Go's encoder writes as they are; all text made of them needs no second look. */
const plain = /^[ !#-%'-;=?-[\]-\x7f]*$/;

/** So many bytes of a string are encoded in one go: a millisecond or two at worst. */
export const stepBytes = 64 * 1024;

/** What one byte, or one that begins no UTF-8, becomes at most. */
const maxEscapeLength = 6;

/** The length of the longest sequence of UTF-8. */
const maxSequenceLength = 4;

/** What becomes of a single byte below 0x80; '' where it stays. */
const escapes = Array.from({ length: 0x80 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (plain.test(char)) return '';
  const short = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char];
  return short ?? `\\u00${code.toString(16).padStart(2, '0')}`;
});

/** Where steps are laid out: a string is encoded at once, so that one place will do. */
const scratch = Buffer.alloc((stepBytes + maxSequenceLength) * maxEscapeLength);

/** The JSON string of a byte string as Go's encoder writes it: <>& escaped, one \ufffd per byte that is not UTF-8. */
export function jsonString(bytes: string): string {
  if (plain.test(bytes)) return `"${bytes}"`;
  let out = '"';
  for (let at = 0; at < bytes.length;) {
    const [length, next] = encodeStep(bytes, at);
    out += scratch.toString('latin1', 0, length);
    at = next;
  }
  return `${out}"`;
}

/** What stands for a step of a byte string inside its JSON string, and where the next step begins. */
export function escapeStep(bytes: string, at: number): readonly [piece: Buffer, next: number] {
  const [length, next] = encodeStep(bytes, at);
  return [Buffer.from(scratch.subarray(0, length)), next];
}

/** Lays out a step in scratch: its length there, and where the next one begins, for no sequence is cut in two. */
function encodeStep(bytes: string, from: number): readonly [length: number, next: number] {
  const end = Math.min(from + stepBytes, bytes.length);
  const text = bytes.slice(from, end);
  if (plain.test(text)) return [scratch.write(text, 'latin1'), end];
  const source = Buffer.from(bytes.slice(from, end + maxSequenceLength - 1), 'latin1');
  const size = end - from;
  let at = 0;
  let to = 0;
  while (at < size) {
    const byte = source[at]!;
    const length = byte < 0x80 ? 1 : sequenceLength(source, at);
    const escape = length === 1 ? escapes[byte]! : length === 0 ? '\\ufffd' : lineSeparator(source, at);
    if (escape !== '') {
      for (let i = 0; i < escape.length; i++) scratch[to++] = escape.charCodeAt(i);
      at += Math.max(length, 1);
    } else {
      for (const stop = at + length; at < stop; at++) scratch[to++] = source[at]!;
    }
  }
  return [to, from + at];
}

/** U+2028 and U+2029 end a line in old JavaScript, so Go escapes them. */
function lineSeparator(bytes: Buffer, at: number): string {
  if (bytes[at] !== 0xe2 || bytes[at + 1] !== 0x80) return '';
  if (bytes[at + 2] === 0xa8) return '\\u2028';
  return bytes[at + 2] === 0xa9 ? '\\u2029' : '';
}

/** Length of the UTF-8 sequence at `at`, or 0 when the byte begins none (surrogates and overlong forms are none). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const second = bytes[at + 1] ?? 0; // 0 is no part of any
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
