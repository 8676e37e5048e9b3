import { describe, expect, test } from '@jest/globals';
import { coveringRoots, planPolls, reaches } from '../../../src/backend/etcd/watch-plan.ts';

describe('reaches', () => {
  test.each([
    ['/', '/a', true],
    ['/', '/_a', false],
    ['/a', '/a', true],
    ['/a', '/ab', false],
    ['/a', '/a/_b/c', false],
    ['/_a', '/_a/b', true],
    ['/a/_b', '/a/_b', true],
  ])('%s reaches %s: %s', (root, key, expected) => {
    expect(reaches(root, key)).toBe(expected);
  });
});

describe('roots that are read', () => {
  test.each([
    [
      ['/a', '/a/b', '/a', '/ab'],
      ['/a', '/ab'],
    ],
    [
      ['/', '/a', '/_h'],
      ['/', '/_h'],
    ],
    [
      ['/a/_b', '/a', '/a/_b/c'],
      ['/a/_b', '/a'],
    ],
  ])('%j', (keys, expected) => {
    expect(coveringRoots(keys)).toEqual(expected);
  });
});

describe('polls', () => {
  test.each([
    [[], []],
    [['/'], ['/']],
    [
      ['/app/a', '/app/b', '/sys'],
      ['/app', '/sys'],
    ],
    [['/app/a/x', '/app/a/y'], ['/app/a']],
    [
      ['/app/a', '/app/_s/x', '/app/_s/y'],
      ['/app/a', '/app/_s'],
    ],
    [['/_h/a', '/_h/b'], ['/_h']],
    [
      ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8'],
      ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8'],
    ],
    [
      ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8', '/9', '/_h/x'],
      ['/', '/_h/x'],
    ],
  ])('%j', (roots, paths) => {
    expect(planPolls(roots).map((poll) => poll.path)).toEqual(paths);
  });
});
