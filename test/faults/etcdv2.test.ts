import { request } from 'node:https';
import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { etcdBackend } from '../../src/backend/etcd/v2.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { confd } from '../helpers/confd.ts';
import { KeysClient } from '../helpers/keys-client.ts';
import { Listing } from './agents.ts';
import { Front, type Intercept } from './front.ts';
import {
  certFiles,
  followed,
  type Kind,
  listener,
  networkFaults,
  onetime,
  patience,
  type Scene,
  sleep,
} from './network.ts';
import { faultTable } from './table.ts';

const v2: Kind = {
  backend: 'etcdv2',
  open: etcdBackend,
  async serve(tls) {
    const store = new MiniEtcd(systemClock);
    const caFile = tls?.wantsClients === true ? certFiles('ca').certFile : '';
    const files = tls === undefined ? undefined : { ...certFiles(tls.name), caFile };
    await store.listen([{ host: '127.0.0.1', port: 0 }], files);
    const url = store.urls[0]!;
    const keys = new KeysClient(url);
    return {
      port: Number(new URL(url).port),
      put: async (key, value) => {
        if (tls === undefined) await keys.put(key, value);
        else await putSafely(url, key, value);
      },
      close: () => store.close(),
    };
  },
};

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

/** Long enough for an answer to begin, on a busy machine, too. */
const begun = ['-backend-timeout', '15s'];

/** What a front says counts, however slowly a busy machine lets it say that. */
const patient = { limits: { headersMs: 200_000, totalMs: 600_000, maxBytes: 100_000_000 } };

/** The same with a front that can lie between proxy and store. */
function fronted(deed: (scene: Scene & { readonly front: Front }) => Promise<string>): Promise<string> {
  return followed(
    v2,
    async (scene) => {
      const front = await Front.to(scene.store.port);
      scene.proxy.retarget(front.port);
      scene.proxy.cut();
      try {
        return await deed({ ...scene, front });
      } finally {
        await front.close();
      }
    },
    patient,
  );
}

/** While the front lies the file stays, and the complaint is told; after it the change made meanwhile arrives. */
function lied(lie: Intercept, about: RegExp): Promise<string> {
  return fronted(async ({ watcher, front, store }) => {
    front.intercept = lie;
    front.cut();
    const complaint = await watcher.complains(about);
    await store.put('/app/a', '2');
    await sleep(100);
    expect(watcher.dir.text).toBe('/app/a=1;');
    front.intercept = () => false;
    await watcher.dir.says('/app/a=2;');
    return `the file stays; ${complaint}; afterwards the change arrives`;
  });
}

const says =
  (status: number, headers: Record<string, string>, body: string | Buffer): Intercept =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };

faultTable('etcd v2', [
  ...networkFaults(v2),
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
    'an answer stops in the middle, onetime',
    async () => {
      const url = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\nContent-Length: 1000\r\n\r\n{"action":"get",');
      });
      return onetime(v2, url, ...begun);
    },
  ],
  [
    'an answer of 50 MB, onetime',
    async () => {
      const value = 'x'.repeat(1e6);
      const nodes = Array.from({ length: 50 }, (_, n) => ({ key: `/app/${n + 10}`, value, modifiedIndex: 4 }));
      const body = Buffer.from(JSON.stringify({ action: 'get', node: { key: '/app', dir: true, nodes } }));
      const url = await listener((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\nContent-Length: ${body.length}\r\n\r\n`);
        socket.write(body);
      });
      const dir = new Listing();
      const { code } = await confd(['-onetime', '-backend', 'etcdv2', '-node', url, '-confdir', dir.root, ...patience]);
      expect(dir.text).toBe(nodes.map(({ key }) => `${key}=${value};`).join(''));
      return `exit ${code}; the file has all of it`;
    },
  ],
  [
    'an answer without end, onetime',
    async () => {
      const url = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\n\r\n');
        const drip = setInterval(() => socket.write('  '), 10);
        socket.on('close', () => {
          clearInterval(drip);
        });
      });
      return onetime(v2, url, ...begun);
    },
  ],
  [
    'an answer that is longer than any may be, onetime',
    async () => {
      const junk = Buffer.alloc(1_000_000, 0x20);
      const url = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Etcd-Index: 4\r\n\r\n');
        const pour = () => {
          while (socket.writable && socket.write(junk));
        };
        socket.on('drain', pour);
        pour();
      });
      return onetime(v2, url);
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
      fronted(async ({ watcher, front, store }) => {
        front.intercept = (request, response) => {
          response.writeHead(307, { Location: `http://127.0.0.1:${store.port}${request.url}` }).end();
          return true;
        };
        front.cut();
        await store.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return 'followed; the change arrives';
      }),
  ],
  [
    'it redirects in a loop',
    () =>
      lied((request, response) => {
        response.writeHead(302, { Location: request.url! }).end();
        return true;
      }, /ERROR/),
  ],
]);
