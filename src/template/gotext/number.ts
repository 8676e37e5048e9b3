import { parseFloat, parseInt, parseUint, quote, unquote } from '../../go/strconv.ts';
import { decodeRune } from '../../go/strings.ts';
import { GoError } from '../../go/value.ts';
import type { NumberNode } from './node.ts';
import type { Token } from './token.ts';

type Constant = Pick<NumberNode, 'int' | 'uint' | 'float' | 'complex'>;

/** Parses a number or character constant in every type that holds it exactly. Throws GoError. */
export function parseNumber(token: Token): NumberNode {
  const constant =
    token.kind === 'charConstant'
      ? parseRune(token.text)
      : token.kind === 'complex'
        ? parseComplex(token.text)
        : parseReal(token.text);
  return { kind: 'number', pos: token.pos, text: token.text, ...constant };
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}

function parseRune(text: string): Constant {
  const inner = text.slice(1, -1);
  for (let length = 1; length < inner.length; length++) {
    const whole = attempt(() => unquote(text));
    if (whole !== undefined) break;
    if (attempt(() => unquote(`'${inner.slice(0, length)}'`)) !== undefined) {
      throw new GoError(`malformed character constant: ${text}`);
    }
  }
  const bytes = unquote(text);
  if (bytes === '') throw new GoError('invalid syntax');
  const rune = bytes.length === 1 ? bytes.charCodeAt(0) : decodeRune(bytes, 0)[0]; // '\xff' is 255, not a broken rune
  return { int: BigInt(rune), uint: BigInt(rune), float: rune };
}

const floatToken =
  '[+-]?(?:0[xX][0-9a-fA-F_]*(?:\\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|[0-9_]*(?:\\.[0-9_]*)?(?:[eEpP][+-]?[0-9_]*)?)';
const complexToken = new RegExp(`^(${floatToken})([+-]${floatToken})i$`);

function parseComplex(text: string): Constant {
  const parts = complexToken.exec(text);
  if (parts === null || parts[2]!.length === 1) throw new GoError('syntax error scanning complex number');
  return fromComplex(parseFloat(parts[1]!), parseFloat(parts[2]!));
}

function fromComplex(re: number, im: number): Constant {
  const complex: [number, number] = [re, im];
  return im === 0 ? { complex, float: re, int: toInt(re), uint: toUint(re) } : { complex };
}

function parseReal(text: string): Constant {
  if (text.endsWith('i')) {
    const im = attempt(() => parseFloat(text.slice(0, -1)));
    if (im !== undefined) return fromComplex(0, im);
  }
  const int = attempt(() => parseInt(text, 0, 64));
  const uint = int === 0n ? 0n : attempt(() => parseUint(text, 0, 64)); // -0 is unsigned, too
  const whole = int ?? uint;
  if (whole !== undefined) return { int, uint, float: Number(whole) };
  const float = attempt(() => parseFloat(text));
  if (float === undefined) throw new GoError(`illegal number syntax: ${quote(text)}`);
  if (!/[.eEpP]/.test(text)) throw new GoError(`integer overflow: ${quote(text)}`);
  return { float, int: toInt(float), uint: toUint(float) };
}

function toInt(float: number): bigint | undefined {
  return Number.isInteger(float) && float >= -(2 ** 63) && float < 2 ** 63 ? BigInt(float) : undefined;
}

function toUint(float: number): bigint | undefined {
  return Number.isInteger(float) && float >= 0 && float < 2 ** 64 ? BigInt(float) : undefined;
}
