import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot } from '../../../src/backend/contract/backend.ts';
import { eitherEtcd } from '../../../src/backend/etcd/detect-api.ts';
import { MiniEtcd } from '../../../src/minietcd/server.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { Copy, follow, until } from '../../contract/backend.ts';
import { Etcd3Server } from '../../helpers/etcd3-server.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { KeysClient } from '../../helpers/keys-client.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { Proxy } from '../../helpers/proxy.mjs';

const never = new AbortController().signal;

/** What an etcd 3.5 says over HTTP. */
const withoutV2: RequestListener = ({ url }, response) => {
  if (url === '/version') response.end('{"etcdserver":"3.5.21","etcdcluster":"3.5.0"}');
  else response.writeHead(404).end('404 page not found\n');
};
const emptyV2: RequestListener = (_, response) => {
  const headers = { 'X-Etcd-Index': '7', 'X-Etcd-Cluster-Id': 'a' };
  response.writeHead(404, headers).end('{"errorCode":100,"message":"Key not found","cause":"/app","index":7}');
};
const grpcOnly: RequestListener = ({ socket }) => socket.destroy();

let proxy: Proxy;
let backend: Backend;
let log: ReturnType<typeof memoryLog>;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  log = memoryLog();
  proxy = await Proxy.to(1);
  backend = await eitherEtcd(etcdSettings([proxy.url]), log);
});
afterEach(async () => {
  await backend.close();
  await proxy.close();
  for (const close of closers.splice(0)) await close();
});

async function serveV2(key: string, value: string): Promise<void> {
  const server = new MiniEtcd(systemClock);
  await server.listen([{ host: '127.0.0.1', port: 0 }]);
  closers.push(() => server.close());
  await new KeysClient(server.urls[0]!).put(key, value);
  proxy.retarget(Number(new URL(server.urls[0]!).port));
  proxy.cut();
}

async function serveV3(http: RequestListener, key: string, value: string): Promise<Etcd3Server> {
  const server = await Etcd3Server.start({ http });
  closers.push(() => server.close());
  server.put(key, value);
  proxy.retarget(server.port);
  proxy.cut();
  return server;
}

const read = async () => [...(await readSnapshot(backend, ['/app'], never)).pairs];
const lines = () => log.lines.map((line) => line.replace(proxy.url, 'NODE'));

describe('nothing to choose from', () => {
  test('nobody is there, and the choice waits until somebody is', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'unreachable' });
    await expect(read()).rejects.toMatchObject({ code: 'unreachable' });
    expect(log.lines).toEqual([]);
    await serveV3(withoutV2, '/app/k', '3');
    expect(await read()).toEqual([['/app/k', '3']]);
  });

  test('somebody who breaks every connection', async () => {
    const rude = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    proxy.retarget((rude.address() as { port: number }).port);
    await expect(read()).rejects.toMatchObject({ code: 'unreachable', message: /the connection broke/ });
    rude.close();
  });

  test('an aborted read throws the reason', async () => {
    const reason = new Error('enough');
    await expect(readSnapshot(backend, ['/app'], AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('the choice', () => {
  test('v2, where it is offered', async () => {
    await serveV2('/app/k', '2');
    expect(await read()).toEqual([['/app/k', '2']]);
    expect(await read()).toEqual([['/app/k', '2']]);
    expect(lines()).toEqual(['INFO Using the v2 API of etcd: NODE offers the v2 API']);
  });

  test('v3, where there is no v2', async () => {
    await serveV3(withoutV2, '/app/k', '3');
    expect(await read()).toEqual([['/app/k', '3']]);
    expect(lines()).toEqual(['INFO Using the v3 API of etcd: NODE does not offer the v2 API']);
  });

  test('v3, where nothing else is spoken', async () => {
    await serveV3(grpcOnly, '/app/k', '3');
    expect(await read()).toEqual([['/app/k', '3']]);
    expect(lines()).toEqual(['INFO Using the v3 API of etcd: the node answers over gRPC only']);
  });

  test('the keys are in v3, but v2 is offered, too', async () => {
    await serveV3(emptyV2, '/app/k', '3');
    expect(await read()).toEqual([]);
    expect(await read()).toEqual([]);
    expect(lines()).toEqual([
      'INFO Using the v2 API of etcd: NODE offers the v2 API',
      'WARNING The v2 API of etcd has none of the keys, but the v3 API has some; use -backend etcdv3 to read them',
    ]);
  });
});

describe('a store that is replaced while it is followed', () => {
  let stop: AbortController;
  let copy: Copy;
  let following: Promise<void>;

  const start = async () => {
    stop = new AbortController();
    copy = new Copy();
    const first = await readSnapshot(backend, ['/app'], never);
    copy.replace(first);
    following = follow(backend, ['/app'], copy, first.cursor, stop.signal);
  };
  afterEach(async () => {
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
  });

  test('by one without v2', async () => {
    await serveV2('/app/old', '2');
    await start();
    const server = await serveV3(withoutV2, '/app/new', '3');
    await until(() => copy.pairs.get('/app/new') === '3');
    server.put('/app/new', '4');
    await until(() => copy.pairs.get('/app/new') === '4');
    expect([...copy.pairs.keys()]).toEqual(['/app/new']);
    expect(await read()).toEqual([['/app/new', '4']]);
  });

  test('by one that has only v2', async () => {
    await serveV3(withoutV2, '/app/old', '3');
    await start();
    await serveV2('/app/new', '2');
    await until(() => copy.pairs.get('/app/new') === '2');
    expect([...copy.pairs.keys()]).toEqual(['/app/new']);
  });

  test('by one that offers both: the choice stays', async () => {
    await serveV3(withoutV2, '/app/k', '3');
    await start();
    await serveV3(emptyV2, '/app/k', '4');
    await until(() => copy.pairs.get('/app/k') === '4');
    expect(lines().length).toBe(1);
  });
});
