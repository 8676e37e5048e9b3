import { expect, test } from '@jest/globals';
import { modernise } from '../../src/config/old-flags.ts';
import type { Given } from '../../src/config/setting.ts';

const given = (values: Record<string, Given['value']>): Map<string, Given> =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, where: `-${name}` }]));

test.each<[Record<string, Given['value']>, Record<string, Given['value']>]>([
  [{}, {}],
  [
    { node: ['a'], prefix: '/' },
    { node: ['a'], prefix: '/' },
  ],
  [{ quiet: true }, { 'log-level': 'error' }],
  [{ quiet: true, verbose: true, debug: true }, { 'log-level': 'debug' }],
  [{ quiet: false }, {}],
  [{ debug: true, 'log-level': 'warn' }, { 'log-level': 'warn' }],
  [{ 'etcd-nodes': ['a'] }, { node: ['a'] }],
  [{ 'etcd-nodes': ['a'], node: ['b'] }, { node: ['b'] }],
  [{ consul: true, 'etcd-nodes': ['a'] }, { backend: 'consul' }],
  [{ consul: false, 'consul-addr': 'a' }, {}],
  [
    { consul: true, 'consul-addr': 'a' },
    { backend: 'consul', node: ['a'] },
  ],
])('%j becomes %j', (before, after) => {
  const { layer, warnings } = modernise(given(before));
  expect(new Map([...layer].map(([name, { value }]) => [name, value]))).toEqual(new Map(Object.entries(after)));
  const isOld = Object.keys(before).some((name) => !(name in after));
  expect(warnings).toHaveLength(isOld ? 1 : 0);
});

test('a value remembers the old flag that set it', () => {
  expect(modernise(given({ quiet: true })).layer.get('log-level')?.where).toBe('-quiet');
});
