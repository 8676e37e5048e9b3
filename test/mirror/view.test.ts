import { describe, expect, test } from '@jest/globals';
import { GoError } from '../../src/go/value.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import type { View } from '../../src/mirror/view.ts';

function viewOf(pairs: Record<string, string>, prefix = '/', keys = ['/'], rule: 'text' | 'subtree' = 'subtree'): View {
  const mirror = new Mirror();
  mirror.replace({ pairs: new Map(Object.entries(pairs)) });
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
    const apply = (key: string, value: string | null) => [...view.changesIn(mirror.apply([{ key, value }]))];
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

describe('names of the store that are not clean', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);

  test(`a view fed by changes is what one made anew is (SEED=${seed})`, () => {
    let state = seed;
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const names = [
      '/',
      '//',
      '/a',
      '/a/',
      '/a//b',
      '/a/b',
      '/a/./b',
      '/a/b/',
      '//a/b',
      '/a/x/../b',
      '/ab',
      '/a/c',
      '/b',
    ];
    const windows = [
      ['/', ['/']],
      ['/', ['/a']],
      ['/a', ['/a']],
      ['/a/', ['/']],
      ['/a/b', ['/a/b', '/b']],
    ] as const;
    const pairs = new Map<string, string>();
    const mirror = new Mirror();
    const views = windows.map(([prefix, keys]) => mirror.view(prefix, keys, 'subtree'));
    for (let round = 0; round < 300; round++) {
      const before = views.map((view) => new Map([...view.keys()].map((key) => [key, view.value(key)])));
      const edits = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        random() < 0.5
          ? { key: pick(names), value: String(round % 3) }
          : { key: pick(names), value: null, alone: true as const },
      );
      const touched = mirror.apply(edits);
      for (const { key, value } of edits) {
        if (value === null) pairs.delete(key);
        else pairs.set(key, value);
      }
      const fresh = new Mirror();
      fresh.replace({ pairs: new Map(pairs) });
      views.forEach((view, i) => {
        const [prefix, keys] = windows[i]!;
        const other = fresh.view(prefix, keys, 'subtree');
        const listed = (one: View) => [...one.keys()].map((key) => [key, one.value(key)]);
        expect(listed(view)).toEqual(listed(other));
        expect(view.shared()).toEqual(other.shared());
        const changed = [...new Set([...before[i]!.keys(), ...view.keys()])].filter(
          (key) => before[i]!.get(key) !== view.value(key),
        );
        // What is touched may be more than what looks different, never less.
        expect([...view.changesIn(touched).keys()]).toEqual(expect.arrayContaining(changed));
      });
    }
  });
});
