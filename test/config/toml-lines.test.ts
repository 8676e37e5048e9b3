import { describe, expect, test } from '@jest/globals';
import { findPlaces, pathKey } from '../../src/config/toml-lines.ts';

describe('lines of keys', () => {
  const text = [
    '# one',
    'a = """',
    'b = 1 # no key',
    '"""',
    'list = [',
    '  "b = 2", # ]',
    "  'x',",
    ']',
    'b = "#"',
    '"c d" = 1',
    "'e' . f = 2",
    '[table] # x',
    '  b = 3',
    '["t" . "u"]',
    'x = { y = 1 }',
    'z = "\\""',
    '[[many]]',
    'm = 1',
  ].join('\n');
  const places = findPlaces(text, 100);
  test.each<[string[], number]>([
    [['a'], 2],
    [['list'], 5],
    [['b'], 9],
    [['c d'], 10],
    [['e', 'f'], 11],
    [['table'], 12],
    [['table', 'b'], 13],
    [['t', 'u'], 14],
    [['t', 'u', 'x'], 15],
    [['t', 'u', 'z'], 16],
    [['many'], 17],
  ])('%j', (path, expected) => {
    expect(places.get(pathKey(path))!.line).toBe(expected);
  });
});

test('nothing is found inside strings and arrays', () => {
  const places = findPlaces("a = '''\nb = 1\n[c]\n'''\nd = [\n# ]\n\"e = 1\",\n]\nf = 1", 100);
  expect([...places.keys()]).toEqual(['["a"]', '["d"]', '["f"]']);
});

test('the source of a value is what stands behind its equals sign, and the column is that of the key', () => {
  const places = findPlaces('a  =  10.0 # x\n\t [b]', 100);
  expect(places.get(pathKey(['a']))).toEqual({ line: 1, column: 1, source: '10.0 # x' });
  expect(places.get(pathKey(['b']))).toEqual({ line: 2, column: 3, source: '' });
});

test('the first path of too many names is the last, and is cut', () => {
  const places = findPlaces('a = 1\n[b.c]\nd.e.f.g = 1\nh = 1', 3);
  expect([...places].map(([path, { line }]) => [path, line])).toEqual([
    ['["a"]', 1],
    ['["b","c"]', 2],
    ['["b","c","d","e"]', 3],
  ]);
});
