import { describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { envBackend } from '../../../src/backend/env/env.ts';
import { backendContract, sorted } from '../../contract/backend.ts';

const nameOf = (key: string) => key.slice(1).replaceAll('/', '_').toUpperCase();

backendContract(
  'env',
  () => {
    const env = new Map<string, string>();
    return Promise.resolve({
      open: () => Promise.resolve(envBackend(env)),
      put: (key, value) => {
        env.set(nameOf(key), Buffer.from(value, 'latin1').toString('utf8'));
        return Promise.resolve();
      },
      remove: (key) => {
        for (const name of env.keys()) if (name.startsWith(nameOf(key))) env.delete(name);
        return Promise.resolve();
      },
      lose: () => Promise.resolve(),
      close: () => Promise.resolve(),
    });
  },
  { anyBytes: false, live: false, under: '', nameOf: (key) => `/${nameOf(key)}` },
);

describe('env', () => {
  test.each([
    [
      'a longer name comes along',
      { DATABASE_HOST: 'h', DATABASE_HOSTNAME: 'n' },
      ['/database/host'],
      [
        ['/DATABASE_HOST', 'h'],
        ['/DATABASE_HOSTNAME', 'n'],
      ],
    ],
    ['two underscores', { DATABASE__X: '1' }, ['/database'], [['/DATABASE__X', '1']]],
    ['a wanted key as the variable is', { DATABASE_X: '1' }, ['/DATABASE_X'], [['/DATABASE_X', '1']]],
    ['capitals in a name', { Database_Mixed: '1' }, ['/'], [['/Database_Mixed', '1']]],
    ['capitals in a name, asked for', { Database_Mixed: '1' }, ['/database'], []],
    ['a value with =', { A: 'b=c' }, ['/a'], [['/A', 'b=c']]],
    [
      'an odd name',
      { __proto___: 'x', 'A.B-C': 'y' },
      ['/a.b-c', '/'],
      [
        ['/A.B-C', 'y'],
        ['/__proto___', 'x'],
      ],
    ],
    ['not text but letters', { É: 'é' }, ['/\xc3\xa9'], [['/\xc3\x89', '\xc3\xa9']]],
  ] as [string, Record<string, string>, string[], [string, string][]][])('%s', async (_name, env, keys, expected) => {
    const backend = envBackend(new Map(Object.entries(env)));
    const { pairs } = await readSnapshot(backend, keys, new AbortController().signal);
    expect(sorted(pairs)).toEqual(expected);
  });
});
