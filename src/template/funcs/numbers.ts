import { reserve, spend } from '../../go/budget.ts';
import { func, GoError, IntsType, IntType, Slice } from '../../go/value.ts';
import type { Func, Value } from '../../go/value.ts';
import { slice } from './lists.ts';

/** Arithmetic on 64-bit integers, which wrap without an error. */
export const numberFuncs: ReadonlyMap<string, Func> = new Map([
  ['add', ofInts((a, b) => a + b)],
  ['sub', ofInts((a, b) => a - b)],
  ['mul', ofInts((a, b) => a * b)],
  ['div', ofInts((a, b) => a / nonZero(b))],
  ['mod', ofInts((a, b) => a % nonZero(b))],
  ['seq', func([IntType, IntType], IntsType, seq)],
]);

function ofInts(call: (a: bigint, b: bigint) => bigint): Func {
  return func([IntType, IntType], IntType, (a: bigint, b: bigint) => BigInt.asIntN(64, call(a, b)));
}

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new GoError('runtime error: integer divide by zero');
  return divisor;
}

/** More numbers are a mistake in the template, and would need too much memory. */
const maxNumbers = 10_000_000n;
const bytesPerNumber = 32;

function seq(first: bigint, last: bigint): Slice {
  if (first > last) return new Slice(IntsType, null);
  const count = last - first + 1n;
  if (count > maxNumbers) throw new GoError(`more than ${maxNumbers.toString()} numbers`);
  reserve(Number(count) * bytesPerNumber);
  const numbers: Value[] = [];
  for (let number = first; number <= last; number++) {
    spend(1);
    numbers.push(number);
  }
  return slice(IntsType, numbers);
}
