import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../src/minietcd/state/event.ts';
import { Store, type Write } from '../../../src/minietcd/state/store.ts';

const file = (value: string, more: Partial<Write> = {}): Write => ({
  value,
  dir: false,
  expires: undefined,
  refresh: false,
  ...more,
});
const anything = { dir: true, recursive: true };

// What each operation answers is held by keys.test.ts, against etcd's own answers; here what HTTP does not show.
describe('a refusal changes nothing', () => {
  const refusals: readonly [string, number, string, (store: Store) => unknown][] = [
    ['a set through a file', 104, '/f', (store) => store.set('/f/x/y', file(''), 0)],
    ['a create through a file', 104, '/f', (store) => store.create('/f/x/y', file(''), 0)],
    ['an in-order create in a file', 104, '/f', (store) => store.createInOrder('/f', file(''), 0)],
    ['an update below nothing', 100, '/no', (store) => store.update('/no/x', file(''), 0)],
    [
      'a swap of a directory',
      102,
      '/d',
      (store) => store.compareAndSwap('/d', { prevValue: '', prevIndex: 4n }, file(''), 0),
    ],
    [
      'a swap with a wrong guard',
      101,
      '[x != 1] [18446744073709551615 != 4]',
      (store) => store.compareAndSwap('/f', { prevValue: 'x', prevIndex: 2n ** 64n - 1n }, file(''), 0),
    ],
    ['a delete of the root', 107, '/', (store) => store.delete('/', anything, 0)],
    [
      'a delete of a directory that holds something',
      108,
      '/d',
      (store) => store.delete('/d', { dir: true, recursive: false }, 0),
    ],
  ];
  test.each(refusals)('%s', (_, code, about, change) => {
    const store = new Store();
    store.set('/f', file('1'), 0);
    store.set('/d/_h', file('2'), 0);
    expect(() => change(store)).toThrow(expect.objectContaining({ code, about, index: 5 }));
    expect(store.index).toBe(5);
    expect(store.find('/d').children?.size).toBe(1);
  });
});

describe('what falls due', () => {
  test('is known, and forgotten with what is replaced, removed or made lasting', () => {
    const store = new Store();
    store.set('/a', file('', { expires: 10 }), 0);
    store.set('/d/b', file('', { expires: 5 }), 0);
    expect(store.nextExpiry).toBe(5);
    store.delete('/d', anything, 0);
    expect(store.nextExpiry).toBe(10);
    store.update('/a', file(''), 0);
    expect(store.nextExpiry).toBeUndefined();
    store.set('/a', file('', { expires: 10 }), 0);
    store.set('/a', file('', { dir: true }), 0);
    expect(store.expire(100)).toEqual([]);
  });

  test('expires at its instant, not before', () => {
    const store = new Store();
    store.set('/a', file('', { expires: 10 }), 0);
    expect(store.expire(9)).toEqual([]);
    expect(store.expire(10).map(({ action, node }) => `${action} ${node.key} ${node.modified}`)).toEqual([
      'expire /a 5',
    ]);
  });
});

describe('watchers below a removed directory', () => {
  test('hear of it when their key was there', () => {
    const store = new Store();
    store.set('/d/e/_f', file(''), 0);
    const heard: string[] = [];
    const watch = (path: string) => {
      store.watch({
        path,
        recursive: false,
        stream: true,
        since: 0,
        onEvent: ({ node }: Event) => heard.push(`${path} hears ${node.key}`),
        end: () => undefined,
      });
    };
    for (const path of ['/d/e/_f', '/d/e', '/d', '/d/none', '/']) watch(path);
    store.delete('/d', anything, 0);
    expect(heard.sort()).toEqual(['/d hears /d', '/d/e hears /d', '/d/e/_f hears /d']);
  });
});
