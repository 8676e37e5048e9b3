import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot } from '../../../src/backend/contract/backend.ts';
import { Credentials } from '../../../src/backend/net/credentials.ts';
import { etcd3Backend } from '../../../src/backend/etcd/v3.ts';
import { defaultHttpLimits } from '../../../src/backend/net/http.ts';
import { backendContract, Copy, follow, followed, sorted, type Store, toldBy, until } from '../../contract/backend.ts';
import { Etcd3Server } from '../../helpers/etcd3-server.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { Proxy } from '../../helpers/proxy.mjs';
import { ToyServer } from '../../helpers/toy-server.ts';

const never = new AbortController().signal;
/** Whoever is there has all the time that a busy machine needs. */
const patient = { limits: { ...defaultHttpLimits, headersMs: 60_000, totalMs: 120_000 } };
/** Where somebody is mute, or may be: for the sake of those who are not, no less than this. */
const hasty = { silenceMs: 100, limits: { ...defaultHttpLimits, headersMs: 3000, totalMs: 6000 } };
/** Where nobody is there at all. */
const soon = { limits: { ...defaultHttpLimits, headersMs: 400, totalMs: 400 } };

async function makeStore(): Promise<Store> {
  const server = await Etcd3Server.start();
  const proxy = await Proxy.to(server.port);
  return {
    open: () => etcd3Backend(etcdSettings([proxy.url])),
    put: (key, value) => {
      server.put(key, value);
      return Promise.resolve();
    },
    remove: (key) => {
      server.removeTree(key);
      return Promise.resolve();
    },
    cut: () => {
      proxy.cut();
    },
    lose: () => {
      server.put('/elsewhere', '1');
      server.put('/elsewhere', '2');
      server.compact();
      return Promise.resolve();
    },
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
}

const login = (username: string, password: string) =>
  Credentials.open({ basicAuth: true, username, password, passwordFile: '' });

async function readFrom(nodes: readonly string[], more: Parameters<typeof etcdSettings>[1] = {}, keys = ['/app']) {
  const backend = await etcd3Backend(etcdSettings(nodes, { ...patient, ...more }));
  try {
    return sorted((await readSnapshot(backend, keys, never)).pairs);
  } finally {
    await backend.close();
  }
}

describe('stores that cannot be read', () => {
  const closing: Server[] = [];
  afterAll(() => {
    for (const server of closing) server.close();
  });
  const raw = async (greet: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      greet(socket);
    });
    closing.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  };

  test.each([
    ['no node', [], 'settings', /^there is no node to connect to$/],
    ['not an address', ['not an address'], 'settings', /^"not an address" is not a node/],
    ['nobody there', ['127.0.0.1:1'], 'unreachable', /^http:\/\/127\.0\.0\.1:1: connection refused$/],
    [
      'nobody there, twice',
      ['127.0.0.1:1', '[::1]:1'],
      'unreachable',
      /refused; http:\/\/\[::1\]:1: connection refused$/,
    ],
    [
      'no such host',
      ['http://no-such-host.invalid:1'],
      'unreachable',
      /no-such-host\.invalid:1: (no such host|the host name)/,
    ],
  ] as const)('%s', async (_name, nodes, code, message) => {
    await expect(readFrom(nodes)).rejects.toMatchObject({
      name: 'BackendError',
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['says nothing', () => undefined, /no answer within 0\.4 s/],
    ['closes at once', (socket) => socket.end(), /the connection broke/],
    ['talks about something else', (socket) => socket.end('220 ready\r\n'), /not HTTP|broke/],
  ] as [string, (socket: Socket) => void, RegExp][])('one who %s', async (_name, greet, message) => {
    const url = await raw(greet);
    await expect(readFrom([url], soon)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message),
    });
  });

  test('several that say nothing, in the time of one', async () => {
    const url = await raw(() => undefined);
    const silent = /^(\S+: no answer within 0\.1 s(; |$)){4}/;
    await expect(readFrom([url, url, url, url], soon)).rejects.toThrow(silent);
  });

  test('an etcd that offers only the v2 API', async () => {
    const toy = await ToyServer.start((_, response) => response.end('{}'));
    await expect(readFrom([toy.url])).rejects.toThrow(
      'the HTTP server there is not etcd (it answered 200): check the address',
    );
    await toy.close();
  });

  test('an answer that has nothing to do with the question', async () => {
    const server = await Etcd3Server.start();
    server.spoil = (answer) => ({ ...answer, responses: [] });
    await expect(readFrom([server.url], patient)).rejects.toMatchObject({ code: 'protocol' });
    await server.close();
  });

  test('a page that never ends', async () => {
    const server = await Etcd3Server.start();
    server.spoil = (answer) => ({
      ...answer,
      responses: [0, 1].map(() => ({ response_range: { more: true, kvs: [] } })),
    });
    await expect(readFrom([server.url], patient)).rejects.toMatchObject({ code: 'protocol' });
    await server.close();
  });

  test('a value that is longer than any answer may be', async () => {
    const server = await Etcd3Server.start();
    for (let n = 0; n < 300; n++) server.put(`/app/${n}`, 'x'.repeat(n === 200 ? 60_000 : 1000));
    const small = { limits: { ...defaultHttpLimits, maxBytes: 50_000 } };
    const message = `${server.url}: the answer is longer than 50000 bytes`;
    await expect(readFrom([server.url], small)).rejects.toMatchObject({ code: 'protocol', message });
    await server.close();
  });

  test('a history that is forgotten faster than it is read', async () => {
    const server = await Etcd3Server.start();
    server.commit(Array.from({ length: 6000 }, (_, i) => ({ put: { key: `/app/${i}`, value: '1' } })));
    server.onRequest = () => {
      server.put('/app/0', '2');
      server.compact();
    };
    await expect(readFrom([server.url], patient)).rejects.toThrow('compacts its history');
    await server.close();
  });
});

describe('who may read', () => {
  const users = new Map([
    ['root', 's3cret'],
    ['app', 's3cret'],
  ]);
  let server: Etcd3Server;
  beforeEach(async () => {
    server = await Etcd3Server.start({ users, mayRead: new Map([['app', '/app']]) });
    server.put('/app/k', '1');
    server.put('/other', '2');
  });
  afterEach(() => server.close());

  test.each([
    ['nobody', '', '', ['/app'], 'etcd requires a user name and a password'],
    ['a wrong password', 'root', 'wr0ng', ['/app'], 'user name or password is wrong'],
    ['an unknown user', 'nobody', 's3cret', ['/app'], 'user name or password is wrong'],
    ['somebody who may not', 'app', 's3cret', ['/other'], 'permission denied'],
    ['somebody who may not all', 'app', 's3cret', ['/app', '/other'], 'permission denied'],
  ])('%s', async (_name, username, password, keys, words) => {
    const auth = await login(username, password);
    const reading = readFrom([server.url], { auth }, keys);
    await expect(reading).rejects.toMatchObject({ code: 'denied', message: expect.stringContaining(words) });
    await expect(reading).rejects.not.toThrow(/s3cret|wr0ng/);
  });

  test('a watch that is not permitted', async () => {
    const backend = await etcd3Backend(etcdSettings([server.url], { ...hasty, auth: await login('app', 's3cret') }));
    const { cursor } = await readSnapshot(backend, ['/app'], never);
    const watching = backend.open(['/other'], never, cursor)[Symbol.asyncIterator]().next();
    await expect(watching).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('permission denied'),
    });
    await backend.close();
  });

  test('a watch of which a part is not permitted', async () => {
    const backend = await etcd3Backend(etcdSettings([server.url], { ...hasty, auth: await login('app', 's3cret') }));
    const { cursor } = await readSnapshot(backend, ['/app'], never);
    const copy = new Copy();
    const following = (async () => {
      for await (const item of backend.open(['/app', '/other'], never, cursor)) copy.take(item, backend);
    })();
    await expect(following).rejects.toMatchObject({ code: 'denied' });
    await backend.close();
  });

  test('user and password, from the settings or from the address', async () => {
    expect(await readFrom([server.url], { auth: await login('app', 's3cret') })).toEqual([['/app/k', '1']]);
    expect(await readFrom([server.url.replace('//', '//app:s3cret@')])).toEqual([['/app/k', '1']]);
  });

  test('a server without users takes any', async () => {
    const open = await Etcd3Server.start();
    expect(await readFrom([open.url], { auth: await login('app', 's3cret') })).toEqual([]);
    await open.close();
  });

  test('a token that has expired is replaced, for reads and for watches', async () => {
    const proxy = await Proxy.to(server.port);
    const backend = await etcd3Backend(etcdSettings([proxy.url], { ...hasty, auth: await login('app', 's3cret') }));
    const copy = new Copy();
    const stop = new AbortController();
    const first = await readSnapshot(backend, ['/app'], never);
    const following = follow(backend, ['/app'], copy, first.cursor, stop.signal);
    server.put('/app/stands', '1');
    await until(() => copy.pairs.has('/app/stands'));
    server.expireTokens();
    await readSnapshot(backend, ['/app'], never);
    server.expireTokens();
    server.put('/app/k', '2');
    proxy.cut();
    await until(() => copy.pairs.get('/app/k') === '2');
    expect(server.seen.get('Authenticate')).toBe(3);
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await proxy.close();
  });
});

describe('TLS', () => {
  const file = (name: string) => join(import.meta.dirname, '../../helpers/certs', name);
  const pem = (name: string) => readFileSync(file(name));
  const serve = (name: string, asksBack = false) =>
    Etcd3Server.start({
      tls: ServerCredentials.createSsl(
        pem('ca.pem'),
        [{ private_key: pem(`${name}.key`), cert_chain: pem(`${name}.pem`) }],
        asksBack,
      ),
    });
  const none = { caFile: '', certFile: '', keyFile: '', insecure: false };
  const ours = { ...none, caFile: file('ca.pem') };
  const client = { ...ours, certFile: file('client.pem'), keyFile: file('client.key') };

  test.each([
    ['no CA is given', 'server', none, 'denied', /signed by a CA that is not trusted/],
    ['its certificate has expired', 'expired', ours, 'denied', /has expired/],
    ['its certificate is for another host', 'other-name', ours, 'denied', /for another host name/],
    ['a CA file that is not there', 'server', { ...none, caFile: '/nowhere' }, 'settings', /cannot read the CA file/],
  ] as const)('refused: %s', async (_name, certificate, tls, code, message) => {
    const server = await serve(certificate);
    const reading = readFrom([server.url], { ...patient, tls });
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await server.close();
  });

  test.each([
    ['a CA that is ours', 'server', ours, false],
    ['a certificate of ours that it asks for', 'server', client, true],
    ['any certificate, where that is wanted', 'expired', { ...none, insecure: true }, false],
  ] as const)('taken: %s', async (_name, certificate, tls, asksBack) => {
    const server = await serve(certificate, asksBack);
    server.put('/app/k', '1');
    expect(await readFrom([server.url], { ...patient, tls })).toEqual([['/app/k', '1']]);
    await server.close();
  });
});

backendContract('etcdv3', makeStore, { anyBytes: true, live: true, under: '' });

describe('reading', () => {
  let server: Etcd3Server;
  beforeEach(async () => {
    server = await Etcd3Server.start();
  });
  afterEach(() => server.close());

  test('keys that only begin like a wanted one are not read', async () => {
    for (const key of ['/app', '/app/k', '/app2', '/app-x', '/app.d/k', '/ap', '/app/', '/app//k'])
      server.put(key, key);
    expect((await readFrom([server.url], patient)).map(([key]) => key)).toEqual(['/app', '/app/', '/app//k', '/app/k']);
    expect((await readFrom([server.url], patient, ['/'])).length).toBe(8);
  });

  test('keys and values of any bytes', async () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    server.put(`/app/${all}`, all);
    expect(await readFrom([server.url], patient)).toEqual([[`/app/${all}`, all]]);
  });

  test('many keys come in pages, all as of one revision', async () => {
    server.commit(Array.from({ length: 20_000 }, (_, i) => ({ put: { key: `/app/${i}`, value: 'before' } })));
    server.onRequest = () => {
      server.put(`/app/${Math.floor(Math.random() * 20_000)}`, 'after');
    };
    const pairs = await readFrom([server.url], patient);
    expect(pairs.length).toBe(20_000);
    expect(pairs.filter(([, value]) => value === 'after').length).toBe(1);
    expect(server.seen.get('Txn')).toBeGreaterThan(1);
  });

  test('many keys to ask for go in transactions that an etcd takes', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `/app/${i}`);
    for (const key of keys) server.put(`${key}/k`, '1');
    expect((await readFrom([server.url], patient, keys)).length).toBe(300);
  });

  test('pages that turn out too long are asked for again, in smaller ones', async () => {
    const size = (n: number) => (n < 2000 ? 10 : 10_000);
    for (let n = 1000; n < 2300; n++) server.put(`/app/${n}`, 'x'.repeat(size(n)));
    const keys = Array.from({ length: 200 }, (_, n) => `/other/${n}`);
    for (const key of keys) server.put(key, 'x'.repeat(1000));
    const small = { limits: { ...defaultHttpLimits, maxBytes: 100_000 } };
    expect((await readFrom([server.url], small, ['/app', ...keys])).length).toBe(1500);
  });

  test.each([1, 1000, 4094, 4095, 4096, 4097])(
    '%d keys, of which none is asked for twice or passed by',
    async (count) => {
      const key = (n: number) => (n % 2 === 0 ? `/app/k${n}` : `/app/k${n - 1}\0`);
      server.commit(Array.from({ length: count }, (_, n) => ({ put: { key: key(n), value: String(n) } })));
      server.put('/app0', 'no');
      server.put('/app/\xff\xff', 'last');
      const pairs = await readFrom([server.url], patient);
      expect(pairs.length).toBe(count + 1);
      expect(pairs.at(-1)).toEqual(['/app/\xff\xff', 'last']);
      expect(server.seen.get('Txn')).toBe(count + 1 < 4096 ? 1 : 2);
    },
  );

  test('many keys without values', async () => {
    server.commit(Array.from({ length: 9000 }, (_, n) => ({ put: { key: `/app/${n}`, value: '' } })));
    const pairs = await readFrom([server.url], patient);
    expect([pairs.length, pairs.every(([, value]) => value === '')]).toEqual([9000, true]);
  });

  test('values of 1 MB, of which no answer can hold all', async () => {
    const value = 'x'.repeat(1_000_000);
    for (let i = 0; i < 50; i++) server.put(`/app/${i}`, value);
    const small = { limits: { ...defaultHttpLimits, maxBytes: 40_000_000 } };
    expect((await readFrom([server.url], small)).length).toBe(50);
  });

  test('a line on which the first page is not complete in time', async () => {
    server.commit(Array.from({ length: 4000 }, (_, n) => ({ put: { key: `/app/${n}`, value: 'x'.repeat(1000) } })));
    const proxy = await Proxy.to(server.port);
    // Four megabytes take more than the limit, a part of them less, also when the machine is busy.
    proxy.slow(600_000);
    const limits = { ...defaultHttpLimits, headersMs: 5000, totalMs: 5000 };
    expect((await readFrom([proxy.url], { limits, silenceMs: 20_000 })).length).toBe(4000);
    await proxy.close();
  });

  test('a server that is too slow for a page that is larger than the first', async () => {
    server.commit(Array.from({ length: 30_000 }, (_, n) => ({ put: { key: `/app/${n}`, value: 'x' } })));
    const sizes: number[] = [];
    server.spoil = (answer) => {
      const { responses } = answer as { responses: { response_range: { kvs: unknown[] } }[] };
      sizes.push(responses.reduce((sum, { response_range }) => sum + response_range.kvs.length, 0));
      // The second page, and over a new connection once more.
      return sizes.length === 2 || sizes.length === 3 ? null : answer;
    };
    const pairs = await readFrom([server.url], {
      ...patient,
      limits: { ...defaultHttpLimits, headersMs: 10_000, totalMs: 20_000 },
    });
    expect(pairs.length).toBe(30_000);
    expect(sizes[3]).toBeLessThanOrEqual(Math.min(4096, sizes[2]!));
  });

  test('a compaction in the middle', async () => {
    server.commit(Array.from({ length: 6000 }, (_, i) => ({ put: { key: `/app/${i}`, value: '1' } })));
    let requests = 0;
    server.onRequest = () => {
      requests += 1;
      if (requests !== 2) return;
      server.put('/app/0', '2');
      server.compact();
    };
    expect((await readFrom([server.url], patient))[0]).toEqual(['/app/0', '2']);
  });

  test('a node that is down, and one that is mute, are passed by', async () => {
    const mute = await Etcd3Server.start();
    mute.isMute = true;
    server.put('/app/k', '1');
    expect(await readFrom(['127.0.0.1:1', mute.url, server.url], hasty)).toEqual([['/app/k', '1']]);
    await mute.close();
  });

  test('a node that is slow to complete its answer is not passed by', async () => {
    server.put('/app/k', '1');
    server.dawdleMs = 1200;
    expect(await readFrom([server.url, '127.0.0.1:1', '127.0.0.1:1'], patient)).toEqual([['/app/k', '1']]);
  });

  test('a kept connection that died unseen is made anew', async () => {
    const proxy = await Proxy.to(server.port);
    const backend = await etcd3Backend(etcdSettings([proxy.url], hasty));
    await readSnapshot(backend, ['/app'], never);
    proxy.strand();
    await readSnapshot(backend, ['/app'], never);
    await server.restart();
    await readSnapshot(backend, ['/app'], never);
    await backend.close();
    await proxy.close();
  });
});

describe('watching', () => {
  let server: Etcd3Server;
  let proxy: Proxy;
  let backend: Backend;
  let stop: AbortController;
  let copy: Copy;
  let following: Promise<void>;

  beforeEach(async () => {
    server = await Etcd3Server.start();
    proxy = await Proxy.to(server.port);
    server.put('/app/k', '1');
    stop = new AbortController();
    copy = new Copy();
    backend = await etcd3Backend(etcdSettings([proxy.url], hasty));
    const first = await readSnapshot(backend, ['/app', '/b'], never);
    copy.replace(first);
    following = follow(backend, ['/app', '/b'], copy, first.cursor, stop.signal);
    await until(() => server.seen.get('Watch') === 1);
  });
  afterEach(async () => {
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await proxy.close();
    await server.close();
  });
  const value = (key: string) => copy.pairs.get(key);

  test('the removal of a key leaves what is below it', async () => {
    server.put('/app', 'x');
    await until(() => value('/app') === 'x');
    server.remove('/app');
    await until(() => value('/app') === undefined);
    expect(value('/app/k')).toBe('1');
  });

  test('what begins like a wanted key wakes nobody', async () => {
    const { cursor } = await readSnapshot(backend, ['/app'], never);
    for (const key of ['/app2', '/app-x', '/app.d/k']) server.put(key, key);
    server.put('/app/k', '2');
    for await (const item of backend.open(['/app'], never, cursor)) {
      const edits = toldBy(item);
      if (edits.length === 0) continue; // a sign of life
      expect(edits).toEqual([{ key: '/app/k', value: '2' }]);
      break;
    }
  });

  test('a change of several keys is told as a whole', async () => {
    const { cursor } = await readSnapshot(backend, ['/app', '/b'], never);
    server.commit(['/app/1', '/app/2', '/b'].map((key) => ({ put: { key, value: 'x' } })));
    await until(() => value('/app/1') === 'x' && value('/app/2') === 'x' && value('/b') === 'x');
    expect(cursor.size).toBeGreaterThan(0);
  });

  test('keys that expire with their lease', async () => {
    const told: (string | null)[] = [];
    const apply = copy.apply.bind(copy);
    copy.apply = (edits) => {
      told.push(...edits.filter(({ key }) => key === '/app/mortal').map((edit) => edit.value));
      apply(edits);
    };
    server.put('/app/mortal', 'x', server.lease(50));
    await until(() => told.length === 2);
    expect(told).toEqual(['x', null]);
    expect(value('/app/mortal')).toBeUndefined();
  });

  test('connections that break again and again', async () => {
    for (let i = 0; i < 20; i++) {
      proxy.cut();
      server.put('/app/k', String(i));
    }
    await until(() => value('/app/k') === '19');
  });

  test('a connection that carries nothing any more is noticed', async () => {
    proxy.strand();
    server.put('/app/k', '2');
    await until(() => value('/app/k') === '2');
  });

  test('a server that says nothing any more is noticed', async () => {
    server.isMute = true;
    server.put('/app/k', '2');
    await new Promise((resolve) => setTimeout(resolve, 400));
    server.isMute = false;
    await until(() => value('/app/k') === '2');
  });

  test('silence in the store is no change: the stream stays', async () => {
    await until(() => (server.seen.get('Progress') ?? 0) >= 4);
    expect(server.seen.get('Watch')).toBe(1);
  });

  test('a removal right after the read, up to which the history was compacted before the watch', async () => {
    server.put('/app/newest', '1');
    const gone = () => {
      server.remove('/app/k');
      server.compact();
      return Promise.resolve();
    };
    await followed({ open: () => etcd3Backend(etcdSettings([server.url])) }, ['/app'], gone, () => Promise.resolve());
  });

  test('a change that comes in parts counts as a whole, and is told again after a break between them', async () => {
    const sizes = new Set<number>();
    const apply = copy.apply.bind(copy);
    copy.apply = (edits) => {
      sizes.add(edits.length);
      apply(edits);
    };
    server.partBytes = 20;
    let told = 0;
    server.onTell = () => {
      told += 1;
      if (told === 7) server.cut();
      return told !== 7;
    };
    const writes = Array.from({ length: 10 }, (_, n) => ({ put: { key: `/app/${n}`, value: '0123456789' } }));
    server.commit(writes);
    await until(() => value('/app/9') !== undefined);
    expect([...sizes].filter((size) => size > 0)).toEqual([10]);
    expect(told).toBeGreaterThan(10);
  });

  test('of changes that come in parts, those that are complete are told at once', async () => {
    proxy.refuse();
    for (let n = 0; n < 10; n++) server.put('/app/k', `${n}`);
    server.partBytes = 20;
    let told = 0;
    server.onTell = () => (told += 1) <= 6;
    proxy.resume();
    await until(() => Number(value('/app/k')) > 2);
    server.onTell = () => true;
    proxy.cut();
    await until(() => value('/app/k') === '9');
  });

  test('a history that was compacted meanwhile', async () => {
    proxy.refuse();
    server.put('/app/k', '2');
    server.put('/app/new', '3');
    server.compact();
    proxy.resume();
    await until(() => value('/app/new') === '3' && value('/app/k') === '2');
    server.put('/app/k', '4');
    await until(() => value('/app/k') === '4');
  });

  test('a store that was restored with lower revisions', async () => {
    const backup = server.revisions.backup();
    server.put('/app/gone', 'x');
    await until(() => value('/app/gone') === 'x');
    await server.restart(backup);
    await until(() => value('/app/gone') === undefined);
    server.put('/app/k', '2');
    await until(() => value('/app/k') === '2');
  });

  test('a store that was restored and has caught up with its revisions', async () => {
    const backup = server.revisions.backup();
    for (let i = 0; i < 5; i++) server.put('/app/gone', String(i));
    await until(() => value('/app/gone') === '4');
    proxy.refuse();
    await server.restart(backup);
    for (let i = 0; i < 20; i++) server.put(`/app/${i % 3}`, 'new');
    proxy.resume();
    await until(() => value('/app/gone') === undefined && value('/app/2') === 'new');
  });

  test('a store that was restored to before a removal', async () => {
    const backup = server.revisions.backup();
    server.remove('/app/k');
    await until(() => value('/app/k') === undefined);
    proxy.refuse();
    await server.restart(backup);
    for (let i = 0; i < 20; i++) server.put('/elsewhere', String(i));
    proxy.resume();
    await until(() => value('/app/k') === '1');
  });

  test('a store that was restored and compacted', async () => {
    const backup = server.revisions.backup();
    server.put('/app/gone', 'x');
    await until(() => value('/app/gone') === 'x');
    proxy.refuse();
    await server.restart(backup);
    for (let i = 0; i < 20; i++) server.put('/app/k', String(i));
    server.compact();
    proxy.resume();
    await until(() => value('/app/gone') === undefined && value('/app/k') === '19');
  });

  test('another cluster at the same address', async () => {
    const other = await Etcd3Server.start({ cluster: '7' });
    for (let i = 0; i < 20; i++) other.put('/b/other', String(i));
    proxy.retarget(other.port);
    proxy.cut();
    await until(() => value('/b/other') === '19' && value('/app/k') === undefined);
    other.put('/b/other', 'x');
    await until(() => value('/b/other') === 'x');
    await other.close();
  });

  test('what no stream can tell is read, and then the stream goes on', async () => {
    server.partBytes = Infinity;
    const limits = { ...defaultHttpLimits, maxBytes: 50_000 };
    const small = await etcd3Backend(etcdSettings([proxy.url], { limits }));
    const other = new Copy();
    const alone = new AbortController();
    const first = await readSnapshot(small, ['/app'], never);
    const reading = follow(small, ['/app'], other, first.cursor, alone.signal);
    const says = (text: string) => until(() => other.pairs.get('/app/k') === text);
    try {
      await until(() => server.seen.get('Watch') === 2);
      server.commit(Array.from({ length: 100 }, (_, n) => ({ put: { key: `/app/${n}`, value: 'x'.repeat(1000) } })));
      await until(() => other.pairs.size === 101);
      server.put('/app/k', '2');
      await says('2');
      // That may have been read; once the stream stands nothing is asked any more.
      for (let n = 3, asked = -1; asked !== server.seen.get('Txn'); n++) {
        expect(n).toBeLessThan(100);
        asked = server.seen.get('Txn')!;
        server.put('/app/k', String(n));
        await says(String(n));
      }
    } finally {
      alone.abort(new Error('stop'));
      await reading.catch(() => undefined);
      await small.close();
    }
  });

  test('a restart of the same store is no reason to read again', async () => {
    server.put('/app/k', '2');
    await until(() => value('/app/k') === '2');
    const before = server.seen.get('Txn')!;
    server.term += 1;
    await server.restart();
    server.put('/app/k', '3');
    await until(() => value('/app/k') === '3');
    // Only the newest write is asked for.
    expect(server.seen.get('Txn')! - before).toBeLessThanOrEqual(2);
  });
});

describe('etcd3, at random', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);

  test(`a copy fed by changes is what a fresh read is (SEED=${seed})`, async () => {
    const random = randomFrom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    const names = ['/a', '/b', '/a/x', '/a/x/y', '/a2', '/a-b', '/b/c', '/_h', '/none/k'];
    const wanted = ['/a', '/b/c', '/_h', '/none'];
    const server = await Etcd3Server.start();
    const proxy = await Proxy.to(server.port);
    const backend = await etcd3Backend(etcdSettings([proxy.url], hasty));
    const stop = new AbortController();
    const copy = new Copy();
    const first = await readSnapshot(backend, wanted, never);
    copy.replace(first);
    const following = follow(backend, wanted, copy, first.cursor, stop.signal);
    let backup = server.revisions.backup();
    const deeds: (() => Promise<unknown> | undefined)[] = [
      ...Array.from({ length: 6 }, () => () => {
        server.put(pick(names), String(random()));
        return undefined;
      }),
      () => (server.put(pick(names), 'mortal', server.lease(20)), undefined),
      () => (server.remove(pick(names)), undefined),
      () => (server.removeTree(pick(names)), undefined),
      () => (server.commit(names.map((key) => ({ put: { key, value: String(random()) } }))), undefined),
      () => (proxy.cut(), undefined),
      () => (server.compact(), undefined),
      () => ((backup = server.revisions.backup()), undefined),
      () => (random() < 0.2 ? server.restart(backup.backup()) : undefined),
    ];
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 60; i++) {
        await pick(deeds)();
        if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await until(async () => {
        const truth = await readSnapshot(backend, wanted, never).catch(() => null);
        return truth !== null && JSON.stringify(sorted(copy.pairs)) === JSON.stringify(sorted(truth.pairs));
      });
    }
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await proxy.close();
    await server.close();
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
