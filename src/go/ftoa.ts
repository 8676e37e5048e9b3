/** strconv.FormatFloat: floating-point numbers as text. */

/** Digits d1 d2 d3 … and where the point is: the number is 0.d1d2d3… × 10^point. Zero has no digits. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** How a float is laid out in memory. */
interface Layout {
  readonly mantissaBits: number;
  readonly exponentBits: number;
}

const double: Layout = { mantissaBits: 52, exponentBits: 11 };
const single: Layout = { mantissaBits: 23, exponentBits: 8 };

/**
 * x in the format e, E, f, g, G, b, x or X with the given precision; -1 means as few digits as identify x. bits is 64
 * or 32; with 32, x must be a float32.
 */
export function formatFloat(x: number, format: string, precision: number, bits: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '+Inf' : '-Inf';
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  const magnitude = Math.abs(x);
  switch (format) {
    case 'f':
      return sign + formatPlain(magnitude, precision, bits);
    case 'e':
    case 'E':
      return sign + formatExponent(magnitude, format, precision, bits);
    case 'g':
    case 'G':
      return sign + formatGeneral(magnitude, format, precision, bits);
    case 'b':
      return sign + formatBinary(magnitude, bits);
    case 'x':
    case 'X':
      return sign + formatHex(magnitude, format, precision, bits);
    default:
      return '%' + format;
  }
}

function formatPlain(x: number, precision: number, bits: number): string {
  if (precision < 0) {
    const shortest = shortestDecimal(x, bits);
    return plain(shortest, Math.max(shortest.digits.length - shortest.point, 0));
  }
  // toFixed is exact but rounds ties up where Go rounds to even; a tie needs x·2^(precision+1) to be an odd integer.
  if (x < 1e21 && precision <= 100 && (x * 2 ** (precision + 1)) % 2 !== 1) return x.toFixed(precision);
  const exact = exactDecimal(x, bits);
  return plain(round(exact, exact.point + precision), precision);
}

function formatExponent(x: number, format: string, precision: number, bits: number): string {
  if (precision >= 0) return exponential(round(exactDecimal(x, bits), precision + 1), precision, format);
  const shortest = shortestDecimal(x, bits);
  return exponential(shortest, Math.max(shortest.digits.length - 1, 0), format);
}

function formatGeneral(x: number, format: string, precision: number, bits: number): string {
  const isShortest = precision < 0;
  // The common case: where Go prints a plain number, JavaScript prints the same.
  if (isShortest && bits === 64 && ((x >= 1e-4 && x < 1e6) || x === 0)) return String(x);
  const wanted = precision === 0 ? 1 : precision;
  const decimal = isShortest ? shortestDecimal(x, bits) : round(exactDecimal(x, bits), wanted);
  const count = decimal.digits.length;
  const shown = isShortest ? count : wanted;
  let limit = isShortest ? 6 : wanted;
  if (!isShortest && limit > count && count >= decimal.point) limit = count;
  const exponent = decimal.point - 1;
  if (exponent < -4 || exponent >= limit) {
    return exponential(decimal, Math.min(shown, count) - 1, format === 'g' ? 'e' : 'E');
  }
  return plain(decimal, Math.max((shown > decimal.point ? count : shown) - decimal.point, 0));
}

/** The fewest digits that parse to x, and of those the closest to x. */
function shortestDecimal(x: number, bits: number): Decimal {
  if (x === 0) return { digits: '', point: 0 };
  if (bits === 32) return shortestSingle(x);
  const text = x.toExponential();
  const e = text.indexOf('e');
  return { digits: text.slice(0, e).replace('.', ''), point: Number(text.slice(e + 1)) + 1 };
}

function shortestSingle(x: number): Decimal {
  const exact = exactDecimal(x, 32);
  for (let count = 1; count < 9; count++) {
    const nearest = round(exact, count);
    if (readsBack(nearest, x)) return nearest;
    // Next to a power of two the gap below is half of the gap above, so a number further away may still parse to x.
    const above = next(nearest, count);
    if (readsBack(above, x)) return above;
  }
  return round(exact, 9);
}

function readsBack({ digits, point }: Decimal, x: number): boolean {
  return Math.fround(Number(`0.${digits}e${point}`)) === x;
}

/** One more in the last of count digits. */
function next({ digits, point }: Decimal, count: number): Decimal {
  const more = (BigInt(digits.padEnd(count, '0')) + 1n).toString();
  return trimmed(more, point + more.length - count);
}

const memory = new DataView(new ArrayBuffer(8));

/** x as mantissa × 2^exponent, both as the format stores them: subnormals are not shifted up. */
function parts(x: number, bits: number): { mantissa: bigint; exponent: number } {
  const { mantissaBits, exponentBits } = bits === 32 ? single : double;
  if (bits === 32) memory.setFloat32(0, x);
  else memory.setFloat64(0, x);
  const raw = bits === 32 ? BigInt(memory.getUint32(0)) : memory.getBigUint64(0);
  const fraction = BigInt.asUintN(mantissaBits, raw);
  const biased = Number(BigInt.asUintN(exponentBits, raw >> BigInt(mantissaBits)));
  const bias = 2 ** (exponentBits - 1) - 1 + mantissaBits;
  if (biased === 0) return { mantissa: fraction, exponent: 1 - bias };
  return { mantissa: fraction | (1n << BigInt(mantissaBits)), exponent: biased - bias };
}

/** Every digit of x: m·2^e is an integer, or m·5^-e with the point moved by e. */
function exactDecimal(x: number, bits: number): Decimal {
  if (x === 0) return { digits: '', point: 0 };
  const { mantissa, exponent } = parts(x, bits);
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = whole.toString();
  return { digits: digits.replace(/0+$/, ''), point: digits.length + Math.min(exponent, 0) };
}

/** The first count digits, rounded half to even. */
function round(decimal: Decimal, count: number): Decimal {
  const { digits, point } = decimal;
  if (count >= digits.length) return decimal;
  if (count < 0) return { digits: '', point: 0 };
  const isTie = digits.length === count + 1 && digits[count] === '5';
  const isUp = isTie ? count > 0 && Number(digits[count - 1]) % 2 === 1 : digits[count]! >= '5';
  const kept = digits.slice(0, count);
  if (!isUp) return trimmed(kept, point);
  const last = kept.search(/9*$/) - 1; // the digit that grows; the nines after it become zeros and are dropped
  if (last < 0) return { digits: '1', point: point + 1 };
  return { digits: kept.slice(0, last) + String(Number(kept[last]) + 1), point };
}

function trimmed(kept: string, point: number): Decimal {
  const digits = kept.replace(/0+$/, '');
  return { digits, point: digits === '' ? 0 : point };
}

/** ddd.ddd with the given number of places. */
function plain({ digits, point }: Decimal, places: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (places <= 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, places)) + digits;
  return `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`;
}

/** d.ddde±dd with the given number of places. */
function exponential({ digits, point }: Decimal, places: number, letter: string): string {
  const fraction = places > 0 ? '.' + digits.slice(1, places + 1).padEnd(places, '0') : '';
  return (digits[0] ?? '0') + fraction + letter + exponentText(digits === '' ? 0 : point - 1);
}

function exponentText(exponent: number): string {
  return (exponent < 0 ? '-' : '+') + String(Math.abs(exponent)).padStart(2, '0');
}

function formatBinary(x: number, bits: number): string {
  const { mantissa, exponent } = parts(x, bits);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** 0x1.hhhp±dd with the leading digit 1, rounded half to even when a precision is given. */
function formatHex(x: number, format: string, precision: number, bits: number): string {
  const { mantissa, exponent } = parts(x, bits);
  const length = mantissa.toString(2).length;
  let fraction = mantissa << BigInt(61 - length); // the leading 1 is bit 60, fifteen hex digits follow
  let power = mantissa === 0n ? 0 : exponent + length - 1;
  if (precision >= 0 && precision < 15) {
    const dropped = BigInt(60 - 4 * precision);
    const rest = BigInt.asUintN(Number(dropped), fraction);
    fraction >>= dropped;
    const half = 1n << (dropped - 1n);
    if (rest > half || (rest === half && fraction % 2n === 1n)) fraction++;
    fraction <<= dropped;
    if (fraction >> 61n) {
      fraction >>= 1n;
      power++;
    }
  }
  const all = BigInt.asUintN(60, fraction).toString(16).padStart(15, '0');
  const digits = precision < 0 ? all.replace(/0+$/, '') : all.slice(0, precision).padEnd(precision, '0');
  const text = `0x${fraction >> 60n}${digits && '.'}${digits}p${exponentText(power)}`;
  return format === 'X' ? text.toUpperCase() : text;
}
