import { expect, test } from '@jest/globals';
import { counted, listed } from '../../src/go/count.ts';

test.each([
  [0, '0 keys', '0 entries'],
  [1, '1 key', '1 entry'],
  [2, '2 keys', '2 entries'],
])('%d', (count, keys, entries) => {
  expect([counted(count, 'key'), counted(count, 'entry', 'entries')]).toEqual([keys, entries]);
});

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c'],
])('%j in a sentence', (words, text) => {
  expect(listed(words, 'or')).toBe(text);
  expect(listed(words, 'and')).toBe(text.replace(' or ', ' and '));
});
