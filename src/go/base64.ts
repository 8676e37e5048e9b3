/** Go's base64.StdEncoding on byte strings. */
import { reserveText, spend } from './budget.ts';
import { GoError } from './value.ts';

/** The standard alphabet with padding. */
export function encode(bytes: string): string {
  reserveText(Math.ceil(bytes.length / 3) * 4);
  return Buffer.from(bytes, 'latin1').toString('base64');
}

/**
 * Decodes standard base64; padding is required, line ends are allowed. Throws GoError with the position of the mistake.
 */
export function decode(text: string): string {
  const mistake = findMistake(text);
  if (mistake !== null) throw new GoError(`illegal base64 data at input byte ${mistake}`);
  return Buffer.from(text, 'base64').toString('latin1');
}

const other = /[^A-Za-z0-9+/]/;

/** The position at which Go reports a mistake, or null. */
function findMistake(text: string): number | null {
  if (text.length % 4 === 0 && !other.test(text)) return null;
  let inQuantum = 0;
  for (let i = 0; i < text.length; i++) {
    spend(4);
    const char = text[i]!;
    if (isLineEnd(char)) continue;
    if (char === '=') return inQuantum < 2 ? i : findPaddingMistake(text, i, inQuantum);
    if (other.test(char)) return i;
    inQuantum = (inQuantum + 1) % 4;
  }
  return inQuantum === 0 ? null : text.length - inQuantum;
}

/** What may follow the first `=`: another one if two symbols are before it, then only line ends. */
function findPaddingMistake(text: string, first: number, inQuantum: number): number | null {
  let next = skipLineEnds(text, first + 1);
  if (inQuantum === 2) {
    if (next === text.length) return text.length;
    if (text[next] !== '=') return next - 1;
    next = skipLineEnds(text, next + 1);
  }
  return next === text.length ? null : next;
}

function skipLineEnds(text: string, from: number): number {
  let at = from;
  while (at < text.length && isLineEnd(text[at]!)) at++;
  return at;
}

function isLineEnd(char: string): boolean {
  return char === '\n' || char === '\r';
}
