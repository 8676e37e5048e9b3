import { describe, expect, test } from '@jest/globals';
import { fromEnv, fromFlags, fromToml, layer } from '../../src/config/setting.ts';
import type { Setting } from '../../src/config/schema/schema.ts';
import { parseToml } from '../../src/config/toml.ts';

const rows: Setting[] = [
  { name: 'node', kind: 'list', default: [], usage: '', toml: 'nodes', env: ['CONFD_NODE'] },
  { name: 'wait', kind: 'duration', default: 5, usage: '', toml: 'wait', env: ['CONFD_WAIT', 'OLD_WAIT'] },
  { name: 'version', kind: 'bool', default: false, usage: '', toml: null, env: [] },
];

describe('variables', () => {
  test.each<[Record<string, string>, Record<string, unknown>]>([
    [{ CONFD_WAIT: '' }, {}],
    [{ CONFD_VERSION: 'true' }, {}],
    [{ CONFD_WAIT: '', OLD_WAIT: '1s' }, { wait: { value: 1000, where: 'OLD_WAIT' } }],
    [{ CONFD_WAIT: '2s', OLD_WAIT: '1s' }, { wait: { value: 2000, where: 'CONFD_WAIT' } }],
    [{ CONFD_NODE: ' a, b ,,' }, { node: { value: ['a', 'b'], where: 'CONFD_NODE' } }],
  ])('%j', (env, expected) => {
    expect(fromEnv(rows, new Map(Object.entries(env)))).toEqual(new Map(Object.entries(expected)));
  });
});

test('a file gives what it has, with its line', () => {
  const toml = parseToml('/x.toml', Buffer.from('\nWAIT = "1m"\nversion = true'));
  expect(fromToml(rows, toml, toml.table)).toEqual(new Map([['wait', { value: 60_000, where: '/x.toml:2' }]]));
});

test('the strongest layer wins, each value remembers its layer, and a default is nobody\u2019s', () => {
  const given = (where: string) => new Map([['wait', { value: 1, where }]]);
  const none = new Map<string, never>();
  const from = (file: boolean, env: boolean, flag: boolean) =>
    layer(rows, {
      file: file ? given('f') : none,
      env: env ? given('e') : none,
      flag: flag ? fromFlags(new Map([['wait', 2]])) : none,
    }).get('wait');
  expect(from(false, false, false)).toMatchObject({ value: 5, from: 'default' });
  expect(from(true, false, false)).toMatchObject({ value: 1, from: 'file', where: 'f' });
  expect(from(true, true, false)).toMatchObject({ value: 1, from: 'env', where: 'e' });
  expect(from(true, true, true)).toMatchObject({ value: 2, from: 'flag', where: '-wait' });
});
