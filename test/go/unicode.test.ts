import { expect, test } from '@jest/globals';
import { isPrint, lowerRune, upperRune } from '../../src/go/unicode.ts';
import { storedRows } from '../helpers/goRows.ts';

interface Rows {
  printable?: number[];
  upper?: [number, number][];
  lower?: [number, number][];
}

const rows = Object.assign({}, ...storedRows<Rows>('unicode')) as Required<Rows>;
const isSurrogate = (rune: number): boolean => rune >= 0xd800 && rune <= 0xdfff;

test('the printable runes are those of Go', () => {
  const bounds: number[] = [];
  let was = false;
  for (let rune = 0; rune <= 0x110000; rune++) {
    const is = rune <= 0x10ffff && isPrint(rune);
    if (is !== was) bounds.push(rune);
    was = is;
  }
  expect(bounds).toEqual(rows.printable);
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
