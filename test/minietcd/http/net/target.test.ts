import { expect, test } from '@jest/globals';
import { cleanPath, parseTarget, printLocation } from '../../../../src/minietcd/http/net/target.ts';

test.each(['/%', '/%4', '/a%zz', '/%%41'])('%s is broken', (target) => {
  expect(parseTarget(target)).toBeUndefined();
});

test.each([
  ['/a?b?c', '/a', 'b?c'],
  ['/a%2Fb%3F', '/a/b?', ''],
  ['/a+b%00%ff', '/a+b\0\xff', ''],
  ['http://host:1/a?b', '/a', 'b'],
  ['http://host', '/', ''],
  ['*', '/*', ''],
])('%s', (target, path, query) => {
  expect(parseTarget(target)).toEqual({ path, query });
});

test.each([
  ['/', '/'],
  ['/a/', '/a/'],
  ['/.hid/...', '/.hid/...'],
  ['//', '/'],
  ['/a//b/./c/../d/', '/a/b/d/'],
  ['/../..', '/'],
  ['/a/..', '/'],
])('%s is cleaned to %s', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test('a location escapes what a path may not hold', () => {
  expect(printLocation('/a b"<\xe9?;@', 'q="\xe9')).toBe('/a%20b%22%3C%E9%3F;@?q="%e9');
});
