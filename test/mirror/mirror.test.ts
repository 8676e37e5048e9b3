import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Edit } from '../../src/backend/contract/backend.ts';
import { Mirror, type Replacement } from '../../src/mirror/mirror.ts';
import type { View } from '../../src/mirror/view.ts';

const snapshot = (pairs: Iterable<readonly [string, string]>) => ({ pairs: new Map(pairs) });

function mirrorOf(pairs: Record<string, string>): Mirror {
  const mirror = new Mirror();
  mirror.replace(snapshot(Object.entries(pairs)));
  return mirror;
}

const set = (key: string, value: string): Edit => ({ key, value });
const gone = (key: string): Edit => ({ key, value: null });
const whole = (root: string, pairs: Record<string, string>): Replacement => ({
  root,
  rule: 'subtree',
  pairs: new Map(Object.entries(pairs)),
});

describe('replace', () => {
  test('what was there goes, what is new comes, and views follow', () => {
    const mirror = mirrorOf({ '/same': '1', '/other': '1', '/gone': '1', '/empty': '' });
    const view = mirror.view('/', ['/'], 'subtree');
    const now: [string, string][] = [
      ['/same', '1'],
      ['/other', '2'],
      ['/new', ''],
      ['/empty', ''],
    ];
    mirror.replace(snapshot(now));
    expect(view.gets('/*').map((pair) => [pair.key, pair.value])).toEqual(now.sort());
    expect(mirror.size).toBe(4);
  });
});

test.each<[string, string[], 'subtree' | 'text', string[], boolean]>([
  ['no keys', [], 'subtree', [], false],
  ['keys that select nothing here either', ['/no', '/d/y'], 'subtree', [], false],
  ['all of it', ['/a', '/d'], 'subtree', [], true],
  ['all but a namesake', ['/d'], 'subtree', ['/dx'], true],
  ['a namesake, where text selects', ['/d'], 'text', ['/dx'], false],
  ['one that stays', ['/d'], 'subtree', ['/d/x'], false],
  ['one that is new', ['/d'], 'subtree', ['/d/new/k'], false],
  ['the other wanted key', ['/a', '/d'], 'subtree', ['/a'], false],
])('wouldLose: %s', (_name, keys, rule, left, expected) => {
  const mirror = mirrorOf({ '/a': '1', '/d/x': '1', '/dx': '3' });
  expect(mirror.wouldLose(keys, rule, snapshot(left.map((key) => [key, '1'])))).toBe(expected);
});

test.each<[string, string, string[], boolean]>([
  ['all of it', '/d', [], true],
  ['a part of it', '/d/x', [], false],
  ['what lies elsewhere', '/dx', [], false],
  ['what is above', '/', [], true],
  ['all of it, for something new', '/d', ['/d/new'], false],
])('wouldLose, of what replaces one root: %s', (_name, root, left, expected) => {
  const mirror = mirrorOf({ '/a': '1', '/d/x': '1', '/d/y': '1', '/dx': '3' });
  expect(mirror.wouldLose(['/d'], 'subtree', { root, ...snapshot(left.map((key) => [key, '1'])) })).toBe(expected);
});

test.each<[string, readonly (Edit | Replacement)[], Record<string, string>]>([
  ['nothing new', [whole('/d', { '/d/x': '1', '/d/y': '1' })], {}],
  [
    'one that is gone, one that is new, one that differs',
    [whole('/d', { '/d/y': '2', '/d/z': '3' })],
    { '/d/x': 'removed', '/d/y': 'changed', '/d/z': 'added' },
  ],
  ['none of a namesake', [whole('/d', {})], { '/d/x': 'removed', '/d/y': 'removed' }],
  [
    'a namesake, where text selects',
    [{ ...whole('/d', { '/d/x': '1', '/d/y': '1' }), rule: 'text' }],
    { '/dx': 'removed' },
  ],
  [
    'an edit before, which it knows of',
    [set('/d/x', '2'), set('/d/new', '1'), whole('/d', { '/d/x': '1', '/d/y': '1' })],
    {},
  ],
  ['an edit after', [whole('/d', {}), set('/d/x', '1')], { '/d/y': 'removed' }],
  ['one after the other', [whole('/d', {}), whole('/d', { '/d/x': '1', '/d/y': '1' })], {}],
])('what replaces a root: %s', (_name, changes, touched) => {
  const mirror = mirrorOf({ '/a': '1', '/d/x': '1', '/d/y': '1', '/dx': '3' });
  expect(Object.fromEntries(mirror.apply(changes))).toEqual(touched);
});

describe('apply', () => {
  const start = { '/a': '1', '/d/x': '1', '/d/y/z': '2', '/dx': '3' };
  test.each<[string, Edit[], Record<string, string>]>([
    ['no edits', [], {}],
    ['the same value', [set('/a', '1')], {}],
    ['there and back', [set('/a', '2'), set('/a', '1')], {}],
    ['removed and set to the same', [gone('/a'), set('/a', '1')], {}],
    ['a key that is not there', [gone('/nope')], {}],
    ['made and removed', [set('/new/k', '1'), gone('/new')], {}],
    ['a new value', [set('/a', '2')], { '/a': 'changed' }],
    ['an empty value is a value', [set('/e', '')], { '/e': 'added' }],
    ['a directory with all below, but not a namesake', [gone('/d')], { '/d/x': 'removed', '/d/y/z': 'removed' }],
    [
      'a file in place of a directory',
      [gone('/d'), set('/d', '9')],
      { '/d/x': 'removed', '/d/y/z': 'removed', '/d': 'added' },
    ],
    ['a value alone removes nothing below', [set('/d', '9')], { '/d': 'added' }],
    ['a directory made anew', [gone('/d'), set('/d/x', '7')], { '/d/y/z': 'removed', '/d/x': 'changed' }],
    [
      'a value that came and went with its directory',
      [set('/d/n', '1'), gone('/d'), set('/d/x', '1')],
      { '/d/y/z': 'removed' },
    ],
    ['everything', [gone('/')], { '/a': 'removed', '/d/x': 'removed', '/d/y/z': 'removed', '/dx': 'removed' }],
    ['a name of JavaScript', [set('/__proto__', '1')], { '/__proto__': 'added' }],
  ])('%s', (_, edits, touched) => {
    expect([...mirrorOf(start).apply(edits)].sort()).toEqual(Object.entries(touched).sort());
  });
});

describe('view', () => {
  test('is shared by those who want the same', () => {
    const mirror = mirrorOf({ '/app/a': '1' });
    const view = mirror.view('/app', ['/app/a', '/app/b'], 'subtree');
    expect(mirror.view('/app', ['/app/b', '/app/a', '/app/a'], 'subtree')).toBe(view);
    expect(mirror.view('/', ['/app/a', '/app/b'], 'subtree')).not.toBe(view);
    expect(mirror.view('/app', ['/app/a', '/app/b'], 'text')).not.toBe(view);
    expect(mirror.view('/app', ['/app/a'], 'subtree')).not.toBe(view);
  });

  test('follows the mirror and names what was touched in it', () => {
    const mirror = mirrorOf({ '/app/a': '1', '/other': '1' });
    const view = mirror.view('/app', ['/app'], 'subtree');
    const first = mirror.apply([set('/app/b', '2'), set('/other', '2')]);
    const second = mirror.apply([set('/app/a', '3'), gone('/app/b'), set('/apple', '1')]);
    const elsewhere = mirror.apply([set('/other', '3')]);
    expect([...view.changesIn(first)]).toEqual([['/b', 'added']]);
    expect([...view.changesIn(second)].sort()).toEqual([
      ['/a', 'changed'],
      ['/b', 'removed'],
    ]);
    expect(view.changesIn(elsewhere).size).toBe(0);
    expect(view.gets('/*').map((pair) => [pair.key, pair.value])).toEqual([['/a', '3']]);
    expect(mirror.view('/app', ['/app/a'], 'subtree').changesIn(first).size).toBe(0);
  });
});

/** Everything that can be seen of a view of keys made of a and b. */
function sights(view: View): unknown {
  const patterns = ['*', '/*', '/*/*', '/a*', '/a/*', '/a/b/?', '/[a-b]', '/a/a/a'];
  const paths = ['/', '', '/a', '/a/', '/a/b', '/b', '//a', '/a/.', 'a'];
  return [
    patterns.map((pattern) => [view.gets(pattern).map((pair) => [pair.key, pair.value]), view.getvs(pattern)]),
    paths.map((path) => [view.ls(path), view.lsdir(path), view.exists(path), view.get(path)?.value]),
  ];
}

const names = fc.constantFrom('a', 'b', 'ab', '..a', 'a..');
const key = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
const edit = fc.oneof(
  { weight: 2, arbitrary: fc.record({ key, value: fc.constantFrom('', '1', '2') }) },
  { weight: 1, arbitrary: fc.record({ key: fc.oneof(key, fc.constant('/')), value: fc.constant(null) }) },
);
const step = fc.record({
  edits: fc.oneof(fc.array(edit, { maxLength: 5 }), fc.array(edit, { minLength: 65, maxLength: 200 })),
  how: fc.constantFrom<'replace' | 'apply'>('replace', 'apply', 'apply'),
});

/** What a store of files and directories holds after the edits, worked out the slow way. */
function after(pairs: ReadonlyMap<string, string>, edits: readonly Edit[]): Map<string, string> {
  let now = new Map(pairs);
  for (const { key, value } of edits) {
    if (value !== null) now.set(key, value);
    else now = new Map([...now].filter(([other]) => key !== '/' && !`${other}/`.startsWith(`${key}/`)));
  }
  return now;
}

test('after random changes the mirror and its views are what a fresh read would make', () => {
  const windows: [string, string[]][] = [
    ['/', ['/']],
    ['/a', ['/a', '/a/b']],
    ['/a', ['/']],
    ['/a/', ['/a', '/b']],
    ['//a', ['/a']],
  ];
  const open = (mirror: Mirror) =>
    windows.flatMap(([prefix, keys]) => [mirror.view(prefix, keys, 'text'), mirror.view(prefix, keys, 'subtree')]);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
      const mirror = new Mirror();
      const views = open(mirror);
      let pairs = new Map<string, string>();
      for (const { edits, how } of steps) {
        const before = pairs;
        const seen = views.map(sights);
        pairs = after(pairs, edits);
        const touched = how === 'apply' ? mirror.apply(edits) : null;
        if (touched === null) mirror.replace(snapshot(pairs));
        const different = [...new Set([...before.keys(), ...pairs.keys()])].filter(
          (k) => before.get(k) !== pairs.get(k),
        );
        if (touched !== null) expect([...touched.keys()].sort()).toEqual(different.sort());
        const fresh = new Mirror();
        fresh.replace(snapshot(pairs));
        const anew = open(fresh).map(sights);
        for (const [i, view] of views.entries()) {
          const now = sights(view);
          expect(now).toEqual(anew[i]);
          if (touched !== null && view.changesIn(touched).size === 0) expect(now).toEqual(seen[i]);
        }
      }
    }),
  );
});
