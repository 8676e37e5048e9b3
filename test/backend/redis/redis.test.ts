import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot, type SessionItem } from '../../../src/backend/contract/backend.ts';
import { redisBackend, type RedisSettings } from '../../../src/backend/redis/redis.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { backendContract, type Store } from '../../contract/backend.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { RedisServer } from '../../helpers/redis-server.ts';

const never = new AbortController().signal;
let server: RedisServer;
let log = memoryLog();
const opened: Backend[] = [];

beforeEach(async () => {
  server = await RedisServer.start();
  log = memoryLog();
});
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
  await server.close();
});

function settingsFor(node: string, more: Partial<RedisSettings> = {}): RedisSettings {
  const tls = { caFile: '', certFile: '', keyFile: '', insecure: false };
  const login = { username: '', password: '', passwordFile: '' };
  return {
    nodes: [node],
    ...login,
    tls,
    separator: '',
    timeoutMs: 2000,
    pollMs: 60_000,
    clock: systemClock,
    log,
    ...more,
  };
}

async function open(more: Partial<RedisSettings> = {}): Promise<Backend> {
  const backend = await redisBackend(settingsFor(server.node, more));
  opened.push(backend);
  return backend;
}

async function read(keys: readonly string[], more: Partial<RedisSettings> = {}): Promise<Record<string, string>> {
  return Object.fromEntries((await readSnapshot(await open(more), keys, never)).pairs);
}

async function next(session: AsyncIterator<SessionItem>): Promise<SessionItem> {
  const item = await session.next();
  if (item.done === true) throw new Error('the session ended');
  return item.value;
}

describe('the contract', () => {
  backendContract(
    'redis',
    async (): Promise<Store> => {
      const own = await RedisServer.start();
      return {
        open: () => redisBackend(settingsFor(own.node)),
        put: (key, value) => {
          own.put(key, value);
          return Promise.resolve();
        },
        remove: (key) => {
          for (const name of [...own.data.keys()]) if (`${name}/`.startsWith(`${key}/`)) own.remove(name);
          return Promise.resolve();
        },
        cut: () => {
          own.cut();
        },
        lose: () => {
          own.put('/elsewhere', 'x');
          own.cut();
          return Promise.resolve();
        },
        close: () => own.close(),
      };
    },
    { under: '/contract', anyBytes: true, live: true },
  );
});

describe('errors are errors, and no key is absent because of them', () => {
  test.each([
    ['PING', 'NOAUTH Authentication required.', 'denied'],
    ['TYPE', 'NOPERM this user has no permissions', 'denied'],
    ['SCAN', 'NOPERM this user has no permissions', 'denied'],
    ['MGET', 'NOPERM No permissions to access a key', 'denied'],
    ['PING', 'LOADING Redis is loading the dataset in memory', 'unreachable'],
    ['TYPE', "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'unreachable'],
    ['SCAN', 'BUSY Redis is busy running a script.', 'unreachable'],
    ['TYPE', 'MOVED 13220 127.0.0.1:7402', 'protocol'],
    ['TYPE', "ERR unknown command 'TYPE'", 'protocol'],
  ])('%s: %s', async (command, text, code) => {
    server.put('/a/x', '1');
    server.errors.set(command, text);
    await expect(read(['/a'])).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  test('a server that says nothing', async () => {
    server.isMute = true;
    await expect(read(['/a'], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('a wrong password is not shown, even where the server repeats it', async () => {
    server.errors.set('AUTH', "ERR unknown command 'AUTH', with args beginning with: 'secret'");
    await expect(read(['/a'], { password: 'secret' })).rejects.toThrow(/the login is refused/);
    await expect(read(['/a'], { password: 'secret' })).rejects.not.toThrow(/secret/);
  });
});

describe('what keys stand for', () => {
  const hash = new Map([
    ['f', '1'],
    ['', 'self'],
    ['g/3', '\xff\x00'],
  ]);
  test.each<[string, string[], Record<string, string>]>([
    ['a text', ['/t'], { '/t': '\x00\xff\r\n' }],
    [
      'everything',
      ['/'],
      {
        '/t': '\x00\xff\r\n',
        '/both': 'text',
        '/both/x': '2',
        '/d/a': '1',
        '/d/b/c': '',
        '/dd': 'another',
        '/g[a]*/x': 'own',
        '/ga/x': 'other',
        '/bare': 'x',
      },
    ],
    ['a text that is a folder, too', ['/both'], { '/both': 'text' }],
    ['a folder, without other types', ['/d'], { '/d/a': '1', '/d/b/c': '' }],
    ['a hash', ['/h'], { '/h/f': '1', '/h': 'self', '/h/g/3': '\xff\x00' }],
    ['nothing', ['/none'], {}],
    ['characters of patterns', ['/g[a]*'], { '/g[a]*/x': 'own' }],
  ])('%s', async (_what, keys, pairs) => {
    for (const [key, value] of Object.entries({ '/t': '\x00\xff\r\n', '/both': 'text', '/both/x': '2', '/d/a': '1' })) {
      server.put(key, value);
    }
    server.put('bare', 'x');
    server.put('/d/b/c', '');
    server.put('/d/h', hash);
    server.put('/dd', 'another');
    server.put('/h', hash);
    server.put('/g[a]*/x', 'own');
    server.put('/ga/x', 'other');
    expect(await read(keys)).toEqual(pairs);
  });

  test('a separator', async () => {
    server.put('app:k:one', '1');
    server.put('/app/k/one', 'no');
    expect(await read(['/app'], { separator: ':' })).toEqual({ '/app/k/one': '1' });
  });

  test('10,000 keys come in pages', async () => {
    for (let n = 0; n < 10_000; n++) server.data.set(`/app/${n}`, String(n));
    expect(Object.keys(await read(['/app']))).toHaveLength(10_000);
    expect(server.asked.filter((command) => /^(?:KEYS|GET) /.test(command))).toEqual([]);
    expect(Math.max(...server.asked.map((command) => command.split(' ').length))).toBeLessThanOrEqual(501);
  });
});

describe('logging in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const file = join(folder, 'password');
  afterEach(() => {
    rmSync(file, { force: true });
  });

  test('a password from a file is read again for each login', async () => {
    server.login = ['user', 'new'];
    server.put('/a', '1');
    writeFileSync(file, 'old\n');
    const backend = await open({ username: 'user', passwordFile: file });
    await expect(readSnapshot(backend, ['/a'], never)).rejects.toMatchObject({ code: 'denied' });
    writeFileSync(file, 'new\n');
    expect((await readSnapshot(backend, ['/a'], never)).pairs.get('/a')).toBe('1');
  });

  test('the first node that answers counts', async () => {
    const gone = await RedisServer.start();
    const { node } = gone;
    await gone.close();
    server.put('/a', '1');
    expect(await read(['/a'], { nodes: [node, server.node] })).toEqual({ '/a': '1' });
  });
});

describe('a watch', () => {
  test('subscribes before it reads, and tells only what changed', async () => {
    server.put('/a/x', '1');
    const session = (await open()).open(['/a'], never);
    await next(session);
    const names = server.asked.map((command) => command.split(' ')[0]);
    expect(names.indexOf('PSUBSCRIBE')).toBeLessThan(names.indexOf('TYPE'));
    server.put('/ab', 'another');
    server.put('/a/x', '1');
    server.put('/a/y', '2');
    expect(await next(session)).toMatchObject({ kind: 'edits', edits: [{ key: '/a/y', value: '2' }] });
    server.remove('/a/x');
    expect(await next(session)).toMatchObject({ edits: [{ key: '/a/x', value: null, alone: true }] });
    await session.return!();
  });

  test('a hash that changes, and becomes a text', async () => {
    server.put('/h', new Map([['f', '1']]));
    const session = (await open()).open(['/h'], never);
    await next(session);
    server.put('/h', new Map([['f', '2']]));
    expect(await next(session)).toMatchObject({ edits: [{ key: '/h/f', value: '2' }] });
    server.put('/h', 'text');
    expect(await next(session)).toMatchObject({
      edits: [
        { key: '/h/f', value: null },
        { key: '/h', value: 'text' },
      ],
    });
    await session.return!();
  });

  test('where notifications are off it says how to switch them on, and reads everything now and then', async () => {
    server.flags = '';
    server.put('/a/x', '1');
    const session = (await open({ pollMs: 50 })).open(['/a'], never);
    await next(session);
    const item = next(session);
    server.data.set('/a/x', '2');
    expect(await item).toMatchObject({ edits: [{ key: '/a/x', value: '2' }] });
    server.data.clear();
    expect(await next(session)).toMatchObject({ edits: [{ key: '/a/x', value: null }] });
    const said = log.lines.filter((line) => JSON.stringify(line).includes('CONFIG SET notify-keyspace-events KA'));
    expect(said).toHaveLength(1);
    await session.return!();
  });

  test('a connection that is lost ends the session, and everything is read', async () => {
    server.put('/a', '1');
    const backend = await open();
    const session = backend.open(['/a'], never);
    const { cursor } = (await next(session)) as { cursor: ReadonlyMap<string, bigint> };
    const broken = next(session);
    server.cut();
    expect(await broken).toEqual({ kind: 'resync' });
    expect((await session.next()).done).toBe(true);
    expect(await next(backend.open(['/a'], never, cursor))).toEqual({ kind: 'resync' });
  });
});
