import { expect, test } from '@jest/globals';
import { type JsonObject, readJson } from '../../../src/backend/vault/json.ts';
import { pairsOf } from '../../../src/backend/vault/secret.ts';

const all = '{"b":true,"l":[1,"x"],"m":{"in":"y","n":2},"n":1.50,"s":"t","sl/ash":"u","z":null}';

test.each([
  ['a single value', '{"value":"v"}', 'go', { '/k': 'v' }],
  ['an empty one', '{"value":""}', 'go', { '/k': '' }],
  ['a value that is a number', '{"value":7}', 'go', { '/k': '{"value":7}' }],
  ['a value that is a number, in full', '{"value":7}', 'all', { '/k': '{"value":7}', '/k/value': '7' }],
  ['a value and more', '{"value":"v","a":"b"}', 'go', { '/k': '{"a":"b","value":"v"}', '/k/a': 'b', '/k/value': 'v' }],
  ['nothing', '{}', 'go', { '/k': '{}' }],
  ['every type', all, 'go', { '/k': all, '/k/m/in': 'y', '/k/s': 't', '/k/sl/ash': 'u' }],
  [
    'every type, in full',
    all,
    'all',
    {
      ...{ '/k': all, '/k/b': 'true', '/k/l': '[1,"x"]', '/k/m/in': 'y', '/k/m/n': '2', '/k/n': '1.50', '/k/s': 't' },
      '/k/sl/ash': 'u',
    },
  ],
  [
    'a field that would be another key',
    '{"..":"x","../../k2":"y","a":"b"}',
    'go',
    { '/k': '{"..":"x","../../k2":"y","a":"b"}', '/k/a': 'b' },
  ],
] as const)('%s', (_name, text, rule, pairs) => {
  expect(Object.fromEntries(pairsOf('/k', readJson(text) as JsonObject, rule).pairs)).toEqual(pairs);
});

test('fields without a key are named with their types in Go', () => {
  expect([...pairsOf('/k', readJson(all) as JsonObject, 'go').unsupported]).toEqual([
    ['/k/b', 'bool'],
    ['/k/l', '[]interface {}'],
    ['/k/m/n', 'json.Number'],
    ['/k/n', 'json.Number'],
    ['/k/z', '<nil>'],
  ]);
});
