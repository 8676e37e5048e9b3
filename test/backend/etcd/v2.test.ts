import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot } from '../../../src/backend/contract/backend.ts';
import { etcdBackend } from '../../../src/backend/etcd/v2.ts';
import { MiniEtcd } from '../../../src/minietcd/server.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { backendContract, Copy, follow, followed, sorted, type Store, until } from '../../contract/backend.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { KeysClient } from '../../helpers/keys-client.ts';
import { Proxy } from '../../helpers/proxy.mjs';

const never = new AbortController().signal;
// Name a real etcd (http://127.0.0.1:2379) to hold it against the same suite.
const real = process.env['ETCD_V2_URL'] ?? '';
let server: MiniEtcd | null = null;
let url = real;

beforeAll(async () => {
  if (real !== '') return;
  server = new MiniEtcd(systemClock);
  await server.listen([{ host: '127.0.0.1', port: 0 }]);
  url = server.urls[0]!;
});
afterAll(async () => {
  await server?.close();
});

let count = 0;
const freshRoot = () => `/test-${process.pid}-${(count += 1)}`;

async function makeStore(under: string): Promise<Store> {
  const proxy = await Proxy.to(Number(new URL(url).port));
  const keys = new KeysClient(url);
  await keys.remove(under);
  return {
    open: () => etcdBackend(etcdSettings([proxy.url])),
    put: async (key, value) => {
      expect([200, 201]).toContain(await keys.put(key, value));
    },
    remove: async (key) => {
      await keys.remove(key);
    },
    cut: () => {
      proxy.cut();
    },
    lose: async () => {
      for (let n = 0; n < 21; n++) {
        await Promise.all(Array.from({ length: 50 }, () => keys.put(`${under}/elsewhere`, String(n))));
      }
    },
    close: async () => {
      await keys.remove(under);
      await proxy.close();
    },
  };
}

backendContract('etcdv2', () => makeStore('/contract'), { anyBytes: false, live: true, under: '/contract' });

describe('etcd, watched through a network that fails', () => {
  let root: string;
  let proxy: Proxy;
  let keys: KeysClient;
  let backend: Backend;
  let stop: AbortController;
  let copy: Copy;
  let following: Promise<void>;

  beforeEach(async () => {
    root = freshRoot();
    proxy = await Proxy.to(Number(new URL(url).port));
    keys = new KeysClient(url);
    await keys.put(`${root}/k`, '1');
    stop = new AbortController();
    copy = new Copy();
  });
  afterEach(async () => {
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await proxy.close();
    await keys.remove(root);
  });

  async function start(settings: Parameters<typeof etcdSettings>[1] = {}, nodes = [proxy.url]): Promise<void> {
    backend = await etcdBackend(etcdSettings(nodes, settings));
    const first = await readSnapshot(backend, [root], never);
    copy.replace(first);
    following = follow(backend, [root], copy, first.cursor, stop.signal);
  }
  const value = (key: string) => copy.pairs.get(`${root}${key}`);

  test('connections that break are made anew, and nothing is lost', async () => {
    await start();
    for (let i = 0; i < 20; i++) {
      proxy.cut();
      await keys.put(`${root}/k`, String(i));
    }
    await until(() => value('/k') === '19');
  });

  test('a network that went silent is noticed, and nothing is lost', async () => {
    await start({ silenceMs: 100, limits: { headersMs: 1500, totalMs: 10_000, maxBytes: 1e6 } });
    proxy.pause();
    await keys.put(`${root}/k`, '2');
    // The poll that was silent is made anew, and what says nothing then is left, too.
    const { attempts } = proxy;
    await until(() => proxy.attempts > attempts + 1);
    proxy.resume();
    await until(() => value('/k') === '2');
  });

  test('silence in the store is no change', async () => {
    await start({ silenceMs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await keys.put(`${root}/k`, '2');
    await until(() => value('/k') === '2');
  });

  test('when one node goes away the next one takes over', async () => {
    const other = await Proxy.to(Number(new URL(url).port));
    await start({}, [proxy.url, other.url]);
    await keys.put(`${root}/k`, '2');
    await until(() => value('/k') === '2');
    expect(other.connections).toBe(0);
    proxy.refuse();
    await keys.put(`${root}/k`, '3');
    await until(() => value('/k') === '3');
    expect(other.connections).toBe(1);
    await other.close();
  });

  test('more changes than the store remembers', async () => {
    await start();
    proxy.refuse();
    for (let i = 0; i < 22; i++) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => keys.put(`${root}/${n % 3}`, String(n))));
    }
    await keys.put(`${root}/1`, 'last');
    await keys.remove(`${root}/k`);
    proxy.resume();
    await until(() => value('/k') === undefined && value('/1') === 'last');
  });

  test('keys that expire, and keys whose life is prolonged', async () => {
    await keys.put(`${root}/dies`, 'x', { ttl: '4' });
    await keys.put(`${root}/lives`, 'x', { ttl: '3' });
    await start();
    await keys.put(`${root}/lives`, '', { refresh: 'true', ttl: '100', prevExist: 'true' });
    await until(() => value('/dies') === undefined);
    expect(value('/lives')).toBe('x');
  });

  test('a file that becomes a directory', async () => {
    await start();
    await keys.mkdir(`${root}/k`);
    await until(() => value('/k') === undefined);
    await keys.put(`${root}/k/below`, '2');
    await until(() => value('/k/below') === '2');
  });

  if (real === '') {
    test('a store that was wiped is read again, and followed from its new beginning', async () => {
      await start();
      const young = new MiniEtcd(systemClock);
      await young.listen([{ host: '127.0.0.1', port: 0 }]);
      proxy.retarget(Number(new URL(young.urls[0]!).port));
      proxy.cut();
      await until(() => value('/k') === undefined);
      await new KeysClient(young.urls[0]!).put(`${root}/k`, 'new');
      await until(() => value('/k') === 'new');
      await young.close();
    });
  }
});

describe('etcd, watching many keys', () => {
  test('a hundred keys of one directory take one poll, and hidden ones are heard', async () => {
    const root = freshRoot();
    const proxy = await Proxy.to(Number(new URL(url).port));
    const keys = new KeysClient(url);
    const wanted = Array.from({ length: 100 }, (_, i) => `${root}/${i}`);
    const store = { open: () => etcdBackend(etcdSettings([proxy.url])) };
    const nothing = () => Promise.resolve();
    await followed(store, [...wanted, `${root}/_hidden/x`], nothing, async () => {
      await keys.put(`${root}/unwanted`, '0');
      await keys.put(`${root}/7`, '1');
      await keys.put(`${root}/_hidden/x/y`, '2');
      await keys.put(`${root}/_hidden/z`, '3');
      await until(() => proxy.connections >= 2);
    });
    await keys.remove(root);
    await proxy.close();
  });

  test('a removal above several roots is told for each', async () => {
    const root = freshRoot();
    const keys = new KeysClient(url);
    await keys.put(`${root}/a/b`, '1');
    await keys.put(`${root}/a/_c/d`, '2');
    const store = { open: () => etcdBackend(etcdSettings([url])) };
    const nothing = () => Promise.resolve();
    await followed(store, [`${root}/a`, `${root}/a/_c`], nothing, async () => {
      await keys.remove(`${root}/a`);
      await keys.put(`${root}/a/_c/d`, '3');
    });
    await keys.remove(root);
  });
});

describe('etcd, at random', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);

  test(`a copy fed by changes is what a fresh read is (SEED=${seed})`, async () => {
    const random = randomFrom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    const root = freshRoot();
    const names = ['a', 'b', '_h', 'c/d', 'c/e/f', 'a/b', '_h/x', 'c/_h/y'];
    const wanted = ['/a', '/b', '/c', '/_h', '/c/_h', '/none'].map((key) => root + key);
    const proxy = await Proxy.to(Number(new URL(url).port));
    const keys = new KeysClient(url);
    const backend = await etcdBackend(etcdSettings([proxy.url], { silenceMs: 50 }));
    const stop = new AbortController();
    const copy = new Copy();
    const first = await readSnapshot(backend, wanted, never);
    copy.replace(first);
    const following = follow(backend, wanted, copy, first.cursor, stop.signal);
    const deeds: (() => Promise<unknown> | undefined)[] = [
      () => keys.put(`${root}/${pick(names)}`, String(random())),
      () => keys.put(`${root}/${pick(names)}`, String(random())),
      () => keys.put(`${root}/${pick(names)}`, 'mortal', { ttl: pick(['0', '1']) }),
      () => keys.mkdir(`${root}/${pick(names)}`),
      () => keys.remove(`${root}/${pick([...names, 'c', ''])}`),
      () => {
        proxy.cut();
        return undefined;
      },
    ];
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 60; i++) await pick(deeds)();
      await until(async () => {
        const truth = sorted((await readSnapshot(backend, wanted, never)).pairs);
        return JSON.stringify(sorted(copy.pairs)) === JSON.stringify(truth);
      });
    }
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await proxy.close();
    await keys.remove(root);
  });
});

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
