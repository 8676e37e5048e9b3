/** Strings, numbers and bools with a verb and flags. A formatter returns null for a verb that does not fit. */
import { reserveText } from './budget.ts';
import { byPieces } from './builder.ts';
import type { Flags } from './fmt-format.ts';
import { canBackquote, formatFloat, quote, quoteRune, quoteRuneToASCII, quoteToASCII } from './strconv.ts';
import { encodeRune, runeCount, runeOffset, RuneError } from './strings.ts';
import { isPrint } from './unicode.ts';

/** Pads text to the width, counted in runes; the 0 flag pads with zeros whatever the text is. */
export function pad(text: string, flags: Flags): string {
  return fill(text, flags, flags.zero && !flags.minus ? '0' : ' ');
}

function fill(text: string, flags: Flags, filler: string): string {
  if (flags.width === null || flags.width <= 0) return text;
  const missing = flags.width - runeCount(text);
  if (missing <= 0) return text;
  return flags.minus ? text + ' '.repeat(missing) : filler.repeat(missing) + text;
}

/** Cuts text to the precision, counted in runes. */
export function truncate(text: string, flags: Flags): string {
  return flags.precision === null ? text : text.slice(0, runeOffset(text, flags.precision));
}

/** A bool under %t or %v. */
export function formatBool(value: boolean, verb: string, flags: Flags): string | null {
  return verb === 't' || verb === 'v' ? pad(String(value), flags) : null;
}

/** A string, or bytes as a string. */
export function formatString(text: string, verb: string, flags: Flags): string | null {
  switch (verb) {
    case 'v':
      return flags.sharpV ? formatQuoted(text, flags) : pad(truncate(text, flags), flags);
    case 's':
      return pad(truncate(text, flags), flags);
    case 'x':
      return formatHexBytes(text, flags);
    case 'X':
      return formatHexBytes(text, flags).toUpperCase();
    case 'q':
      return formatQuoted(text, flags);
    default:
      return null;
  }
}

function formatQuoted(text: string, flags: Flags): string {
  const shown = truncate(text, flags);
  if (flags.sharp && canBackquote(shown)) return pad('`' + shown + '`', flags);
  return pad(flags.plus ? quoteToASCII(shown) : quote(shown), flags);
}

/** Here the precision counts bytes, and the flags # and blank decide the prefixes and separators. */
function formatHexBytes(text: string, flags: Flags): string {
  const bytes = flags.precision === null ? text : text.slice(0, flags.precision);
  reserveText(2 * bytes.length);
  const prefix = flags.sharp && bytes !== '' ? '0x' : '';
  const digits = flags.space ? spacedHex(bytes, ` ${prefix}`) : hexOf(bytes);
  return pad(prefix + digits, flags);
}

const hexOf = (bytes: string) => Buffer.from(bytes, 'latin1').toString('hex');

function spacedHex(bytes: string, between: string): string {
  // Each byte is printed with the separator before it; the first has none.
  return byPieces(bytes, (piece) => hexOf(piece).replace(/../g, `${between}$&`)).slice(between.length);
}

/** An integer of any kind; isSigned is false for the unsigned ones. */
export function formatInteger(value: bigint, isSigned: boolean, verb: string, flags: Flags): string | null {
  switch (verb) {
    case 'v':
      return flags.sharpV && !isSigned ? formatAddress(value, true, flags) : inBase(value, 10, verb, flags);
    case 'd':
      return inBase(value, 10, verb, flags);
    case 'b':
      return inBase(value, 2, verb, flags);
    case 'o':
    case 'O':
      return inBase(value, 8, verb, flags);
    case 'x':
      return inBase(value, 16, verb, flags);
    case 'X':
      return inBase(value, 16, verb, flags).toUpperCase();
    case 'c':
      return pad(encodeRune(toRune(value)), flags);
    case 'q':
      return pad(flags.plus ? quoteRuneToASCII(toRune(value)) : quoteRune(toRune(value)), flags);
    case 'U':
      return formatUnicode(BigInt.asUintN(64, value), flags);
    default:
      return null;
  }
}

/** In hexadecimal; withPrefix decides about 0x, not the # flag. */
export function formatAddress(value: bigint, withPrefix: boolean, flags: Flags): string {
  return inBase(value, 16, 'v', { ...flags, sharp: withPrefix });
}

function toRune(value: bigint): number {
  return value >= 0n && value <= 0x10ffffn ? Number(value) : RuneError;
}

function inBase(value: bigint, base: number, verb: string, flags: Flags): string {
  const { width, precision } = flags;
  const isNegative = value < 0n;
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0);
  let digits = (isNegative ? -value : value).toString(base);
  const sign = isNegative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (precision !== null) digits = digits.padStart(precision, '0');
  else if (flags.zero && !flags.minus && width !== null) digits = digits.padStart(width - sign.length, '0');
  return fill(sign + basePrefix(digits, base, verb, flags) + digits, flags, ' ');
}

function basePrefix(digits: string, base: number, verb: string, flags: Flags): string {
  const octal = verb === 'O' ? '0o' : '';
  if (!flags.sharp) return octal;
  if (base === 16) return '0x';
  if (base === 2) return '0b';
  return base === 8 && !digits.startsWith('0') ? octal + '0' : octal;
}

function formatUnicode(value: bigint, flags: Flags): string {
  const digits = value
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 0, 4), '0');
  const isShown = flags.sharp && value <= 0x10ffffn && isPrint(Number(value));
  return fill(`U+${digits}${isShown ? ` '${encodeRune(Number(value))}'` : ''}`, flags, ' ');
}

const defaultPrecision = new Map([
  ['v', -1],
  ['b', -1],
  ['g', -1],
  ['G', -1],
  ['x', -1],
  ['X', -1],
  ['e', 6],
  ['E', 6],
  ['f', 6],
  ['F', 6],
]);

/** Whether a verb can show floats and complex numbers. */
export function isFloatVerb(verb: string): boolean {
  return defaultPrecision.has(verb);
}

/** Whether JavaScript prints the number as Go's %v does: without an exponent. */
function isShortInBoth(value: number): boolean {
  const size = Math.abs(value);
  return (size >= 1e-4 && size < 1e6) || Object.is(value, 0);
}

function isPlain({ plus, sharp, space, sharpV, width, precision }: Flags): boolean {
  return width === null && precision === null && !(plus || sharp || space || sharpV);
}

/** A float64, or a float32 if bits is 32. */
export function formatNumber(value: number, bits: number, verb: string, flags: Flags): string | null {
  const usual = defaultPrecision.get(verb);
  if (usual === undefined) return null;
  if (verb === 'v' && bits === 64 && isShortInBoth(value) && isPlain(flags)) return String(value);
  const format = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb;
  const precision = flags.precision ?? usual;
  const text = formatFloat(value, format, precision, bits);
  const isSigned = text.startsWith('-') || text.startsWith('+');
  const sign = text.startsWith('-') ? '-' : flags.space && !flags.plus ? ' ' : '+';
  const unsigned = isSigned ? text.slice(1) : text;
  if (!Number.isFinite(value)) {
    const isBare = Number.isNaN(value) && !flags.space && !flags.plus;
    return fill(isBare ? unsigned : sign + unsigned, flags, ' '); // never zeros, because this is not a number
  }
  const digits = flags.sharp && format !== 'b' ? withPoint(unsigned, format, precision) : unsigned;
  if (sign === '+' && !flags.plus) return pad(digits, flags);
  const isZeroFilled = flags.zero && !flags.minus && flags.width !== null;
  return isZeroFilled ? sign + digits.padStart(flags.width! - 1, '0') : pad(sign + digits, flags);
}

/** The # flag: there is always a point, and %g keeps the zeros at the end. */
function withPoint(text: string, format: string, precision: number): string {
  const isHex = format === 'x' || format === 'X';
  const tailAt = text.search(isHex ? /p/i : /e/i);
  const number = tailAt < 0 ? text : text.slice(0, tailAt);
  const tail = tailAt < 0 ? '' : text.slice(tailAt);
  let missing = 'gGx'.includes(format) ? (precision === -1 ? 6 : precision) : 0;
  // Like Go, counts the x of 0x as a digit; otherwise %#x of a float would be one zero too long.
  missing -= number.replace('.', '').replace(/^0+/, '').length;
  const hasPoint = number.includes('.');
  if (!hasPoint && number === '0') missing--;
  return number + (hasPoint ? '' : '.') + '0'.repeat(Math.max(missing, 0)) + tail;
}
