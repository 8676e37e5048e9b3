/**
 * Something in a TOML text that its parser accepts wrongly, or takes too long to refuse, and the line where it begins.
 */
export interface OutOfBounds {
  readonly line: number;
  readonly problem: 'depth' | 'int64' | 'date';
}

const token = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[[{\]}=,]|[^"'#[\]{}=,\n]+|\n|["']/g;
const integer = /^\s*([-+]?)(0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)\s*$/;
const date = /^\s*([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])/;
const time =
  /^\s*(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ])?([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?(?:[-+]([0-9]{2}):([0-9]{2}))?/;

/**
 * The first such value: an integer beyond 64 bits, which the parser wraps; a date or time that does not exist; brackets
 * or dotted keys that are nested deeper than maxDepth, which need stack. Null when there is none. The text need not be
 * valid TOML.
 */
export function outOfBounds(text: string, maxDepth: number): OutOfBounds | null {
  let line = 1;
  let depth = 0;
  let dots = 0;
  let isValue = false;
  for (const [piece] of text.matchAll(token)) {
    const isOpening = piece === '[' || piece === '{';
    if (isOpening && ++depth > maxDepth) return { line, problem: 'depth' };
    if (piece === ']' || piece === '}') depth--;
    // Dotted keys nest, too; their parts may be quoted, and then each dot is a separate token.
    if (/^[=,\n{}]$/.test(piece)) dots = 0;
    else if (!/^["'#]/.test(piece)) dots += piece.split('.').length - 1;
    if (dots > maxDepth) return { line, problem: 'depth' };
    if (isValue && !isInt64(piece)) return { line, problem: 'int64' };
    if (isValue && !isOnCalendar(piece)) return { line, problem: 'date' };
    // A value comes after an equals sign, or in brackets after one; everything else is a name.
    if (piece === '=') isValue = true;
    else if (piece === '\n') isValue &&= depth > 0;
    line += piece.split('\n').length - 1;
  }
  return null;
}

function isInt64(piece: string): boolean {
  const [, sign, digits] = integer.exec(piece) ?? [];
  if (digits === undefined) return true;
  const value = BigInt(digits.replaceAll('_', ''));
  return value < 2n ** 63n || (sign === '-' && value === 2n ** 63n);
}

function isOnCalendar(piece: string): boolean {
  const day = date.exec(piece);
  if (day !== null) {
    const [year, month, at] = day.slice(1).map(Number) as [number, number, number];
    const end = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate(); // the calendar repeats after 400 years
    if (month < 1 || month > 12 || at < 1 || at > end) return false;
  }
  const [, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = (time.exec(piece) ?? []).map(Number);
  return hour < 24 && minute < 60 && (Number.isNaN(second) || second <= 60) && !(zoneHour >= 24) && !(zoneMinute >= 60);
}
