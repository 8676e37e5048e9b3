import { expect, test } from '@jest/globals';
import { BoolType, Float64Type, GoMap, IntType, mapOf, StringType } from '../../../src/go/value.ts';
import type { Type, Value } from '../../../src/go/value.ts';
import { sortedKeys } from '../../../src/template/gotext/fmtsort.ts';

const rows: [Type, Value[], Value[]][] = [
  [StringType, ['b', '\xff', 'B', '', '10', '9'], ['', '10', '9', 'B', 'b', '\xff']],
  [IntType, [10n, -1n, 9n], [-1n, 9n, 10n]],
  [Float64Type, [2, NaN, -Infinity, -0.5], [NaN, -Infinity, -0.5, 2]],
  [BoolType, [true, false], [false, true]],
];

test.each(rows)('keys of type %o', (type, keys, sorted) => {
  expect(sortedKeys(new GoMap(mapOf(type, IntType), new Map(keys.map((key) => [key, 1n]))))).toEqual(sorted);
});

test('a nil map has none', () => {
  expect(sortedKeys(new GoMap(mapOf(StringType, IntType), null))).toEqual([]);
});
