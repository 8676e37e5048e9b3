import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot, type SessionItem } from '../../../src/backend/contract/backend.ts';
import { consulBackend, type ConsulSettings } from '../../../src/backend/consul/consul.ts';
import { Token } from '../../../src/backend/net/token.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { backendContract, sorted, type Store, until } from '../../contract/backend.ts';
import { Front } from '../../faults/front.ts';
import { ConsulServer, type Rights } from '../../helpers/consul-server.ts';
import { consulSettings } from '../../helpers/consul-settings.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { Proxy } from '../../helpers/proxy.mjs';
import { ToyServer } from '../../helpers/toy-server.ts';

const never = new AbortController().signal;
const named = (key: string) => key.slice(1);

// The URL of a real consul to hold against the contract.
const real = process.env['CONSUL_URL'] ?? '';

async function makeStore(): Promise<Store> {
  const server = await ConsulServer.start();
  const proxy = await Proxy.to(server.port);
  return {
    open: () => consulBackend(consulSettings([proxy.url])),
    put: (key, value) => {
      server.put(named(key), value);
      return Promise.resolve();
    },
    remove: (key) => {
      server.remove(named(key));
      server.remove(`${named(key)}/`, { isPrefix: true });
      return Promise.resolve();
    },
    cut: () => {
      proxy.cut();
    },
    lose: () => {
      server.wipe();
      server.put('elsewhere', 'x');
      return Promise.resolve();
    },
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
}

async function makeRealStore(): Promise<Store> {
  const proxy = await Proxy.to(Number(new URL(real).port));
  const ask = async (method: string, path: string, body?: Uint8Array) => {
    const answer = await fetch(`${real}/v1${path}`, body === undefined ? { method } : { method, body });
    expect(answer.status).toBe(200);
    return new Uint8Array(await answer.arrayBuffer());
  };
  await ask('DELETE', '/kv/contract?recurse');
  await ask('PUT', '/kv/contract/before', Buffer.from('x'));
  const backup = await ask('GET', '/snapshot');
  return {
    open: () => consulBackend(consulSettings([proxy.url])),
    put: async (key, value) => {
      await ask('PUT', `/kv${key}`, Buffer.from(value, 'latin1'));
    },
    remove: async (key) => {
      await ask('DELETE', `/kv${key}`);
      await ask('DELETE', `/kv${key}/?recurse`);
    },
    cut: () => {
      proxy.cut();
    },
    lose: async () => {
      await ask('PUT', '/snapshot', backup);
    },
    close: () => proxy.close(),
  };
}

const abilities = { anyBytes: true, live: true, under: '/contract' };
backendContract('consul', real === '' ? makeStore : makeRealStore, abilities);

describe('consul', () => {
  let server: ConsulServer;
  let backend: Backend;
  const open = async (more: Partial<ConsulSettings> = {}, nodes = [server.url]): Promise<Backend> =>
    (backend = await consulBackend(consulSettings(nodes, more)));
  const read = async (...keys: string[]) => sorted((await readSnapshot(backend, keys, never)).pairs);

  beforeEach(async () => {
    server = await ConsulServer.start();
  });
  afterEach(async () => {
    await backend.close();
    await server.close();
  });

  describe('keys', () => {
    test('come by the text that they begin with, folders too, each under its name in the store', async () => {
      for (const key of ['app/dir', 'app/dir/', 'app/dir/a', 'app/dirx/z', 'app/di', 'other']) server.put(key, key);
      await open();
      expect(await read('/app/dir')).toEqual([
        ['/app/dir', 'app/dir'],
        ['/app/dir/', 'app/dir/'],
        ['/app/dir/a', 'app/dir/a'],
        ['/app/dirx/z', 'app/dirx/z'],
      ]);
    });

    test.each(['a b', 'é', '日', '?#%+&=', '"<>\\', 'x:y', '__proto__', '..x', '.x'])(
      'may be called %s',
      async (name) => {
        const key = Buffer.from(`app/${name}/k`, 'utf8').toString('latin1');
        server.put(key, 'v');
        await open();
        expect(await read(`/${key}`)).toEqual([[`/${key}`, 'v']]);
        expect(await read('/app')).toEqual([[`/${key}`, 'v']]);
      },
    );

    test('all of them are below the root', async () => {
      server.put('a', '1');
      server.put('b/c', '2');
      await open();
      expect(await read('/')).toEqual([
        ['/a', '1'],
        ['/b/c', '2'],
      ]);
    });

    test('values are bytes, and none is an empty one', async () => {
      const all = Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join('');
      server.put('app/all', all);
      server.put('app/none', '');
      server.put('app/long', 'x'.repeat(500_000));
      await open();
      expect(await read('/app')).toEqual([
        ['/app/all', all],
        ['/app/long', 'x'.repeat(500_000)],
        ['/app/none', ''],
      ]);
    });

    test('a thousand roots take a watch', async () => {
      const keys = Array.from({ length: 1000 }, (_, n) => `/app/r${n + 1000}`);
      for (const key of keys) server.put(`${key.slice(1)}/k`, '1');
      await open();
      const session = backend.open(keys, never);
      await session.next();
      const next = session.next();
      await until(() => server.waiting > 0);
      server.put('app/r1500/k', '2');
      const { value } = await next;
      expect(value).toMatchObject({ kind: 'edits', edits: [{ key: '/app/r1500/k', value: '2' }] });
      expect(server.waiting).toBeLessThanOrEqual(1);
      // Where others are below the same prefix, too, each root is asked for by itself.
      const before = server.asked.length;
      expect(await read('/app/r1001', '/app/r1002')).toHaveLength(2);
      expect(server.asked.length - before).toBe(3);
    });

    test('roots of which nothing else is below their prefix are read at once', async () => {
      for (let n = 0; n < 100; n++) server.put(`app/r${n}`, `${n}`);
      await open();
      const keys = Array.from({ length: 110 }, (_, n) => `/app/r${n}`);
      expect(await read(...keys)).toHaveLength(100);
      expect(server.asked).toEqual(['/v1/kv/app/r?keys=&separator=%2F', '/v1/kv/app/r?recurse=']);
    });
  });

  describe('what it is asked', () => {
    test('names the namespace and the partition', async () => {
      server.put('app/k', 'v');
      await open({ namespace: 'a&b', partition: 'p' });
      await read('/app');
      expect(server.asked).toEqual(['/v1/kv/app?recurse=&ns=a%26b&partition=p']);
    });

    test('a store that is idle is asked for a name now and then, and nothing else', async () => {
      for (let n = 0; n < 500; n++) server.put(`app/k${n}`, 'x'.repeat(100));
      await open({ waitMs: 100 });
      const session = backend.open(['/app'], never);
      await session.next();
      const next = session.next();
      await until(() => server.asked.length > 4);
      expect(new Set(server.asked.slice(1))).toEqual(
        new Set([`/v1/kv/app?keys=&separator=%2F&index=${server.index}&wait=100ms`]),
      );
      server.put('app/k7', 'new');
      expect((await next).value).toMatchObject({ edits: [{ key: '/app/k7', value: 'new' }] });
    });
  });

  describe('the index', () => {
    const followed = async (more: Partial<ConsulSettings>, deed: () => void) => {
      await open(more);
      const session = backend.open(['/app'], never);
      await session.next();
      const next = session.next();
      await until(() => server.waiting > 0);
      deed();
      return (await next).value as SessionItem;
    };

    test('that goes backwards is a resync', async () => {
      server.put('app/k', '1');
      const before = server.snapshot();
      server.put('app/k', '2');
      // A wait of its own goes on from the index that was heard last.
      expect(
        await followed({ waitMs: 200 }, () => {
          server.restore(before);
        }),
      ).toEqual({ kind: 'resync' });
    });

    test('of removals that are forgotten is one that went backwards', async () => {
      server.put('app/k', '1');
      server.put('app/gone', '1');
      server.remove('app/gone');
      expect(
        await followed({ waitMs: 200 }, () => {
          server.reap();
        }),
      ).toEqual({ kind: 'resync' });
    });

    test.each([undefined, 'x', '-1', ''])('that is %p is an error', async (index) => {
      const toy = await ToyServer.start((_request, response) => {
        response.writeHead(200, index === undefined ? {} : { 'X-Consul-Index': index }).end('[]');
      });
      await open({}, [toy.url]);
      await expect(read('/app')).rejects.toMatchObject({
        code: 'protocol',
        message: `${toy.url}: the HTTP server there is not consul (no X-Consul-Index in its answer): check the address`,
      });
      await toy.close();
    });

    test('of 0 makes the next question wait for nothing', async () => {
      const asked: string[] = [];
      const toy = await ToyServer.start((request, response) => {
        asked.push(request.url!);
        response.writeHead(404, { 'X-Consul-Index': '0' }).end();
      });
      await open({}, [toy.url]);
      const session = backend.open(['/app'], never);
      await session.next();
      await expect(session.next()).resolves.toMatchObject({ value: { kind: 'resync' } });
      expect(asked.at(-1)).toBe('/v1/kv/app?keys=&separator=%2F');
      await toy.close();
    });
  });

  test('the same value written again is no change, and a neighbour is none of another root', async () => {
    server.put('app/a/k', '1');
    server.put('app/b/k', '1');
    await open();
    const session = backend.open(['/app/a', '/app/b/k'], never);
    await session.next();
    const next = session.next();
    await until(() => server.waiting > 0);
    server.put('app/a/k', '1');
    server.put('app/c/k', '1');
    server.put('app/b/other', '1');
    server.put('app/b/k', '2');
    let item = (await next).value as SessionItem;
    while (item.kind === 'edits' && item.edits.length === 0) item = (await session.next()).value as SessionItem;
    expect(item).toMatchObject({ kind: 'edits', edits: [{ key: '/app/b/k', value: '2' }] });
  });

  test('when one node goes away the next one takes over', async () => {
    const first = await Proxy.to(server.port);
    const second = await Proxy.to(server.port);
    await open({}, [first.url, second.url]);
    server.put('app/k', '1');
    expect(await read('/app')).toEqual([['/app/k', '1']]);
    first.refuse();
    expect(await read('/app')).toEqual([['/app/k', '1']]);
    expect(second.attempts).toBe(1);
    await first.close();
    await second.close();
  });

  test('waits that break again and again are an error, and come less and less often', async () => {
    server.put('app/k', '1');
    const front = await Front.to(server.port);
    front.intercept = (request) => {
      if (!request.url!.includes('index=')) return false;
      request.destroy();
      return true;
    };
    const slept: number[] = [];
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal: AbortSignal) => {
        slept.push(ms);
        return systemClock.sleep(ms < 1e5 ? 1 : ms, signal);
      },
    };
    // Only what is slept between questions counts.
    await open({ limits: { headersMs: 1e6, totalMs: 1e6, maxBytes: 1e6 }, clock }, [front.url]);
    const first = backend.open(['/app'], never);
    await first.next();
    await expect(first.next()).resolves.toMatchObject({ value: { kind: 'resync' } });
    for (let n = 1; n < 9; n++) {
      const session = backend.open(['/app'], never);
      await session.next();
      await expect(session.next()).rejects.toMatchObject({ code: 'unreachable' });
      const again = backend.open(['/app'], never, new Map());
      await expect(again.next()).resolves.toMatchObject({ value: { kind: 'resync' } });
    }
    expect(Math.max(...slept.filter((ms) => ms < 1e5))).toBeGreaterThan(29_000);
    await front.close();
  });

  describe('rights', () => {
    const token = (secret: string) => Token.open('X-Consul-Token', { token: secret, file: '' });

    beforeEach(() => {
      for (const key of ['app/a', 'app/b', 'application/x']) server.put(key, '1');
      server.rights = { '': [], all: [''], below: ['app/'], one: ['app/a'], none: [] };
    });

    test.each([
      ['nobody', '', '/app', 'lacks permission'],
      ['a token without rights', 'none', '/app', 'lacks permission'],
      ['a token without rights, of all', 'none', '/', 'lacks permission'],
      ['an unknown token', 'stranger', '/app', 'ACL not found'],
      ['a token with other rights', 'one', '/app/b', 'lacks permission'],
    ])('of %s are an error, and nothing absent', async (_who, secret, key, words) => {
      await open({ token: await token(secret) });
      const error: unknown = await read(key).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'denied' });
      expect((error as Error).message).toContain('access denied (403), check the token');
      expect((error as Error).message).toContain(words);
    });

    test('that are enough find that nothing is there', async () => {
      await open({ token: await token('below') });
      expect(await read('/app/none')).toEqual([]);
      expect(await read('/app/none', '/app/other')).toEqual([]);
      server.remove('app/a');
      server.remove('app/b');
      expect(await read('/app')).toEqual([]);
    });

    test('that hide some keys are said once', async () => {
      const log = memoryLog();
      await open({ token: await token('one'), log });
      expect(await read('/app')).toEqual([['/app/a', '1']]);
      expect(await read('/app')).toEqual([['/app/a', '1']]);
      expect(log.lines).toEqual(['WARNING the token may not read all keys at /app: consul leaves the others out']);
    });

    test('that are lost in part are an error of the next read', async () => {
      await open({ token: await token('below') });
      expect(await read('/app')).toHaveLength(2);
      expect(await read('/app/a', '/app/b')).toHaveLength(2);
      server.rights = { below: ['app/a'] };
      await expect(read('/app')).rejects.toMatchObject({ code: 'denied' });
      await expect(read('/app/a', '/app/b')).rejects.toMatchObject({ code: 'denied' });
    });

    test.each([
      ['all of them', { below: [] }],
      ['some of them', { below: ['app/a'] }],
      ['the token itself', {}],
    ])('that are lost while it waits are an error: %s', async (_what, rights: Rights) => {
      await open({ token: await token('below') });
      const session = backend.open(['/app'], never);
      await session.next();
      const next = session.next();
      await until(() => server.waiting > 0);
      server.rights = rights;
      server.put('app/c', 'wakes');
      await expect(next).rejects.toMatchObject({ code: 'denied' });
    });

    test('come back with the token of a file that was replaced', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'consul-'));
      const file = join(folder, 'token');
      writeFileSync(file, 'none\n');
      await open({ token: await Token.open('X-Consul-Token', { token: '', file }) });
      await expect(read('/app')).rejects.toMatchObject({ code: 'denied' });
      writeFileSync(file, ' below\n');
      expect(await read('/app')).toHaveLength(2);
      rmSync(folder, { recursive: true });
    });
  });

  describe('an answer', () => {
    const good = { 'X-Consul-Index': '7', 'Content-Type': 'application/json' };
    test.each<[string, number, Record<string, string>, string | Buffer, string, RegExp]>([
      [
        'that asks for patience',
        429,
        {},
        'slow down',
        'unreachable',
        /it accepts no more requests at the moment \(429\)$/,
      ],
      [
        'of 500',
        500,
        { 'Content-Type': 'text/plain' },
        'No cluster leader\n',
        'unreachable',
        /answered 500 \(No cluster leader\)$/,
      ],
      [
        'of 400',
        400,
        { 'Content-Type': 'text/plain' },
        'Invalid query parameter: "ns"',
        'protocol',
        /answered 400: Invalid query parameter: "ns"$/,
      ],
      [
        'that is a page',
        404,
        {},
        '<html>',
        'protocol',
        /the HTTP server there is not consul \(no X-Consul-Index in its answer\): check the address$/,
      ],
      [
        'that is a page with an index',
        404,
        good,
        '<html>',
        'protocol',
        /not consul \(it answered 404\): check the address$/,
      ],
      ['that is no JSON', 200, good, '[{"Key', 'protocol', /the answer is not JSON \(6 bytes\)$/],
      ['that is an object', 200, good, '{}', 'protocol', /not a valid consul answer$/],
      ['without a key', 200, good, '[{"Value":null,"ModifyIndex":7}]', 'protocol', /not a valid consul answer$/],
      [
        'without an index of a key',
        200,
        good,
        '[{"Key":"app/a","Value":null}]',
        'protocol',
        /not a valid consul answer$/,
      ],
      [
        'with a value that is not base64',
        200,
        good,
        '[{"Key":"app/a","Value":"a","ModifyIndex":7}]',
        'protocol',
        /not a valid consul answer$/,
      ],
      [
        'for another key',
        200,
        good,
        '[{"Key":"b","Value":null,"ModifyIndex":7}]',
        'protocol',
        /the answer is for another key$/,
      ],
      [
        'that is cut off',
        200,
        { ...good, 'Content-Length': '100' },
        '[{"Key":"app/a"',
        'unreachable',
        /the connection broke$/,
      ],
      [
        'that is compressed and cut off',
        200,
        { ...good, 'Content-Encoding': 'gzip' },
        gzipSync('[]'.padEnd(99)).subarray(0, 20),
        'unreachable',
        /the compressed answer is damaged or cut off$/,
      ],
      [
        'that is not compressed as it says',
        200,
        { ...good, 'Content-Encoding': 'gzip' },
        '[]',
        'unreachable',
        /the compressed answer is damaged or cut off$/,
      ],
      [
        'that is longer than any may be',
        200,
        { ...good, 'Content-Encoding': 'gzip' },
        gzipSync(Buffer.alloc(2e6, 0x20)),
        'unreachable',
        /the answer is longer than 1000000 bytes$/,
      ],
    ])('%s is an error', async (_what, status, headers, body, code, message) => {
      const toy = await ToyServer.start((_request, response) => {
        response.writeHead(status, headers).write(body);
        setTimeout(() => response.destroy(), 50);
        if (!('Content-Length' in headers)) response.end();
      });
      await open({ limits: { headersMs: 30_000, totalMs: 30_000, maxBytes: 1_000_000 } }, [toy.url]);
      const error: unknown = await read('/app').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect((error as Error).message).toMatch(message);
      await toy.close();
    });
  });
});
