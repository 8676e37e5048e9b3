import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Mirror } from '../../src/mirror/mirror.ts';
import { Reader } from '../../src/mirror/readset.ts';

function readerOf(pairs: Record<string, string>) {
  const mirror = new Mirror();
  mirror.replace({ pairs: new Map(Object.entries(pairs)) });
  const view = mirror.view('/', ['/'], 'subtree');
  const reader = new Reader(view);
  const hitBy = (key: string, value: string | null) =>
    reader.readSet.hit(view.changesIn(mirror.apply([{ key, value }])));
  return { mirror, view, reader, hitBy };
}

const start = { '/a': '1', '/d/x': '1', '/d/e/y': '2' };

test.each<[string, (reader: Reader) => unknown, string, string | null, boolean]>([
  ['nothing read', () => null, '/a', '2', false],
  ['a key that was read', (r) => r.get('/a'), '/a', '2', true],
  ['a key that was read and is gone', (r) => r.get('/a'), '/a', null, true],
  ['a key with the value it had', (r) => r.get('/a'), '/a', '1', false],
  ['another key', (r) => r.get('/a'), '/d/x', '2', false],
  ['a key that was missing', (r) => r.get('/new'), '/new', '', true],
  ['a key asked for with exists', (r) => r.exists('/new'), '/new', '', true],
  ['a match with a new value', (r) => r.gets('/d/*'), '/d/x', '2', true],
  ['a new match', (r) => r.gets('/d/*'), '/d/new', '2', true],
  ['a match that is gone', (r) => r.getvs('/d/*'), '/d', null, true],
  ['no match', (r) => r.getvs('/d/*'), '/d/e/y', '3', false],
  ['a listing and a new value', (r) => r.ls('/d'), '/d/x', '2', false],
  ['a listing and a new name', (r) => r.ls('/d'), '/d/new', '2', true],
  ['a listing and a name that is gone', (r) => r.ls('/d'), '/d/x', null, true],
  ['a listing and the key itself', (r) => r.ls('/d'), '/d', '1', true],
  ['a listing and a namesake', (r) => r.ls('/d'), '/dd', '1', false],
  ['a listing of folders and a new leaf', (r) => r.lsdir('/d'), '/d/new', '1', false],
  ['a listing of folders and a new folder', (r) => r.lsdir('/d'), '/d/new/k', '1', true],
])('%s', (_, read, key, value, hit) => {
  const { reader, hitBy } = readerOf(start);
  read(reader);
  expect(hitBy(key, value)).toBe(hit);
});

test('a bad pattern that found no keys is hit by the first one', () => {
  const { reader, hitBy } = readerOf({});
  expect(reader.gets('/[')).toEqual([]);
  expect(hitBy('/a', '1')).toBe(true);
});

test('a bad pattern is noted although it throws', () => {
  const { reader, hitBy } = readerOf({ '/a': '1' });
  expect(() => reader.gets('/[')).toThrow('syntax error in pattern');
  expect(hitBy('/a', null)).toBe(true);
});

const key = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const pattern = fc
  .array(fc.constantFrom('/', '/*', '/a', '/?', '/[ab]', 'b', '[', '/a*'), { maxLength: 3 })
  .map((p) => p.join(''));
const read = fc.oneof(
  fc.record({ call: fc.constantFrom('exists' as const, 'get' as const), of: key }),
  fc.record({ call: fc.constantFrom('gets' as const, 'getvs' as const), of: pattern }),
  fc.record({ call: fc.constantFrom('ls' as const, 'lsdir' as const), of: fc.oneof(key, pattern) }),
);

test('an answer never changes without a hit', () => {
  const edit = fc.record({ key, value: fc.constantFrom('1', '2', null) });
  type Call = 'exists' | 'get' | 'gets' | 'getvs' | 'ls' | 'lsdir';
  const answer = (reader: Reader, { call, of }: { call: Call; of: string }) => {
    try {
      return reader[call](of);
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(fc.array(edit), fc.array(read), fc.array(edit), (first, reads, second) => {
      const { mirror, view, reader } = readerOf({});
      mirror.apply(first);
      const before = reads.map((each) => answer(reader, each));
      const hit = reader.readSet.hit(view.changesIn(mirror.apply(second)));
      const after = reads.map((each) => answer(new Reader(view), each));
      if (!hit) expect(after).toEqual(before);
    }),
    { numRuns: 500 },
  );
});
