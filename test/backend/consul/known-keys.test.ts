import { expect, test } from '@jest/globals';
import { KnownKeys } from '../../../src/backend/consul/known-keys.ts';

const known = () =>
  new KnownKeys(
    new Map([
      ['b', { index: 3 }],
      ['a/x', { index: 7 }],
      ['a/y', { index: 5 }],
      ['a0', { index: 9 }],
    ]),
  );

test.each([
  ['', ['a/x', 'a/y', 'a0', 'b'], 9],
  ['a', ['a/x', 'a/y', 'a0'], 9],
  ['a/', ['a/x', 'a/y'], 7],
  ['a/y', ['a/y'], 5],
  ['c', [], 0],
  ['a/z', [], 0],
])('below %j', (prefix, keys, newest) => {
  expect(known().below(prefix)).toEqual(keys);
  expect(known().newest(prefix)).toBe(newest);
  expect(known().areFew(prefix, keys.length)).toBe(true);
  if (keys.length > 0) expect(known().areFew(prefix, keys.length - 1)).toBe(false);
});

test('what changes counts from then on', () => {
  const keys = known();
  keys.update(
    new Map([
      ['a/x', null],
      ['none', null],
      ['a/new', { index: 11 }],
      ['b', { index: 12 }],
    ]),
  );
  expect(keys.below('')).toEqual(['a/new', 'a/y', 'a0', 'b']);
  expect(['a/x', 'a/new', 'b', 'a0'].map((key) => keys.indexOf(key))).toEqual([undefined, 11, 12, 9]);
});
