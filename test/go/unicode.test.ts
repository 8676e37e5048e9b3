import { expect, test } from '@jest/globals';
import { isDigit, isLetter, isLower, isPrint, isUpper, lowerRune, upperRune } from '../../src/go/unicode.ts';
import { storedRows } from '../helpers/go-rows.ts';

const tests = { isPrint, isLetter, isDigit, isUpper, isLower };

interface Rows extends Record<keyof typeof tests, number[]> {
  readonly upper: [number, number][];
  readonly lower: [number, number][];
}

const rows = Object.assign({}, ...storedRows<Partial<Rows>>('unicode')) as Rows;
const isSurrogate = (rune: number): boolean => rune >= 0xd800 && rune <= 0xdfff;

test.each(Object.keys(tests) as (keyof typeof tests)[])('%s is true of the runes of Go', (name) => {
  const bounds: number[] = [];
  let was = false;
  for (let rune = 0; rune <= 0x110000; rune++) {
    const is = rune <= 0x10ffff && tests[name](rune);
    if (is !== was) bounds.push(rune);
    was = is;
  }
  expect(bounds).toEqual(rows[name]);
});

test.each([
  ['upper', upperRune, rows.upper],
  ['lower', lowerRune, rows.lower],
] as const)('the %s case of every rune is that of Go', (_name, map, expected) => {
  const pairs: [number, number][] = [];
  for (let rune = 0; rune <= 0x10ffff; rune++) {
    const to = isSurrogate(rune) ? rune : map(rune);
    if (to !== rune) pairs.push([rune, to]);
  }
  expect(pairs).toEqual(expected);
});
