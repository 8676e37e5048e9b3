import { expect, test } from '@jest/globals';
import { outOfBounds, type OutOfBounds } from '../../src/config/bounds.ts';

const rows: readonly (readonly [string, OutOfBounds['problem'] | null, number?])[] = [
  ['a = [[[]]]', null],
  ['a = [[[[]]]]', 'depth', 1],
  ['a = 1\n[[b]]\nc = {d = [\n{e = [1]}]}', 'depth', 4],
  ['a = "[[[[[[" # [[[[[[', null],
  ['a.b.c.d = 1', null],
  ['x = 1\na.b."c".d.e = 1', 'depth', 2],
  ['[a.b.c.d.e]', 'depth', 1],
  ['x = {a."b".c."d".e = 1}', 'depth', 1],
  ['x = "a.b.c.d.e.f" # a.b.c.d.e', null],
  ["a = '''\n[[[[[[\n'''\nb = [[\n[[", 'depth', 5],
  ['9223372036854775808 = 1\n[9223372036854775808]', null],
  ['a = "9223372036854775808"', null],
  ['a = 9223372036854775807', null],
  ['a = 9223372036854775808', 'int64', 1],
  ['a = -9223372036854775808', null],
  ['a = -9223372036854775809', 'int64', 1],
  ['a = [\n1, # one\n99999999999999999999,\n]', 'int64', 3],
  ['a = {b = 1, c = 0xfffffffffffffffff}', 'int64', 1],
  ['a = 99999999999999999999.5', null],
  ['a = 2000-02-29', null],
  ['a = 1900-02-29', 'date', 1],
  ['a = 24:00:00', 'date', 1],
  ['a = 2020-01-01T00:00:00+24:00', 'date', 1],
  ['a = ]]]] [[', null],
  ['', null],
];
test.each(rows)('%j: %s', (...row) => {
  const [text, problem, line] = row;
  expect(outOfBounds(text, 3)).toEqual(problem === null ? null : { line, problem });
});

test('a text of a million brackets is refused at once, and one of a million numbers read', () => {
  expect(outOfBounds(`a = ${'['.repeat(1_000_000)}`, 100)).toEqual({ line: 1, problem: 'depth' });
  expect(outOfBounds(`a = [${'1,'.repeat(500_000)}]`, 100)).toBe(null);
});
