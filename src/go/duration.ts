import { GoError } from './value.ts';

/** Go's time.Duration as text: parsing and formatting, in nanoseconds and byte strings. */

const units = new Map<string, bigint>([
  ['ns', 1n],
  ['us', 1_000n],
  ['\xc2\xb5s', 1_000n], // µs with the micro sign
  ['\xce\xbcs', 1_000n], // μs with the Greek letter
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const limit = 1n << 63n;

/** Nanoseconds of a text such as 1h2m3.5s. Throws GoError with the wording of time.ParseDuration. */
export function parseDuration(text: string): bigint {
  const [, sign, body] = /^([-+]?)(.*)$/s.exec(text) as unknown as [string, string, string];
  if (body === '0') return 0n;
  let total = 0n;
  let rest = body;
  do {
    const [all, whole, fraction, unit] = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest) as unknown as Part;
    const hasDigits = whole !== '' || (fraction ?? '') !== '';
    if (!hasDigits || BigInt(whole) > limit) throw invalid(text);
    if (unit === '') throw new GoError(`time: missing unit in duration ${quoted(text)}`);
    const scale = units.get(unit);
    if (scale === undefined) throw new GoError(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    total += BigInt(whole) * scale + fractionOf(fraction ?? '', scale);
    if (total > limit) throw invalid(text);
    rest = rest.slice(all.length);
  } while (rest !== '');
  if (sign !== '-' && total === limit) throw invalid(text);
  return sign === '-' ? -total : total;
}

type Part = [all: string, whole: string, fraction: string | undefined, unit: string];

/** Go multiplies in float64, after dropping the digits that no longer fit 63 bits. */
function fractionOf(digits: string, scale: bigint): bigint {
  let kept = 0n;
  let power = 1;
  for (const digit of digits) {
    const next = kept * 10n + BigInt(digit);
    if (next > limit) break;
    kept = next;
    power *= 10;
  }
  return BigInt(Math.trunc(Number(kept) * (Number(scale) / power)));
}

function invalid(text: string): GoError {
  return new GoError(`time: invalid duration ${quoted(text)}`);
}

/** Package time has its own quoting: every byte that is not printable ASCII as \x... */
function quoted(text: string): string {
  const hex = (c: string): string => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x80-\xff]/g, hex)}"`;
}

/** The spelling of Duration.String: 1h0m0.5s, 5ms, 0s. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds < 0n) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1_000n) return `${nanoseconds.toString()}ns`;
  if (nanoseconds < 1_000_000n) return `${decimal(nanoseconds, 3)}\xc2\xb5s`;
  if (nanoseconds < 1_000_000_000n) return `${decimal(nanoseconds, 6)}ms`;
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 9)}s`;
  const minutes = nanoseconds / 60_000_000_000n;
  if (minutes === 0n) return seconds;
  if (minutes < 60n) return `${minutes.toString()}m${seconds}`;
  return `${(minutes / 60n).toString()}h${(minutes % 60n).toString()}m${seconds}`;
}

/** value / 10^places without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '');
}
