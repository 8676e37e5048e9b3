import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, firstOf, readSnapshot, type SessionItem } from '../../../src/backend/contract/backend.ts';
import type { LoginSettings } from '../../../src/backend/vault/login.ts';
import { vaultBackend, type VaultSettings } from '../../../src/backend/vault/vault.ts';
import { backendContract, type Store, until } from '../../contract/backend.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { Proxy } from '../../helpers/proxy.mjs';
import { FakeVault } from '../../helpers/vault-server.ts';
import { login, vaultSettings } from '../../helpers/vault-settings.ts';

const never = new AbortController().signal;
const text = (value: string) => JSON.stringify({ value: Buffer.from(value, 'latin1').toString('utf8') });

/** The real Vault that the peers' tests name, or ours. */
const realUrl = process.env['REAL_VAULT_URL'];

backendContract(
  'vault',
  async (): Promise<Store> => {
    if (realUrl !== undefined) return realStore(realUrl, process.env['REAL_VAULT_TOKEN']!);
    const vault = await FakeVault.start();
    const proxy = await Proxy.to(vault.port);
    const backends: Backend[] = [];
    return {
      open: async () => {
        const backend = await vaultBackend(vaultSettings([proxy.url]));
        backends.push(backend);
        return backend;
      },
      put: (key, value) => {
        vault.put(key.slice(1), text(value));
        return Promise.resolve();
      },
      remove: (key) => {
        for (const path of [...vault.kv2.keys()]) if (`/${path}/`.startsWith(`${key}/`)) vault.kv2.delete(path);
        return Promise.resolve();
      },
      cut: () => {
        proxy.cut();
      },
      lose: () => {
        vault.kv2.delete('secret/app/k');
        vault.put('secret/app/k', text('elsewhere'));
        return Promise.resolve();
      },
      close: async () => {
        for (const backend of backends) await backend.close();
        await proxy.close();
        await vault.close();
      },
    };
  },
  { anyBytes: false, live: true, under: '/secret' },
);

async function realStore(url: string, token: string): Promise<Store> {
  const proxy = await Proxy.to(Number(new URL(url).port));
  const backends: Backend[] = [];
  const ask = async (method: string, path: string, body?: string) => {
    const answer = await fetch(`${url}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      ...(body === undefined ? {} : { body }),
    });
    return (await answer.json().catch(() => null)) as { data?: { keys?: string[] } } | null;
  };
  const removeBelow = async (path: string): Promise<void> => {
    await ask('DELETE', `secret/metadata/${path}`);
    for (const key of (await ask('LIST', `secret/metadata/${path}`))?.data?.keys ?? []) {
      await removeBelow(`${path === '' ? '' : `${path}/`}${key.replace(/\/$/, '')}`);
    }
  };
  const put = async (key: string, value: string) => {
    await ask('POST', `secret/data/${key.slice('/secret/'.length)}`, `{"data":${text(value)}}`);
  };
  await removeBelow('');
  return {
    open: async () => {
      const backend = await vaultBackend(vaultSettings([proxy.url], { login: login({ token }) }));
      backends.push(backend);
      return backend;
    },
    put,
    remove: (key) => removeBelow(key.slice('/secret/'.length)),
    cut: () => {
      proxy.cut();
    },
    lose: async () => {
      await removeBelow('app/k');
      await put('/secret/app/k', 'elsewhere');
    },
    close: async () => {
      for (const backend of backends) await backend.close();
      await proxy.close();
    },
  };
}

let vault: FakeVault;
let clock: FakeClock;
let folder: string;
let open: Backend[];

beforeEach(async () => {
  clock = new FakeClock();
  vault = await FakeVault.start(() => clock.now());
  folder = mkdtempSync(join(tmpdir(), 'vault-'));
  open = [];
});
afterEach(async () => {
  for (const backend of open) await backend.close();
  await vault.close();
  rmSync(folder, { recursive: true });
});

async function backendOf(more: Partial<VaultSettings> = {}): Promise<Backend> {
  const backend = await vaultBackend(vaultSettings([vault.url], more));
  open.push(backend);
  return backend;
}

async function read(keys: readonly string[], more: Partial<VaultSettings> = {}): Promise<Record<string, string>> {
  const { pairs } = await readSnapshot(await backendOf(more), keys, never);
  return Object.fromEntries(pairs);
}

describe('which keys bring what', () => {
  beforeEach(() => {
    vault.put('kv/app/leaf', '{"value":"v1"}');
    vault.put('kv/app/more', '{"a":"x","n":1.50}');
    vault.put('kv/app/more/below', '{"value":"b"}');
    vault.put('kv/application', '{"value":"no"}');
    vault.put('secret/app/leaf', '{"value":"v2"}');
    vault.put('secret/app/deep/er', '{"big":12345678901234567890,"s":"t"}');
    vault.put('team/a/kv2/x', '{"value":"nested"}');
  });
  const more = '{"a":"x","n":1.50}';

  test.each([
    [
      'version 1, a folder',
      ['/kv/app'],
      { '/kv/app/leaf': 'v1', '/kv/app/more': more, '/kv/app/more/a': 'x', '/kv/app/more/below': 'b' },
    ],
    ['version 1, a leaf', ['/kv/app/leaf'], { '/kv/app/leaf': 'v1' }],
    [
      'version 1, the whole mount',
      ['/kv'],
      {
        '/kv/app/leaf': 'v1',
        '/kv/app/more': more,
        '/kv/app/more/a': 'x',
        '/kv/app/more/below': 'b',
        '/kv/application': 'no',
      },
    ],
    ['version 2, a leaf', ['/secret/app/leaf'], { '/secret/app/leaf': 'v2' }],
    [
      'version 2, the whole mount',
      ['/secret'],
      {
        ...{ '/secret/app/leaf': 'v2', '/secret/app/deep/er': '{"big":12345678901234567890,"s":"t"}' },
        ...{ '/secret/app/deep/er/big': '12345678901234567890', '/secret/app/deep/er/s': 't' },
      },
    ],
    ['a mount in folders', ['/team/a/kv2/x'], { '/team/a/kv2/x': 'nested' }],
    ['above a mount', ['/team'], {}],
    ['what is not there', ['/kv/none', '/secret/none', '/secret/data/none', '/nomount/x', '/'], {}],
  ] as const)('%s', async (_name, keys, pairs) => {
    expect(await read(keys)).toEqual(pairs);
  });

  test('version 2 with data/ spelled out, as Go has it', async () => {
    const log = memoryLog();
    const pairs = await read(['/secret/data/app/leaf'], { log });
    const metadata = '{"created_time":"T","custom_metadata":null,"deletion_time":"","destroyed":false,"version":1}';
    const plain = Object.entries(pairs).map(([key, value]) => [key, value.replace(/\d{4}-[^"]*/g, 'T')]);
    expect(Object.fromEntries(plain)).toEqual({
      '/secret/data/app/leaf': `{"data":{"value":"v2"},"metadata":${metadata}}`,
      '/secret/data/app/leaf/data/value': 'v2',
      '/secret/data/app/leaf/metadata/created_time': 'T',
      '/secret/data/app/leaf/metadata/deletion_time': '',
    });
    expect(log.lines).toEqual([
      "WARNING type of '/secret/data/app/leaf/metadata/custom_metadata' is not supported (<nil>)",
      "WARNING type of '/secret/data/app/leaf/metadata/destroyed' is not supported (bool)",
      "WARNING type of '/secret/data/app/leaf/metadata/version' is not supported (json.Number)",
    ]);
  });

  test('a deleted version is absent', async () => {
    vault.deleteVersion('secret/app/leaf');
    expect(await read(['/secret/app/leaf', '/secret/data/app/leaf'])).toEqual({});
  });
});

describe('what is refused is never absent', () => {
  beforeEach(() => {
    vault.put('kv/app/leaf', '{"value":"v1"}');
    vault.put('kv/app/two', '{"value":"v2"}');
    vault.put('kv/other', '{"value":"no"}');
  });
  type May = NonNullable<FakeVault['issue']['may']>;
  const below: May = (_method, path) => path.startsWith('kv/app/');

  test.each<[string, May, string, Record<string, string> | RegExp]>([
    [
      'rights on what is below',
      (method, path) => below(method, path) || (method === 'list' && path === 'kv/app'),
      '/kv/app',
      { '/kv/app/leaf': 'v1', '/kv/app/two': 'v2' },
    ],
    ['a leaf without a right to list', (method) => method === 'read', '/kv/app/leaf', { '/kv/app/leaf': 'v1' }],
    [
      'a folder without a right to list',
      (method) => method === 'read',
      '/kv/app',
      /LIST kv\/app: permission denied \(403\)/,
    ],
    [
      'a folder of which one secret is refused',
      (_method, path) => path !== 'kv/app/two',
      '/kv/app',
      /GET kv\/app\/two: permission denied \(403\)/,
    ],
    ['nothing', () => false, '/kv/app', /GET kv\/app: permission denied \(403\)/],
    ['nothing, of version 2', () => false, '/secret/app', /GET secret\/data\/app: permission denied \(403\)/],
    ['nothing, data/ spelled out', () => false, '/secret/data/app', /GET secret\/data\/app: permission denied \(403\)/],
  ])('%s', async (_name, may, key, expected) => {
    vault.issue = { ...vault.issue, may };
    const settings = { login: login({ token: vault.token('weak') }) };
    const reading = read([key], settings);
    if (expected instanceof RegExp)
      await expect(reading).rejects.toMatchObject({ code: 'denied', message: expect.stringMatching(expected) });
    else expect(await reading).toEqual(expected);
  });

  test.each<[string, number, string, string]>([
    ['sealed', 503, '{"errors":["Vault is sealed"]}', 'answered 503 (Vault is sealed)'],
    ['too many requests', 429, '{"errors":["too many"]}', 'too many (429)'],
    ['another server', 404, '<html>', 'the HTTP server there is not Vault (it answered 404): check the address'],
    ['another JSON', 200, '"x"', 'the HTTP server there is not Vault (it answered 200): check the address'],
    [
      'half a value',
      200,
      '{"data":{"value":"hunt',
      'the HTTP server there is not Vault (it answered 200): check the address',
    ],
  ])('%s', async (_name, status, body, message) => {
    vault.intercept = (path, response) => {
      if (path !== 'kv/app/two') return false;
      response.writeHead(status).end(body);
      return true;
    };
    const error = await read(['/kv/app']).catch((cause: unknown) => cause as Error);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('hunt');
  });
});

describe('logins', () => {
  const rows: readonly [string, Partial<LoginSettings>, string, Record<string, string>][] = [
    [
      'approle',
      { type: 'app-role', roleId: 'r', secretId: 'hidden' },
      'auth/approle/login',
      { role_id: 'r', secret_id: 'hidden' },
    ],
    [
      'userpass',
      { type: 'userpass', username: 'me', password: 'hidden', path: 'up2' },
      'auth/up2/login/me',
      { password: 'hidden' },
    ],
    ['github', { type: 'github', token: 'hidden' }, 'auth/github/login', { token: 'hidden' }],
    [
      'app-id',
      { type: 'app-id', appId: 'a', userId: 'hidden' },
      'auth/app-id/login',
      { app_id: 'a', user_id: 'hidden' },
    ],
    ['cert', { type: 'cert' }, 'auth/cert/login', {}],
    ['kubernetes', { type: 'kubernetes', roleId: 'r' }, 'auth/kubernetes/login', { role: 'r', jwt: 'hidden' }],
  ];

  test.each(rows)('%s', async (_name, more, path, body) => {
    vault.logins.set(path, JSON.stringify(body));
    vault.put('kv/x', '{"value":"v"}');
    const jwtFile = join(folder, 'jwt');
    writeFileSync(jwtFile, 'hidden\n');
    expect(await read(['/kv/x'], { login: login({ ...more, jwtFile }) })).toEqual({ '/kv/x': 'v' });
    vault.logins.set(path, '{"other":"x"}');
    const refused = await read(['/kv/x'], { login: login({ ...more, jwtFile }) }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'denied',
      message: expect.stringContaining(`PUT ${path}: invalid credentials (400)`),
    });
    expect((refused as Error).message).not.toContain('hidden');
  });

  test('a login that is not mounted', async () => {
    await expect(read(['/kv/x'], { login: login({ type: 'github', token: 't' }) })).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('Vault has no auth method at auth/github/login (404)'),
    });
  });

  test('wrong credentials in a file, then right ones', async () => {
    const secretIdFile = join(folder, 'secret');
    writeFileSync(secretIdFile, 'wrong\n');
    vault.logins.set('auth/approle/login', '{"role_id":"r","secret_id":"right"}');
    const backend = await backendOf({ login: login({ type: 'approle', roleId: 'r', secretIdFile }) });
    await expect(readSnapshot(backend, ['/kv/x'], never)).rejects.toMatchObject({ code: 'denied' });
    writeFileSync(secretIdFile, 'right\n');
    await expect(readSnapshot(backend, ['/kv/x'], never)).resolves.toMatchObject({ pairs: new Map() });
  });

  test('a token in a file that is replaced is read again when it is refused', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, vault.token('first'));
    const backend = await backendOf({ login: login({ tokenFile }) });
    await readSnapshot(backend, ['/kv/x'], never);
    vault.tokens.delete('first');
    await expect(readSnapshot(backend, ['/kv/x'], never)).rejects.toMatchObject({ code: 'denied' });
    writeFileSync(tokenFile, vault.token('second'));
    await expect(readSnapshot(backend, ['/kv/x'], never)).resolves.toBeDefined();
  });

  test('reads at one time log in once', async () => {
    vault.logins.set('auth/cert/login', '{}');
    await read(['/kv/a', '/kv/b', '/secret/c', '/secret/d'], { login: login({ type: 'cert' }) });
    expect(vault.asked.filter((line) => line.includes('login'))).toEqual(['PUT auth/cert/login']);
  });

  test('a right that is missing is no reason to log in again', async () => {
    vault.logins.set('auth/cert/login', '{}');
    vault.issue = { ...vault.issue, may: () => false };
    const backend = await backendOf({ login: login({ type: 'cert' }), clock });
    for (let i = 0; i < 3; i++) {
      await expect(readSnapshot(backend, ['/kv/a'], never)).rejects.toMatchObject({ code: 'denied' });
      await clock.advance(120_000);
    }
    expect(vault.asked.filter((line) => line.includes('login'))).toEqual(['PUT auth/cert/login']);
  });
});

/** Lets time pass in small steps, so that what is asked meanwhile is answered at its time. */
async function pass(ms: number, step: number): Promise<void> {
  for (let at = 0; at < ms; at += step) {
    await clock.advance(step);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

describe('tokens and leases that end', () => {
  beforeEach(() => {
    vault.logins.set('auth/cert/login', '{}');
    vault.put('kv/x', '{"value":"v"}');
  });
  const cert = login({ type: 'cert' });
  const logins = () => vault.asked.filter((line) => line === 'PUT auth/cert/login').length;
  const renewals = () => vault.asked.filter((line) => line === 'PUT auth/token/renew-self').length;

  test('a token of 8 s is renewed for as long as it is used', async () => {
    vault.issue = { ...vault.issue, ttl: 8 };
    const backend = await backendOf({ login: cert, clock });
    await readSnapshot(backend, ['/kv/x'], never);
    await pass(60_000, 1000);
    await expect(readSnapshot(backend, ['/kv/x'], never)).resolves.toMatchObject({ pairs: new Map([['/kv/x', 'v']]) });
    expect(logins()).toBe(1);
    expect(renewals()).toBeGreaterThan(5);
  });

  test('a token that reaches its maximum is followed by a new login, before it ends', async () => {
    vault.issue = { ...vault.issue, ttl: 30, maxTtl: 50 };
    const backend = await backendOf({ login: cert, clock });
    await readSnapshot(backend, ['/kv/x'], never);
    await pass(48_000, 1000);
    expect(logins()).toBe(2);
    await pass(100_000, 1000);
    vault.asked.length = 0;
    await readSnapshot(backend, ['/kv/x'], never);
    expect(logins()).toBe(0);
  });

  test('a token that was revoked is followed by a new login', async () => {
    const backend = await backendOf({ login: cert, clock });
    await readSnapshot(backend, ['/kv/x'], never);
    for (const name of vault.tokens.keys()) if (name !== 'root') vault.tokens.delete(name);
    await clock.advance(61_000);
    await expect(readSnapshot(backend, ['/kv/x'], never)).resolves.toMatchObject({ pairs: new Map([['/kv/x', 'v']]) });
    expect(logins()).toBe(2);
  });

  test('of a token that cannot be renewed the log says when it ends', async () => {
    vault.issue = { ...vault.issue, ttl: 100, renewable: false };
    const log = memoryLog();
    const backend = await backendOf({ login: login({ token: vault.token('t') }), clock, log });
    await readSnapshot(backend, ['/kv/x'], never);
    await pass(85_000, 5000);
    expect(log.lines).toEqual(['WARNING vault: the token ends in 20 s and cannot be renewed']);
  });

  test('reading again makes no new secret while the lease can be renewed', async () => {
    const backend = await backendOf({ login: cert, clock });
    const first = await readSnapshot(backend, ['/database/creds/app'], never);
    expect(first.pairs.get('/database/creds/app/username')).toBe('user-1');
    expect(first.validMs).toBe(40_000);
    for (let i = 0; i < 5; i++) {
      await pass(40_000, 10_000);
      const again = await readSnapshot(backend, ['/database/creds/app'], never);
      expect(again.pairs).toEqual(first.pairs);
      expect(again.validMs).toBe(40_000);
    }
    expect(vault.minted).toBe(1);
  });

  test('a lease that reaches its maximum is followed by a new secret, before it ends', async () => {
    vault.lease = { duration: 60, max: 100 };
    const backend = await backendOf({ login: cert, clock });
    await readSnapshot(backend, ['/database/creds/app'], never);
    await pass(41_000, 1000);
    await readSnapshot(backend, ['/database/creds/app'], never);
    expect(vault.minted).toBe(1);
    await pass(42_000, 1000);
    const { pairs } = await readSnapshot(backend, ['/database/creds/app'], never);
    expect(pairs.get('/database/creds/app/username')).toBe('user-2');
    expect(vault.leases.get('database/creds/1')!.until).toBeGreaterThan(clock.now());
  });
});

describe('a watch', () => {
  beforeEach(async () => {
    await vault.close();
    vault = await FakeVault.start();
    for (let i = 0; i < 5; i++) vault.put(`secret/app/${i}`, `{"value":"${i}"}`);
  });
  const isNews = (item: SessionItem) => item.kind !== 'edits' || item.edits.length > 0;
  async function nextNews(session: AsyncIterator<SessionItem>): Promise<SessionItem> {
    for (;;) {
      const { value } = (await session.next()) as { value: SessionItem };
      if (isNews(value)) return value;
    }
  }

  test('asks for versions, and reads what has a new one', async () => {
    const backend = await backendOf();
    const session = backend.open(['/secret/app'], never);
    await firstOf(session, 'vault');
    vault.asked.length = 0;
    await session.next();
    // The folder itself may have become a secret; of the others the metadata tell.
    expect(vault.asked.filter((line) => /\/data\/app\/./.test(line))).toEqual([]);
    vault.put('secret/app/3', '{"value":"new"}');
    vault.asked.length = 0;
    const news = await nextNews(session);
    expect(news).toMatchObject({ kind: 'replace', root: '/secret/app' });
    expect((news as { pairs: Map<string, string> }).pairs.get('/secret/app/3')).toBe('new');
    expect(new Set(vault.asked.filter((line) => /\/data\/app\/./.test(line)))).toEqual(
      new Set(['GET secret/data/app/3']),
    );
  });

  test('a version that went backwards is a lost history', async () => {
    vault.put('secret/app/3', '{"value":"new"}');
    const session = (await backendOf()).open(['/secret/app'], never);
    await firstOf(session, 'vault');
    vault.kv2.get('secret/app/3')!.versions.pop();
    expect(await nextNews(session)).toEqual({ kind: 'resync' });
  });

  test('without a right to metadata it reads values', async () => {
    vault.issue = { ...vault.issue, may: (method, path) => method === 'list' || !path.includes('metadata') };
    const session = (await backendOf({ login: login({ token: vault.token('t') }) })).open(['/secret/app'], never);
    await firstOf(session, 'vault');
    vault.put('secret/app/3', '{"value":"new"}');
    expect(await nextNews(session)).toMatchObject({ kind: 'replace' });
  });

  test('a session goes on from a cursor after a failure', async () => {
    const backend = await backendOf();
    const session = backend.open(['/secret/app'], never);
    const { cursor } = await firstOf(session, 'vault');
    vault.isSealed = true;
    await expect(session.next()).rejects.toMatchObject({ message: expect.stringContaining('503 (Vault is sealed)') });
    vault.put('secret/app/3', '{"value":"new"}');
    vault.isSealed = false;
    expect(await nextNews(backend.open(['/secret/app'], never, cursor))).toMatchObject({ kind: 'replace' });
  });
});

test('what is asked with the namespace, and no more than eight at a time', async () => {
  for (let i = 0; i < 40; i++) vault.put(`kv/app/${i}`, '{"value":"x"}');
  let most = 0;
  let active = 0;
  const namespaces = new Set<unknown>();
  vault.intercept = (_path, response) => {
    most = Math.max(most, ++active);
    namespaces.add(response.req.headers['x-vault-namespace']);
    response.on('close', () => active--);
    return false;
  };
  expect(Object.keys(await read(['/kv/app'], { namespace: 'team-a' }))).toHaveLength(40);
  expect(most).toBeLessThanOrEqual(8);
  expect([...namespaces]).toEqual(['team-a']);
  await until(() => active === 0);
});
