import { describe, expect, test } from '@jest/globals';
import { base, clean, dir, join, literalPrefix, match, matcher } from '../../src/go/path.ts';
import { callRows, testCalls } from '../helpers/go-rows.ts';

const functions = new Map<string, (...args: never[]) => unknown>(Object.entries({ base, clean, dir, join, match }));

describe('as Go does it', () => {
  testCalls('path', functions);
});

test('whatever a pattern matches starts with its literal prefix', () => {
  for (const { fn, args, want } of callRows('path')) {
    const [pattern, name] = args as [string, string];
    if (fn === 'match' && want === true) expect(name.startsWith(literalPrefix(pattern))).toBe(true);
  }
  expect(literalPrefix('/app/*/host')).toBe('/app/');
  expect(literalPrefix('/a\\*')).toBe('/a');
});

describe('matcher agrees with match', () => {
  const patterns = ['/a/*', '/a*', '*', '/a/*/b', '/a/?', '/a/\\*', '/a/[b]', '/a', ''];
  const names = ['/a/', '/a/b', '/a/b/c', '/ab', '/a', 'a', '', '/a/*', '/a/*/b'];
  test.each(patterns)('%j', (pattern) => {
    expect(names.map(matcher(pattern))).toEqual(names.map((name) => match(pattern, name)));
  });
});
