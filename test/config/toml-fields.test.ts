import { describe, expect, test } from '@jest/globals';
import {
  asBool,
  asInt,
  asString,
  asStrings,
  asTable,
  findEntry,
  refuseMisspelt,
  unknownKeys,
} from '../../src/config/toml-fields.ts';
import { parseToml } from '../../src/config/toml.ts';

const file = parseToml(
  '/x.toml',
  Buffer.from('s = "x"\nb = true\ni = 7\nf = 7.0\nl = ["x"]\nmixed = ["x", 1]\nt = { a = 1 }\nUp = 1\nup = 2'),
);
const entry = (name: string) => findEntry(file.table, name)!;

describe('a value of another type', () => {
  test.each<[string, (path: string, of: ReturnType<typeof entry>) => unknown, string, string]>([
    ['i', asString, 'int64', 'string'],
    ['s', asBool, 'string', 'boolean'],
    ['f', asInt, 'float64', 'integer'],
    ['s', asStrings, 'string', 'slice'],
    ['mixed', asStrings, 'int64', 'string'],
    ['l', asTable, '[]interface {}', 'map'],
  ])('%s', (name, read, type, wanted) => {
    const message = `incompatible types: TOML value has type ${type}; destination has type ${wanted}`;
    expect(() => read('/x.toml', entry(name))).toThrow(message);
  });
});

test('a value of the right type', () => {
  expect(asString('', entry('s'))).toBe('x');
  expect(asBool('', entry('b'))).toBe(true);
  expect(asInt('', entry('i'))).toBe(7);
  expect(asStrings('', entry('l'))).toEqual(['x']);
  expect(asTable('', entry('t')).get('a')!.value).toBe(1);
});

test.each([
  ['up', 2],
  ['Up', 1],
  ['UP', 1],
])('the exact name comes first: %s', (name, value) => {
  expect(entry(name).value).toBe(value);
});

test.each([
  ['zzz', ''],
  ['src', ''],
  ['intreval', 'interval'],
  ['checkcmd', 'check_cmd'],
  ['CHECK-CMD', 'check_cmd'],
  ['reload_comand', 'reload_cmd'],
  ['keep-stagefile', 'keepstagefile'],
  ['log_level', 'log-level'],
])('the unknown key %s is told, with the nearest known name when one is near', (key, near) => {
  const toml = parseToml('/x.toml', Buffer.from(`interval = 1\nNODES = []\n${key} = 1`));
  const known = ['interval', 'nodes', 'check_cmd', 'reload_cmd', 'keepstagefile', 'log-level'];
  expect(unknownKeys(toml, toml.table, known).map(({ message }) => message)).toEqual([
    `/x.toml:3: unknown key "${key}" is ignored${near === '' ? '' : `; did you mean "${near}"?`}`,
  ]);
});

test('only a key that is near to a known one is refused as misspelt', () => {
  const toml = parseToml('/x.toml', Buffer.from('zebra = 1\nINTREVAL = 2'));
  expect(() => {
    refuseMisspelt(toml, toml.table, ['interval', 'nodes']);
  }).toThrow('/x.toml: toml: line 2 (last key "INTREVAL"): there is no key "INTREVAL"; did you mean "interval"?');
  expect(() => {
    refuseMisspelt(toml, toml.table, ['nodes']);
  }).not.toThrow();
});
