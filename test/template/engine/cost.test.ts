import { expect, test } from '@jest/globals';
import { limited } from '../../../src/go/budget.ts';
import { GoMap, IntsType, Slice, StringMapType } from '../../../src/go/value.ts';
import type { Value } from '../../../src/go/value.ts';
import { spendOn } from '../../../src/template/engine/cost.ts';

/** How many ticks so many calls come to. */
function ticksOf(calls: number, values: readonly Value[], result: Value): number {
  let ticks = 0;
  const call = () => {
    for (let i = 0; i < calls; i++) spendOn(values, result);
  };
  limited(() => ticks++, call);
  return ticks;
}

const many = Array.from({ length: 100_000 }, (_, i) => BigInt(i));

test.each<[string, number, Value]>([
  ['nothing', 100, null],
  ['a number', 100, 1n],
  ['a short text', 100, 'abc'],
])('a call that is given %s costs little', (_name, calls, value) => {
  expect(ticksOf(calls, [value], value)).toBeLessThanOrEqual(1);
});

test.each<[string, Value]>([
  ['a long text', 'x'.repeat(2_000_000)],
  ['a long list', new Slice(IntsType, many)],
  ['a large map', new GoMap(StringMapType, new Map(many.map((n) => [String(n), n])))],
])('a call that is given %s costs more', (_name, value) => {
  expect(ticksOf(100, [], value)).toBe(100);
  expect(ticksOf(100, [1n, value], 1n)).toBe(100);
});
