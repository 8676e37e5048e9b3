import { describe, expect, test } from '@jest/globals';
import { GoError } from '../../src/go/value.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import type { View } from '../../src/mirror/view.ts';

function viewOf(pairs: Record<string, string>, prefix = '/', keys = ['/'], rule: 'text' | 'subtree' = 'subtree'): View {
  const mirror = new Mirror();
  mirror.replace({ cursor: new Map(), pairs: new Map(Object.entries(pairs)) });
  return mirror.view(prefix, keys, rule);
}

const all = (view: View) =>
  ['/', '/?*', '/*/*', '/*/*/*'].flatMap((pattern) => view.gets(pattern).map((pair) => `${pair.key}=${pair.value}`));

describe('bad patterns', () => {
  test.each(['/[', '[', '/a\\', '/[]', '/[a-', '/x[^'])('%s is an error when there is a key', (pattern) => {
    expect(() => viewOf({ '/k': '1' }).gets(pattern)).toThrow(new GoError('syntax error in pattern'));
    expect(() => viewOf({ '/k': '1' }).getvs(pattern)).toThrow(GoError);
    expect(viewOf({}).gets(pattern)).toEqual([]);
    expect(viewOf({ '/k': '1' }, '/', ['/other']).getvs(pattern)).toEqual([]);
  });
});

describe('which keys, under which names', () => {
  const app = { '/app': '0', '/app/k': '1', '/app/d/k': '2', '/application/k': '3', '/other': '4' };
  test.each<[string, string, string[], 'text' | 'subtree', string[]]>([
    ['no prefix', '/', ['/'], 'subtree', ['/app=0', '/other=4', '/app/k=1', '/application/k=3', '/app/d/k=2']],
    ['a directory', '/app', ['/app'], 'subtree', ['/=0', '/k=1', '/d/k=2']],
    ['text has no boundary', '/app', ['/app'], 'text', ['/=0', '/k=1', '/d/k=2', '/lication/k=3']],
    ['two keys', '/app', ['/app/d', '/other'], 'subtree', ['/other=4', '/d/k=2']],
    ['an unclean prefix matches nothing', '//app', ['/app/d'], 'subtree', ['/app/d/k=2']],
    ['a prefix with a slash at its end', '/app/', ['/app'], 'subtree', ['/app=0', '/k=1', '/d/k=2']],
    ['a prefix of which the keys know nothing', '/nope', ['/app/k'], 'subtree', ['/app/k=1']],
    ['a missing key', '/', ['/nope'], 'subtree', []],
    ['no keys', '/', [], 'subtree', []],
  ])('%s', (_, prefix, keys, rule, expected) => {
    expect(all(viewOf(app, prefix, keys, rule))).toEqual(expected);
  });

  test('of two keys with one name the last in byte order wins, and the other comes back', () => {
    const mirror = new Mirror();
    const view = mirror.view('/app', ['/'], 'subtree');
    const apply = (key: string, value: string | null) => [...view.touched(mirror.apply([{ key, value }]))];
    expect(apply('/k', 'low')).toEqual([['/k', 'added']]);
    expect(apply('/app/k', 'lower')).toEqual([]);
    expect(view.get('/k')?.value).toBe('low');
    expect(apply('/appk', 'middle')).toEqual([]);
    expect(apply('/k', null)).toEqual([['/k', 'changed']]);
    expect(view.get('/k')?.value).toBe('middle');
    expect(apply('/app', null)).toEqual([]);
    expect(apply('/appk', null)).toEqual([['/k', 'removed']]);
  });
});

describe('lookups', () => {
  const view = viewOf({
    '/app/a': '2',
    '/app/bb': '1',
    '/app/c/d': '3',
    '/app/c/e/f': '3',
    '/top': '',
    '/z\xff': '\xff',
  });

  test('exact keys, as they are written', () => {
    expect(view.get('/app/a')).toMatchObject({ key: '/app/a', value: '2' });
    for (const key of ['/app', 'top', '/top/', '//top', '/app/./a', '', '/', '__proto__']) {
      expect([view.exists(key), view.get(key)]).toEqual([false, undefined]);
    }
    expect([view.exists('/top'), view.get('/top')?.value, view.get('/z\xff')?.value]).toEqual([true, '', '\xff']);
  });

  test.each([
    ['/app/*', ['/app/a', '/app/bb']],
    ['/app/*/*', ['/app/c/d']],
    ['/*', ['/top', '/z\xff']],
    ['/app/?', ['/app/a']],
    ['/app/[a-b]*', ['/app/a', '/app/bb']],
    ['/app/[^a]*', ['/app/bb']],
    ['/app/\\a', ['/app/a']],
    ['/\\app/a', ['/app/a']],
    ['/app/a', ['/app/a']],
    ['/APP/*', []],
    ['*', []],
    ['', []],
  ])('gets %s', (pattern, keys) => {
    expect(view.gets(pattern).map((pair) => pair.key)).toEqual(keys);
  });

  test('getvs sorts by value', () => {
    expect(view.getvs('/app/*')).toEqual(['1', '2']);
    expect(viewOf({ '/1': 'b', '/2': 'a', '/3': 'b', '/4': '\xe9', '/5': 'B' }).getvs('/*')).toEqual([
      'B',
      'a',
      'b',
      'b',
      '\xe9',
    ]);
  });

  test.each([
    ['/', ['top', 'z\xff'], []],
    ['', [], []],
    ['.', [], []],
    ['app', [], []],
    ['/app', ['a', 'bb', 'c'], ['c']],
    ['/app/', ['a', 'bb', 'c'], ['c']],
    ['/app/.', ['app'], []],
    ['//app', ['app'], []],
    ['/app/a', ['a'], []],
    ['/app/c', ['d', 'e'], ['e']],
    ['/ap', [], []],
    ['/nope', [], []],
    ['/app/../app', ['app'], []],
  ])('ls and lsdir %s', (path, names, folders) => {
    expect([view.ls(path), view.lsdir(path)]).toEqual([names, folders]);
  });

  test('a key that is a directory too is listed under its own name as well', () => {
    const both = viewOf({ '/a': '1', '/a/b': '2', '/a/c/d': '3' });
    expect([both.ls('/a'), both.lsdir('/a'), both.ls('/')]).toEqual([['a', 'b', 'c'], ['c'], ['a']]);
  });

  test('a list belongs to its caller', () => {
    const calls = [
      () => view.gets('/app/*'),
      () => view.getvs('/app/*'),
      () => view.ls('/app'),
      () => view.lsdir('/app'),
    ];
    for (const call of calls) {
      const first = call();
      const kept = [...first];
      first.reverse().pop();
      expect(call()).toEqual(kept);
    }
  });
});
