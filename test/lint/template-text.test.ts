import { expect, test } from '@jest/globals';
import { fromText } from '../../src/go/bytes.ts';
import { TemplateText } from '../../src/lint/template-text.ts';

const text = fromText('a\né😀b\n\nc');
const file = new TemplateText('/t', text, new Map());

test.each([
  [0, 1, 1],
  [1, 1, 2],
  [2, 2, 1],
  [4, 2, 2],
  [8, 2, 4],
  [9, 2, 5],
  [10, 3, 1],
  [11, 4, 1],
  [12, 4, 2],
])('byte %i is in line %i, column %i', (offset, line, column) => {
  expect(file.placeAt(offset)).toEqual({ file: '/t', line, column });
});

test('places in any order, and those beyond a line', () => {
  expect([9, 4, 8, 0, 12].map((offset) => file.placeAt(offset).column)).toEqual([5, 2, 4, 1, 2]);
  expect(file.placeOf({ line: 2, column: 6 })).toEqual({ file: '/t', line: 2, column: 4 });
  expect(file.placeOf({ line: 2, column: 99 })).toEqual({ file: '/t', line: 2, column: 5 });
  expect(file.placeOf({ line: 9, column: 1 })).toEqual({ file: '/t', line: 9, column: null });
  expect(file.placeOf({ line: 2, column: null })).toEqual({ file: '/t', line: 2, column: null });
});

test('a long line costs no more than its length', () => {
  const long = new TemplateText('/t', fromText('é'.repeat(1_000_000)), new Map());
  let last = 0;
  for (let offset = 0; offset < 2_000_000; offset += 10) last = long.placeAt(offset).column!;
  expect(last).toBe(999_996);
});
