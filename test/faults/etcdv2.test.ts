import { copyFileSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { etcdBackend, type EtcdSettings } from '../../src/backend/etcd.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { confd, logOf, Program, waitFor } from '../helpers/confd.ts';
import { etcdSettings } from '../helpers/etcdSettings.ts';
import { KeysClient } from '../helpers/keysClient.ts';
import { flips, Proxy } from '../helpers/proxy.mjs';
import { fasterClock, Listing, quickClock, Watcher, withoutPlaces } from './agents.ts';
import { Front, type Intercept } from './front.ts';
import { faultTable } from './table.ts';

const certs = join(import.meta.dirname, '../helpers/certs');
const quick = { clock: quickClock, limits: { headersMs: 4000, totalMs: 60_000, maxBytes: 100_000_000 } };
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A store, and a network in front of it that can fail. */
interface Network extends AsyncDisposable {
  readonly store: MiniEtcd;
  readonly keys: KeysClient;
  readonly proxy: Proxy;
  readonly front: Front;
}

async function network(): Promise<Network> {
  const store = await young();
  const front = await Front.to(portOf(store));
  const proxy = await Proxy.to(front.port);
  const keys = new KeysClient(store.urls[0]!);
  await keys.put('/app/a', '1');
  return {
    ...{ store, keys, proxy, front },
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await front.close();
      await store.close();
    },
  };
}

/** An empty store. */
async function young(): Promise<MiniEtcd> {
  const store = new MiniEtcd(systemClock);
  await store.listen([{ host: '127.0.0.1', port: 0 }]);
  return store;
}

/** A write over TLS. */
function putSafely(url: string, key: string, value: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const sent = request(`${url}/v2/keys${key}`, { method: 'PUT', headers, rejectUnauthorized: false }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', reject).end(`value=${value}`);
  });
}

const portOf = (store: MiniEtcd) => Number(new URL(store.urls[0]!).port);

async function watching(nodes: readonly string[], more: Partial<EtcdSettings> = {}): Promise<Watcher> {
  return new Watcher(await etcdBackend(etcdSettings(nodes, { ...quick, ...more })), new Listing());
}

/** Watches through the network, sees the first value, does the deed, and stops. */
async function followed(deed: (watcher: Watcher, net: Network) => Promise<string>): Promise<string> {
  await using net = await network();
  const watcher = await watching([net.proxy.url]);
  try {
    await watcher.dir.says('/app/a=1;');
    return await deed(watcher, net);
  } finally {
    await watcher.stop();
  }
}

/** While the front lies the file stays, and the complaint is told; after it the change made meanwhile arrives. */
function lied(lie: Intercept, about: RegExp): Promise<string> {
  return followed(async (watcher, { front, keys }) => {
    front.intercept = lie;
    front.cut();
    const complaint = await watcher.complains(about);
    await keys.put('/app/a', '2');
    await sleep(100);
    expect(watcher.dir.text).toBe('/app/a=1;');
    front.intercept = () => false;
    await watcher.dir.says('/app/a=2;');
    return `the file stays; ${complaint}; afterwards the change arrives`;
  });
}

/** What onetime says of a store that does not work, and that it says it once, in time. */
async function onetime(node: string, ...more: string[]): Promise<string> {
  const dir = new Listing();
  const began = Date.now();
  const args = ['-onetime', '-backend', 'etcd', '-node', node, '-confdir', dir.root, '-log-level', 'warning'];
  const { code, stderr } = await confd([...args, '-backend-timeout', '2s', ...more]);
  expect(Date.now() - began).toBeLessThan(20_000);
  const log = logOf(stderr).filter((line) => /^(ERROR|FATAL) /.test(line));
  expect(log).toHaveLength(1);
  expect(dir.text).toBeUndefined();
  return `exit ${code}: ${withoutPlaces(log[0]!, dir)}`;
}

/** A server that accepts connections and does with them what it is told. */
async function listener(serve: Parameters<typeof createServer>[1] & object): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).unref();
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const says =
  (status: number, headers: Record<string, string>, body: string | Buffer): Intercept =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };

/** CPU seconds that a process has used, or NaN where the system does not tell. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

faultTable('etcd v2', [
  ['down at start, onetime', () => onetime('http://127.0.0.1:1')],
  [
    'down at start, onetime, several nodes',
    () => onetime('http://127.0.0.1:1', '-node', 'http://127.0.0.1:2', '-node', 'http://127.0.0.1:3'),
  ],
  ['it accepts and says nothing, onetime', async () => onetime((await listener(() => undefined)).url)],
  [
    'the TLS handshake hangs, onetime',
    async () =>
      onetime((await listener(() => undefined)).url.replace('http', 'https'), '-client-ca-keys', `${certs}/ca.pem`),
  ],
  [
    'several nodes that say nothing, onetime',
    async () => {
      const { url } = await listener(() => undefined);
      return onetime(url, '-node', url, '-node', url);
    },
  ],
  [
    'down at start, daemon',
    async () => {
      await using net = await network();
      net.proxy.refuse();
      const watcher = await watching([net.proxy.url]);
      const complaint = await watcher.complains(/ERROR/);
      await sleep(500);
      expect(watcher.dir.text).toBeUndefined();
      net.proxy.resume();
      await watcher.dir.says('/app/a=1;');
      await watcher.stop();
      return `it waits; ${complaint}; rendered as soon as the store is there`;
    },
  ],
  [
    'down for minutes, daemon',
    async () => {
      await using net = await network();
      const watcher = await watching([net.proxy.url], { clock: fasterClock(60) });
      await watcher.dir.says('/app/a=1;');
      net.proxy.refuse();
      const complaints = () => watcher.log.lines.filter((line) => line.startsWith('ERROR '));
      const began = Date.now();
      await waitFor('a second complaint', () => complaints().length > 1);
      expect((Date.now() - began) * 60).toBeGreaterThanOrEqual(59_000);
      expect(net.proxy.attempts).toBeLessThan(40);
      expect(watcher.dir.text).toBe('/app/a=1;');
      await net.keys.put('/app/a', '2');
      net.proxy.resume();
      await watcher.dir.says('/app/a=2;');
      await watcher.stop();
      return 'the file stays; it says so once a minute, and tries once a minute in the end; afterwards the change arrives';
    },
  ],
  [
    'down later, the real program',
    async () => {
      await using net = await network();
      const dir = new Listing();
      const agent = new Program('confd', ['-watch', '-backend', 'etcd', '-node', net.proxy.url, '-confdir', dir.root]);
      await dir.says('/app/a=1;');
      net.proxy.refuse();
      await sleep(500);
      const [attempts, cpu] = [net.proxy.attempts, cpuOf(agent.pid)];
      await sleep(4000);
      const spent = cpuOf(agent.pid) - cpu;
      if (!Number.isNaN(spent)) expect(spent).toBeLessThanOrEqual(0.2);
      expect(net.proxy.attempts - attempts).toBeLessThanOrEqual(8);
      expect(dir.text).toBe('/app/a=1;');
      await net.keys.put('/app/a', '2');
      net.proxy.resume();
      await dir.says('/app/a=2;');
      const { code } = await agent.stop();
      return `the file stays; under 5 % of a CPU and at most two attempts a second; the change arrives; exit ${code}`;
    },
  ],
  [
    'connections that nobody ends carry nothing any more',
    () =>
      followed(async (watcher, { proxy, keys }) => {
        proxy.strand();
        await keys.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return 'noticed after half a minute of silence; the change arrives';
      }),
  ],
  [
    'nothing passes for a while, connections stay open',
    () =>
      followed(async (watcher, { proxy, keys }) => {
        proxy.pause();
        await keys.put('/app/a', '2');
        await sleep(1000);
        expect(watcher.dir.text).toBe('/app/a=1;');
        proxy.resume();
        await watcher.dir.says('/app/a=2;');
        return 'the file stays; afterwards the change arrives';
      }),
  ],
  [
    'connections are reset over and over',
    () =>
      followed(async (watcher, { proxy, keys }) => {
        for (let n = 0; n < 30; n++) {
          await keys.put('/app/a', `${n}`);
          proxy.cut();
          await sleep(10);
        }
        await keys.put('/app/a', 'last');
        await watcher.dir.says('/app/a=last;');
        return 'the last change arrives';
      }),
  ],
  [
    'the password is changed on the server, and back',
    () =>
      lied(
        says(
          401,
          { 'Content-Type': 'application/json', 'X-Etcd-Index': '4' },
          '{"message":"Insufficient credentials"}',
        ),
        /denied/,
      ),
  ],
  [
    'the server’s certificate is replaced by one for another name, and by a good one',
    async () => {
      const room = new Listing();
      const use = (name: string) => {
        for (const kind of ['pem', 'key']) copyFileSync(`${certs}/${name}.${kind}`, room.path(`server.${kind}`));
      };
      use('server');
      const store = new MiniEtcd(systemClock);
      const tls = { certFile: room.path('server.pem'), keyFile: room.path('server.key'), caFile: '' };
      await store.listen([{ host: '127.0.0.1', port: 0 }], tls);
      const proxy = await Proxy.to(portOf(store));
      const files = { caFile: `${certs}/ca.pem`, certFile: '', keyFile: '', insecure: false };
      const watcher = await watching([proxy.url.replace('http:', 'https:')], { tls: files });
      await watcher.dir.says('');
      use('other-name');
      await store.reloadTls();
      proxy.cut();
      const complaint = await watcher.complains(/certificate/);
      use('server');
      await store.reloadTls();
      const again = waitFor('the answer', () => watcher.log.lines.includes('INFO The backend answers again'));
      await again;
      await watcher.stop();
      await proxy.close();
      await store.close();
      return `the file stays; ${complaint}; with the good one it goes on`;
    },
  ],
  [
    'the client’s certificate is replaced',
    async () => {
      const room = new Listing();
      const use = (name: string) => {
        for (const kind of ['pem', 'key']) copyFileSync(`${certs}/${name}.${kind}`, room.path(`client.${kind}`));
      };
      use('stranger');
      const store = new MiniEtcd(systemClock);
      const tls = { certFile: `${certs}/server.pem`, keyFile: `${certs}/server.key`, caFile: `${certs}/ca.pem` };
      await store.listen([{ host: '127.0.0.1', port: 0 }], tls);
      const files = { caFile: `${certs}/ca.pem`, insecure: false };
      const own = { certFile: room.path('client.pem'), keyFile: room.path('client.key') };
      const watcher = await watching([store.urls[0]!], { tls: { ...files, ...own } });
      const complaint = await watcher.complains(/ERROR/);
      use('client');
      await watcher.dir.says('');
      await watcher.stop();
      await store.close();
      return `${complaint}; the new files are read without a restart`;
    },
  ],
  [
    'answers come slowly',
    () =>
      followed(async (watcher, { proxy, keys }) => {
        await Promise.all(Array.from({ length: 50 }, (_, n) => keys.put(`/app/b${n}`, 'x'.repeat(1000))));
        await waitFor('all keys', () => watcher.dir.text!.length > 50_000);
        proxy.slow(60_000);
        proxy.cut();
        watcher.hangup();
        await keys.put('/app/a', '2');
        await waitFor('the change', () => watcher.dir.text!.startsWith('/app/a=2;'));
        return 'read to the end, as long as something comes; the change arrives';
      }),
  ],
  [
    'an answer stops in the middle, onetime',
    async () => {
      const { url } = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\nContent-Length: 1000\r\n\r\n{"action":"get",');
      });
      return onetime(url);
    },
  ],
  [
    'an answer of 50 MB, onetime',
    async () => {
      const value = 'x'.repeat(1e6);
      const nodes = Array.from({ length: 50 }, (_, n) => ({ key: `/app/${n + 10}`, value, modifiedIndex: 4 }));
      const body = Buffer.from(JSON.stringify({ action: 'get', node: { key: '/app', dir: true, nodes } }));
      const { url } = await listener((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\nContent-Length: ${body.length}\r\n\r\n`);
        socket.write(body);
      });
      const dir = new Listing();
      const { code } = await confd(['-onetime', '-backend', 'etcd', '-node', url, '-confdir', dir.root]);
      expect(dir.text).toBe(nodes.map(({ key }) => `${key}=${value};`).join(''));
      return `exit ${code}; the file has all of it`;
    },
  ],
  [
    'an answer without end, onetime',
    async () => {
      const junk = Buffer.alloc(1_000_000, 0x20);
      const { url } = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\n\r\n');
        const pour = () => {
          while (socket.writable && socket.write(junk));
        };
        socket.on('drain', pour);
        pour();
      });
      return onetime(url);
    },
  ],
  [
    'answers are cut off',
    () =>
      followed(async (watcher, { proxy, keys }) => {
        await Promise.all(Array.from({ length: 20 }, (_, n) => keys.put(`/app/b${n}`, 'x'.repeat(100))));
        await waitFor('all keys', () => watcher.dir.text!.length > 2000);
        const before = watcher.dir.text;
        for (const length of [10, 100, 250, 400, 1500]) {
          proxy.truncate(length);
          proxy.cut();
          watcher.hangup();
          await sleep(200);
          expect(watcher.dir.text).toBe(before);
        }
        await keys.put('/app/a', '2');
        proxy.heal();
        await waitFor('the change', () => watcher.dir.text!.startsWith('/app/a=2;'));
        return 'the file stays; afterwards the change arrives';
      }),
  ],
  [
    'bits are flipped on the way, with TLS',
    async () => {
      const store = new MiniEtcd(systemClock);
      const tls = { certFile: `${certs}/server.pem`, keyFile: `${certs}/server.key`, caFile: '' };
      await store.listen([{ host: '127.0.0.1', port: 0 }], tls);
      const proxy = await Proxy.to(portOf(store));
      const files = { caFile: `${certs}/ca.pem`, certFile: '', keyFile: '', insecure: false };
      const watcher = await watching([proxy.url.replace('http:', 'https:')], { tls: files });
      await watcher.dir.says('');
      const seen = new Set<string>();
      for (let n = 0; n < 10; n++) {
        proxy.garble(flips(300));
        await putSafely(store.urls[0]!, '/app/a', `v${n}`);
        await sleep(100);
        seen.add(watcher.dir.text!);
      }
      proxy.heal();
      await watcher.dir.says('/app/a=v9;');
      for (const text of seen) expect(text).toMatch(/^(\/app\/a=v\d;)?$/);
      await watcher.stop();
      await proxy.close();
      await store.close();
      return 'noticed every time: never a wrong byte in the file; afterwards the change arrives';
    },
  ],
  [
    'another program answers',
    () => lied(says(200, { 'Content-Type': 'text/html' }, '<html><h1>Sign in</h1></html>'), /ERROR/),
  ],
  [
    'a proxy’s error page with status 200 and an index',
    () =>
      lied(
        says(200, { 'Content-Type': 'text/html', 'X-Etcd-Index': '4' }, '<html><h1>Bad gateway</h1></html>'),
        /ERROR/,
      ),
  ],
  ['a proxy’s error page with status 502', () => lied(says(502, {}, '<html>Bad gateway</html>'), /ERROR/)],
  [
    'a compressed answer that nobody asked for',
    () => lied(says(200, { 'Content-Encoding': 'gzip', 'X-Etcd-Index': '4' }, gzipSync('{"action":"get"}')), /ERROR/),
  ],
  [
    'an answer for another key',
    () =>
      lied(
        says(
          200,
          { 'X-Etcd-Index': '9' },
          '{"action":"get","node":{"key":"/other","value":"x","modifiedIndex":9,"createdIndex":9}}',
        ),
        /ERROR/,
      ),
  ],
  ['an answer that is JSON and nothing that etcd says', () => lied(says(200, { 'X-Etcd-Index': '4' }, '{}'), /ERROR/)],
  [
    'it redirects to another node',
    () =>
      followed(async (watcher, { front, keys, store }) => {
        front.intercept = (request, response) => {
          response.writeHead(307, { Location: `${store.urls[0]}${request.url}` }).end();
          return true;
        };
        front.cut();
        await keys.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return 'followed; the change arrives';
      }),
  ],
  [
    'it redirects in circles',
    () =>
      lied((request, response) => {
        response.writeHead(302, { Location: request.url! }).end();
        return true;
      }, /ERROR/),
  ],
  [
    'the index goes backwards: wiped and started again',
    () =>
      followed(async (watcher, { proxy }) => {
        const fresh = await young();
        proxy.retarget(portOf(fresh));
        proxy.cut();
        await new KeysClient(fresh.urls[0]!).put('/app/b', 'new');
        await watcher.dir.says('/app/b=new;');
        await fresh.close();
        return 'read anew; the file says what the new store holds';
      }),
  ],
  [
    'wiped, started again and written to until its index is ahead',
    () =>
      followed(async (watcher, { proxy }) => {
        const fresh = await young();
        proxy.refuse();
        await watcher.complains(/ERROR/);
        const keys = new KeysClient(fresh.urls[0]!);
        for (let n = 0; n < 30; n++) await keys.put('/app/b', `${n}`);
        proxy.retarget(portOf(fresh));
        proxy.resume();
        await watcher.dir.says('/app/b=29;');
        await fresh.close();
        return 'read anew; the file says what the new store holds';
      }),
  ],
]);
