import { fromText } from '../../go/bytes.ts';
import { formatFloat, parseFloat, parseInt } from '../../go/strconv.ts';

const truths = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const lies = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const infinity = /^([-+]?)\.(inf|Inf|INF)$/;
const nan = /^\.(nan|NaN|NAN)$/;
const unsigned = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*)$/;
const floats = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/**
 * What a plain YAML 1.1 scalar is as a value of the store, as confd has it (bytes): whole numbers in decimal, floats
 * without exponent, yes and on as true. Undefined for null and for whole numbers above 2^63-1, which confd drops.
 */
export function resolveScalar(text: string): string | undefined {
  if (nulls.has(text)) return undefined;
  if (truths.has(text)) return 'true';
  if (lies.has(text)) return 'false';
  const infinite = infinity.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-Inf' : '+Inf';
  if (nan.test(text)) return 'NaN';
  return /^[-+.0-9]/.test(text) ? resolveNumber(text) : fromText(text);
}

function resolveNumber(text: string): string | undefined {
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const whole = attempt(() => parseInt(plain, 0, 64));
  if (whole !== undefined) return String(whole);
  if (unsigned.test(plain) && isUnsigned(plain)) return undefined;
  const float = floats.test(plain) ? attempt(() => parseFloat(plain)) : undefined;
  return float === undefined ? fromText(text) : formatFloat(float, 'f', -1, 64);
}

/** True for whole numbers that fit 64 bits. */
function isUnsigned(text: string): boolean {
  const octal = /^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text;
  const value = attempt(() => BigInt(octal));
  return value !== undefined && value < 2n ** 64n;
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
