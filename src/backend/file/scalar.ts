import { fromText } from '../../go/bytes.ts';
import { formatFloat, parseFloat, parseInt, parseUint } from '../../go/strconv.ts';

/**
 * The type of a scalar, by the name of its YAML tag, and the value that confd makes of it (bytes); confd drops some
 * values.
 */
export interface Resolved {
  readonly type: 'null' | 'bool' | 'int' | 'float' | 'str';
  /** Undefined for null and for whole numbers above 2^63-1. */
  readonly value: string | undefined;
}

const truths = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const lies = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const infinity = /^([-+]?)\.(inf|Inf|INF)$/;
const nan = /^\.(nan|NaN|NAN)$/;
const floats = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/**
 * The type and value of a plain YAML 1.1 scalar as in Go's yaml.v2: whole numbers in decimal, floats without exponent,
 * yes and on as true. Dates stay text, as in confd.
 */
export function resolveScalar(text: string): Resolved {
  if (nulls.has(text)) return { type: 'null', value: undefined };
  if (truths.has(text)) return { type: 'bool', value: 'true' };
  if (lies.has(text)) return { type: 'bool', value: 'false' };
  const infinite = infinity.exec(text);
  if (infinite !== null) return { type: 'float', value: infinite[1] === '-' ? '-Inf' : '+Inf' };
  if (nan.test(text)) return { type: 'float', value: 'NaN' };
  const number = text.startsWith('.') ? resolveFloat(text) : /^[-+0-9]/.test(text) ? resolveNumber(text) : null;
  return number ?? { type: 'str', value: fromText(text) };
}

/** The type and value of a scalar with a standard YAML tag, or null when it is not of that type. */
export function resolveTagged(tag: string, text: string): Resolved | null {
  const resolved = resolveScalar(text);
  if (resolved.type === tag) return resolved;
  if (tag === 'float' && resolved.type === 'int' && resolved.value !== undefined) return resolveFloat(resolved.value);
  return null;
}

function resolveNumber(text: string): Resolved | null {
  const plain = text.replaceAll('_', '');
  // Most text that begins like a number is an address or a version.
  const isWhole = /^[-+]?\w+$/.test(plain);
  const whole = isWhole ? attempt(() => parseInt(plain, 0, 64)) : undefined;
  if (whole !== undefined) return { type: 'int', value: String(whole) };
  if (isWhole && attempt(() => parseUint(plain, 0, 64)) !== undefined) return { type: 'int', value: undefined };
  if (floats.test(plain)) return resolveFloat(plain);
  // yaml.v2 strips the prefix and parses the rest, even with a sign.
  const binary = plain.startsWith('0b') ? plain.slice(2) : plain.startsWith('-0b') ? `-${plain.slice(3)}` : null;
  const odd = binary === null ? undefined : attempt(() => parseInt(binary, 2, 64));
  return odd === undefined ? null : { type: 'int', value: String(odd) };
}

function resolveFloat(text: string): Resolved | null {
  const float = attempt(() => parseFloat(text));
  return float === undefined ? null : { type: 'float', value: formatFloat(float, 'f', -1, 64) };
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
