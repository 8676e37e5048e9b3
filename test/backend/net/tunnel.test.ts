import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as grpc from '@grpc/grpc-js';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { etcdBackend } from '../../../src/backend/etcd/v2.ts';
import { etcd3Backend } from '../../../src/backend/etcd/v3.ts';
import type { Proxy } from '../../../src/backend/net/proxy.ts';
import { confd, Confdir } from '../../helpers/confd.ts';
import { Etcd3Server } from '../../helpers/etcd3-server.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { freePort } from '../../helpers/port.mjs';
import { type Manners, ToyProxy } from '../../helpers/toyProxy.ts';
import { ToyServer } from '../../helpers/toy-server.ts';

// The nodes' names are known to the proxies only.

const never = new AbortController().signal;
const certs = join(import.meta.dirname, '../../helpers/certs');
const pem = (name: string) => readFileSync(join(certs, name));
const serverTls = { cert: pem('server.pem'), key: pem('server.key') };
const limitsOf = (ms: number) => ({ headersMs: ms, totalMs: ms, maxBytes: 1_000_000 });
const tls = { caFile: join(certs, 'ca.pem'), certFile: '', keyFile: '', insecure: false };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const answer = '{"node":{"key":"/k","value":"v","modifiedIndex":7}}';

async function v2Store(): Promise<number> {
  const toy = await ToyServer.start((_request, response) =>
    response.writeHead(200, { 'X-Etcd-Index': '7' }).end(answer),
  );
  closers.push(() => toy.close());
  return Number(new URL(toy.url).port);
}

async function v2TlsStore(): Promise<number> {
  const server = createServer(serverTls, (_request, response) =>
    response.writeHead(200, { 'X-Etcd-Index': '7' }).end(answer),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function v3Store(secure: boolean): Promise<number> {
  const credentials = grpc.ServerCredentials.createSsl(null, [
    { cert_chain: serverTls.cert, private_key: serverTls.key },
  ]);
  const server = await Etcd3Server.start(secure ? { tls: credentials } : {});
  server.put('/k', 'v');
  closers.push(() => server.close());
  return server.port;
}

async function proxyTo(port: number, manners: Manners = {}): Promise<ToyProxy> {
  const toy = await ToyProxy.start(port, manners);
  closers.push(() => toy.close());
  return toy;
}

interface Case {
  readonly api: 'v2' | 'v3';
  readonly scheme: 'http' | 'https';
  readonly kind: Proxy['kind'];
  readonly seen: string;
}

const host = 'localhost';
const cases: readonly Case[] = [
  { api: 'v2', scheme: 'http', kind: 'http', seen: 'GET http://localhost:99/v2/keys/k?' },
  { api: 'v2', scheme: 'http', kind: 'https', seen: 'GET http://localhost:99/v2/keys/k?' },
  { api: 'v2', scheme: 'http', kind: 'socks5', seen: 'SOCKS localhost:99' },
  { api: 'v2', scheme: 'https', kind: 'http', seen: 'CONNECT localhost:99' },
  { api: 'v2', scheme: 'https', kind: 'https', seen: 'CONNECT localhost:99' },
  { api: 'v2', scheme: 'https', kind: 'socks5', seen: 'SOCKS localhost:99' },
  { api: 'v3', scheme: 'http', kind: 'http', seen: 'CONNECT localhost:99' },
  { api: 'v3', scheme: 'http', kind: 'socks5', seen: 'SOCKS localhost:99' },
  { api: 'v3', scheme: 'https', kind: 'http', seen: 'CONNECT localhost:99' },
  { api: 'v3', scheme: 'https', kind: 'socks5', seen: 'SOCKS localhost:99' },
];

async function readBy(
  { api, scheme }: Pick<Case, 'api' | 'scheme'>,
  proxy: Proxy,
  name = host,
  ms = 5000,
): Promise<string> {
  const open = api === 'v2' ? etcdBackend : etcd3Backend;
  const backend = await open(
    etcdSettings([`${scheme}://${name}:99`], { route: () => proxy, tls, limits: limitsOf(ms) }),
  );
  closers.push(() => backend.close());
  const read = async () => {
    const { pairs } = await readSnapshot(backend, ['/k'], never);
    return JSON.stringify([...pairs]);
  };
  try {
    await read();
    return await read();
  } catch (error) {
    return (error as Error).message;
  }
}

const storeFor = ({ api, scheme }: Case) =>
  api === 'v3' ? v3Store(scheme === 'https') : scheme === 'https' ? v2TlsStore() : v2Store();

describe('a store that is asked by a proxy', () => {
  test.each(cases)('$api over $scheme, by $kind', async (each) => {
    const toy = await proxyTo(await storeFor(each), {
      kind: each.kind,
      userinfo: 'me:p@w',
      ...(each.kind === 'https' ? { tls: serverTls } : {}),
    });
    expect(await readBy(each, toy.proxy('me:p@w'))).toBe('[["/k","v"]]');
    expect(toy.seen[0]).toContain(each.seen);
    // Connections are kept, also those that were led on.
    if (!each.seen.startsWith('GET')) expect(toy.seen).toHaveLength(1);
  });

  test.each(cases.filter(({ kind }) => kind !== 'https'))('$api over $scheme, by $kind: not let in', async (each) => {
    const toy = await proxyTo(1, { kind: each.kind, userinfo: 'me:pw' });
    const message = await readBy(each, toy.proxy('me:hunter2'));
    expect(message).toContain(`${each.scheme}://localhost:99 through the proxy ${each.kind}://PROXY: `);
    expect(message).toMatch(/407|refuses the user name and password/);
    expect(message).not.toContain('hunter2');
  });

  test.each(cases)('$api over $scheme, by $kind: nobody there, and one that says nothing', async (each) => {
    const gone = { ...(await proxyTo(1)).proxy(), kind: each.kind, port: await freePort() };
    expect(await readBy(each, gone)).toContain('connection refused');
    const mute = await proxyTo(1, { isMute: true });
    const message = await readBy(each, { ...mute.proxy(), kind: each.kind }, host, 300);
    expect(message).toMatch(/no answer within/);
  });

  test('the v3 API by https', async () => {
    const message = await readBy({ api: 'v3', scheme: 'http' }, { ...(await proxyTo(1)).proxy(), kind: 'https' }).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(message).toBe(
      'the v3 API of etcd can be used through http:// and socks5:// proxies only, not through http://PROXY',
    );
  });

  test('what a SOCKS proxy refuses', async () => {
    const toy = await proxyTo(1, { kind: 'socks5' });
    const message = await readBy({ api: 'v2', scheme: 'http' }, toy.proxy(), 'forbidden.test');
    expect(message).toContain('the proxy socks5://PROXY: not allowed');
  });
});

test.each([
  ['etcdv2', 'http://etcd.test:2379', { HTTP_PROXY: 'PROXY' }, ['GET http://etcd.test:2379/v2/keys/k']],
  [
    'etcdv2',
    'http://etcd.test:2379',
    { http_proxy: 'PROXY', NO_PROXY: 'x.test' },
    ['GET http://etcd.test:2379/v2/keys/k'],
  ],
  [
    'etcd',
    'http://etcd.test:2379',
    { HTTP_PROXY: 'PROXY' },
    ['GET http://etcd.test:2379/v2/keys/', 'GET http://etcd.test:2379/v2/keys/k'],
  ],
] as const)('confd -backend %s -node %s with %j', async (backend, node, env, seen) => {
  const toy = await proxyTo(await v2Store());
  const dir = new Confdir();
  dir.resource('x', '{{getv "/k"}}', ['/k']);
  const args = ['-onetime', '-confdir', dir.root, '-backend', backend, '-node', node];
  const address = `http://me:hunter2@127.0.0.1:${toy.port}`;
  const variables = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value === 'PROXY' ? address : value]),
  );
  const { code, stderr } = await confd([...args, '-log-level', 'debug'], variables);
  expect(stderr).not.toContain('hunter2');
  expect([code, toy.seen.map((line) => line.replace(/\?.*/, ''))]).toEqual([0, seen]);
});

test('confd leaves loopback and NO_PROXY alone', async () => {
  const port = await v2Store();
  const toy = await proxyTo(port);
  const dir = new Confdir();
  dir.resource('x', '{{getv "/k"}}', ['/k']);
  const args = ['-onetime', '-confdir', dir.root, '-backend', 'etcdv2', '-node', `http://localhost:${port}`];
  expect((await confd(args, { HTTP_PROXY: `http://127.0.0.1:${toy.port}` })).code).toBe(0);
  expect(toy.seen).toEqual([]);
});
