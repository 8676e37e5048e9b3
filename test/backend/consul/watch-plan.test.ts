import { describe, expect, test } from '@jest/globals';
import { commonStart, coveringRoots, isAskable, planWatches } from '../../../src/backend/consul/watch-plan.ts';

test.each([
  [['/'], ['']],
  [['/', '/app'], ['']],
  [
    ['/app', '/app/db', '/application', '/b', '/app'],
    ['app', 'b'],
  ],
  [
    ['/app/a', '/app/b'],
    ['app/a', 'app/b'],
  ],
  [[], []],
])('the prefixes to ask for %j are %j', (keys, roots) => {
  expect(coveringRoots(keys)).toEqual(roots);
});

describe('watches', () => {
  test.each([
    [[''], ['']],
    [['app'], ['app']],
    [['app/a', 'app/b'], ['app/']],
    [
      ['app/a1', 'app/a2', 'b/x'],
      ['app/a', 'b/x'],
    ],
    [
      ['a/1', 'b/1', 'c/1', 'd/1'],
      ['a/1', 'b/1', 'c/1', 'd/1'],
    ],
    [['a/1', 'b/1', 'c/1', 'd/1', 'e/1'], ['']],
    // A path that ends with a dot would be cleaned on its way.
    [['app/.a', 'app/.b'], ['app/']],
    [[], []],
  ])('of %j are at %j', (roots, prefixes) => {
    const plans = planWatches(roots);
    expect(plans.map(({ prefix }) => prefix)).toEqual(prefixes);
    expect(plans.flatMap((plan) => plan.roots)).toEqual(roots);
  });
});

test.each([
  ['', true],
  ['app', true],
  ['app/', true],
  ['app/.x', true],
  ['/', false],
  ['/app', false],
  ['app//', false],
  ['app/.', false],
  ['app/./x', false],
  ['app/..', false],
])('%j can be asked for: %s', (prefix, can) => {
  expect(isAskable(prefix)).toBe(can);
});

test.each([
  [[], ''],
  [['a'], 'a'],
  [['ab', 'ac'], 'a'],
  [['ab', 'b'], ''],
])('%j begin with %j', (texts, start) => {
  expect(commonStart(texts)).toBe(start);
});
