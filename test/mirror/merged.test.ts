import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Edit } from '../../src/backend/contract/backend.ts';
import { GoError } from '../../src/go/value.ts';
import { MergedView } from '../../src/mirror/merged.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import { Reader } from '../../src/mirror/readset.ts';
import type { KeyView } from '../../src/mirror/view.ts';

const snapshot = (pairs: Iterable<readonly [string, string]>) => ({ cursor: new Map(), pairs: new Map(pairs) });

function mirrorOf(pairs: Record<string, string>): Mirror {
  const mirror = new Mirror();
  mirror.replace(snapshot(Object.entries(pairs)));
  return mirror;
}

/** Mirrors that are seen whole, the first on top. */
function stackOf(...layers: Record<string, string>[]) {
  const mirrors = layers.map(mirrorOf);
  return { mirrors, merged: new MergedView(mirrors.map((mirror) => mirror.view('/', ['/'], 'subtree'))) };
}

describe('bad patterns', () => {
  test('are an error as soon as one of the stores has a key', () => {
    expect(() => stackOf({}, { '/k': '1' }).merged.gets('/[')).toThrow(new GoError('syntax error in pattern'));
    expect(() => stackOf({ '/k': '1' }, {}).merged.getvs('/[')).toThrow(GoError);
    expect(stackOf({}, {}).merged.gets('/[')).toEqual([]);
  });
});

test('the first that has a key gives its value, and names come from all', () => {
  const { merged } = stackOf({ '/b': 'x', '/d/k': '1' }, { '/a': 'y', '/b': 'never', '/d/l/m': '2' }, { '/b': 'nor' });
  expect(merged.gets('/*').map((pair) => [pair.key, pair.value])).toEqual([
    ['/a', 'y'],
    ['/b', 'x'],
  ]);
  expect(merged.getvs('/*')).toEqual(['x', 'y']);
  expect([merged.get('/b')?.value, merged.value('/b'), merged.get('/c'), merged.value('/c')]).toEqual([
    'x',
    'x',
    undefined,
    undefined,
  ]);
  expect([merged.ls('/'), merged.ls('/d'), merged.lsdir('/d')]).toEqual([['a', 'b'], ['k', 'l'], ['l']]);
  expect([...merged.keys()]).toEqual(['/a', '/b', '/d/k', '/d/l/m']);
  expect([merged.exists('/a'), merged.exists('/d')]).toEqual([true, false]);
  expect(merged.collisions()).toEqual(['/b']);
});

describe('what a change touches', () => {
  const set = (key: string, value: string): Edit => ({ key, value });
  const gone = (key: string): Edit => ({ key, value: null });
  const top = { '/both': '1', '/top': '1' };
  const bottom = { '/both': '2', '/bottom': '2' };
  test.each<[string, number, Edit, [string, string][]]>([
    ['a shadowed key changes', 1, set('/both', '3'), []],
    ['a shadowed key goes', 1, gone('/both'), []],
    ['a key comes below another', 1, set('/top', '3'), []],
    ['a key on top changes', 0, set('/both', '3'), [['/both', 'changed']]],
    ['a key on top goes, and what it hid is seen', 0, gone('/both'), [['/both', 'changed']]],
    ['a key comes on top of another', 0, set('/bottom', '3'), [['/bottom', 'changed']]],
    ['a key that nobody has', 1, set('/new', '3'), [['/new', 'added']]],
    ['a key that nobody else has goes', 0, gone('/top'), [['/top', 'removed']]],
    ['a key that nobody hides', 1, set('/bottom', '3'), [['/bottom', 'changed']]],
  ])('%s', (_, layer, edit, touched) => {
    const { mirrors, merged } = stackOf(top, bottom);
    expect([...merged.changesIn(mirrors[layer]!.apply([edit]))]).toEqual(touched);
  });

  test('two views of one store are both heard', () => {
    const mirror = mirrorOf({ '/a/k': '1', '/b/k': '2' });
    const merged = new MergedView(['/a', '/b'].map((prefix) => mirror.view(prefix, [prefix], 'subtree')));
    expect([...merged.changesIn(mirror.apply([gone('/a/k'), set('/b/k', '3')]))]).toEqual([['/k', 'changed']]);
    expect(merged.value('/k')).toBe('3');
    expect([...merged.changesIn(mirror.apply([set('/a/k', '4'), gone('/b/k')]))].length).toBe(1);
    expect([...merged.changesIn(mirror.apply([gone('/a/k')]))]).toEqual([['/k', 'removed']]);
  });
});

const patterns = ['*', '/*', '/*/*', '/a*', '/a/*', '/[a-b]'];
const paths = ['/', '/a', '/a/b', '/b', 'a'];
const keysAsked = ['/a', '/b', '/a/a', '/a/b'];

/** Look-ups, one by one. */
const asks: readonly ((of: Reader) => unknown)[] = [
  ...patterns.map((pattern) => (of: Reader) => of.gets(pattern).map((pair) => [pair.key, pair.value])),
  ...patterns.map((pattern) => (of: Reader) => of.getvs(pattern)),
  ...paths.map((path) => (of: Reader) => of.ls(path)),
  ...paths.map((path) => (of: Reader) => of.lsdir(path)),
  ...keysAsked.map((key) => (of: Reader) => [of.exists(key), of.get(key)?.value, of.value(key)]),
];

/** The answers, each with what it was made from. */
function look(sight: KeyView): { readonly answer: unknown; readonly reader: Reader }[] {
  return asks.map((ask) => {
    const reader = new Reader(sight);
    return { answer: ask(reader), reader };
  });
}

type Window = readonly [mirror: number, prefix: string, keys: readonly string[]];

function open(mirrors: readonly Mirror[], windows: readonly Window[]) {
  return windows.map(([mirror, prefix, keys]) => mirrors[mirror]!.view(prefix, keys, 'subtree'));
}

/** What the windows show of what the stores hold, merged the slow way. */
function mergedSlowly(stores: readonly ReadonlyMap<string, string>[], windows: readonly Window[]): KeyView {
  const mirrors = stores.map((pairs) => mirrorOf(Object.fromEntries(pairs)));
  const pairs = new Map<string, string>();
  for (const view of open(mirrors, windows).reverse()) for (const key of view.keys()) pairs.set(key, view.value(key)!);
  const all = new Mirror();
  all.replace(snapshot(pairs));
  return all.view('/', ['/'], 'subtree');
}

const name = fc.constantFrom('a', 'b');
const key = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const edit = fc.record({ key, value: fc.constantFrom('1', '2', null) });
const step = fc.record({
  mirror: fc.nat(1),
  edits: fc.array(edit, { maxLength: 4 }),
  how: fc.constantFrom<'replace' | 'apply'>('replace', 'apply', 'apply', 'apply'),
});
const stacks: Window[][] = [
  [
    [0, '/', ['/']],
    [1, '/', ['/']],
  ],
  [
    [1, '/a', ['/a']],
    [0, '/', ['/']],
    [1, '/b', ['/b/a', '/b/b']],
  ],
  [
    [0, '/a', ['/a']],
    [0, '/b', ['/b']],
  ],
];

test('after random changes it is what merged fresh reads are, and read sets hear of every difference', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stacks), fc.array(step, { maxLength: 12 }), (windows, steps) => {
      const mirrors = [new Mirror(), new Mirror()];
      const stores = [new Map<string, string>(), new Map<string, string>()];
      const merged = new MergedView(open(mirrors, windows));
      for (const { mirror, edits, how } of steps) {
        const before = look(merged);
        for (const { key: edited, value } of edits) {
          for (const other of [...stores[mirror]!.keys()]) {
            if (value === null && `${other}/`.startsWith(`${edited}/`)) stores[mirror]!.delete(other);
          }
          if (value !== null) stores[mirror]!.set(edited, value);
        }
        const touched = how === 'apply' ? mirrors[mirror]!.apply(edits) : null;
        if (touched === null) mirrors[mirror]!.replace(snapshot(stores[mirror]!));
        const now = look(merged);
        const slow = mergedSlowly(stores, windows);
        expect(now.map(({ answer }) => answer)).toEqual(look(slow).map(({ answer }) => answer));
        expect([...merged.keys()]).toEqual([...slow.keys()]);
        if (touched === null) continue;
        for (const [i, { answer, reader }] of before.entries()) {
          if (!reader.readSet.hit(merged.changesIn(touched))) expect(now[i]!.answer).toEqual(answer);
        }
      }
    }),
    { numRuns: 300 },
  );
});
