import { describe, expect, test } from '@jest/globals';
import { envBackend } from '../../src/backend/env.ts';
import { backendContract, sorted } from '../contract/backend.ts';

backendContract(
  'env',
  () => {
    const env = new Map<string, string>();
    const nameOf = (key: string) => key.slice(1).replaceAll('/', '_').toUpperCase();
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
      close: () => Promise.resolve(),
    });
  },
  { anyBytes: false, live: false, under: '' },
);

describe('env', () => {
  test.each([
    [
      'a longer name comes along',
      { DATABASE_HOST: 'h', DATABASE_HOSTNAME: 'n' },
      ['/database/host'],
      [
        ['/database/host', 'h'],
        ['/database/hostname', 'n'],
      ],
    ],
    ['two underscores are one slash', { DATABASE__X: '1' }, ['/database'], [['/database/x', '1']]],
    ['capitals in a name', { Database_Mixed: '1' }, ['/'], [['/database/mixed', '1']]],
    ['capitals in a name, asked for', { Database_Mixed: '1' }, ['/database'], []],
    ['a value with =', { A: 'b=c' }, ['/a'], [['/a', 'b=c']]],
    [
      'an odd name',
      { __proto___: 'x', 'A.B-C': 'y' },
      ['/a.b-c', '/'],
      [
        ['/a.b-c', 'y'],
        ['/proto', 'x'],
      ],
    ],
    ['not text but letters', { É: 'é' }, ['/\xc3\xa9'], [['/\xc3\xa9', '\xc3\xa9']]],
  ] as [string, Record<string, string>, string[], [string, string][]][])('%s', async (_name, env, keys, expected) => {
    const backend = envBackend(new Map(Object.entries(env)));
    const { pairs } = await backend.read(keys, new AbortController().signal);
    expect(sorted(pairs)).toEqual(expected);
  });
});
