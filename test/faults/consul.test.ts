import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { consulBackend } from '../../src/backend/consul/consul.ts';
import { confd, waitFor } from '../helpers/confd.ts';
import { ConsulServer } from '../helpers/consul-server.ts';
import { memoryLog } from '../helpers/memory-log.ts';
import { Listing } from './agents.ts';
import { Front, type Intercept } from './front.ts';
import {
  certFiles,
  followed,
  impatient,
  type Kind,
  listener,
  networkFaults,
  onetime,
  patience,
  refusal,
  type Scene,
  type Served,
  sleep,
} from './network.ts';
import { faultTable } from './table.ts';

interface ServedConsul extends Served {
  readonly server: ConsulServer;
}

const consul: Kind = {
  backend: 'consul',
  silence: 'a minute and a quarter',
  // A wait of the server is one of the real clock, and a part of a second does for it.
  open: (settings) =>
    consulBackend({
      ...settings,
      ...{ namespace: '', partition: '', isCompressed: true, log: memoryLog(), waitMs: 300 },
    }),
  async serve(tls): Promise<ServedConsul> {
    const files = tls === undefined ? undefined : certFiles(tls.name);
    const wantsClients = tls?.wantsClients === true;
    const server = await ConsulServer.start(
      files === undefined
        ? {}
        : {
            tls: {
              cert: readFileSync(files.certFile),
              key: readFileSync(files.keyFile),
              ...(wantsClients ? { ca: readFileSync(certFiles('ca').certFile), requestCert: true } : {}),
            },
          },
    );
    return {
      server,
      port: server.port,
      put: (key, value) => {
        server.put(key.slice(1), value);
        return Promise.resolve();
      },
      close: () => server.close(),
    };
  },
};

/** What a front says counts, however slowly a busy machine lets it say that. */
const patient = { limits: { headersMs: 200_000, totalMs: 600_000, maxBytes: 100_000_000 } };

/** The same with a front that can lie between proxy and store. */
function fronted(deed: (scene: Scene & { readonly front: Front }) => Promise<string>): Promise<string> {
  return followed(
    consul,
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
function lied(lie: Intercept, about: RegExp = /^ERROR/): Promise<string> {
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

const index = { 'X-Consul-Index': '2000', 'Content-Type': 'application/json' };
const serverOf = ({ store }: Scene) => (store as ServedConsul).server;
const begun = ['-backend-timeout', '15s'];

faultTable('consul', [
  ...networkFaults(consul),
  [
    'restored from a backup with lower indexes',
    () =>
      followed(consul, async (scene) => {
        const { watcher, store } = scene;
        const server = serverOf(scene);
        const backup = server.snapshot();
        await store.put('/app/a', '2');
        await store.put('/app/b', '2');
        await watcher.dir.says('/app/a=2;/app/b=2;');
        server.restore(backup);
        await watcher.dir.says('/app/a=1;');
        await store.put('/app/a', '3');
        await watcher.dir.says('/app/a=3;');
        return 'read anew; the file says what the restored store holds';
      }),
  ],
  [
    'restored from a backup while it is away, and written to until its index is ahead',
    () =>
      followed(consul, async (scene) => {
        const { watcher, store, proxy } = scene;
        const server = serverOf(scene);
        const backup = server.snapshot();
        await store.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        proxy.refuse();
        await watcher.complains(refusal);
        server.restore(backup);
        for (let n = 0; n < 30; n++) await store.put('/app/b', `${n}`);
        proxy.resume();
        await watcher.dir.says('/app/a=1;/app/b=29;');
        return 'read anew; the file says what the restored store holds';
      }),
  ],
  [
    'the token is not known any more, and is again',
    () => lied(says(403, { 'Content-Type': 'text/plain' }, 'ACL not found'), /denied/),
  ],
  [
    'the token loses all rights, and has them again',
    () =>
      followed(consul, async (scene) => {
        const { watcher, store } = scene;
        const server = serverOf(scene);
        server.rights = { '': [] };
        await store.put('/app/a', '2');
        const complaint = await watcher.complains(/denied/);
        expect(watcher.dir.text).toBe('/app/a=1;');
        server.rights = null;
        await watcher.dir.says('/app/a=2;');
        return `the file stays; ${complaint}; afterwards the change arrives`;
      }),
  ],
  [
    'the token loses the right to read some keys, and has it again',
    () =>
      followed(consul, async (scene) => {
        const { watcher, store } = scene;
        const server = serverOf(scene);
        await store.put('/app/b', '1');
        await watcher.dir.says('/app/a=1;/app/b=1;');
        server.rights = { '': ['app/a'] };
        await store.put('/app/a', '2');
        const complaint = await watcher.complains(/denied/);
        expect(watcher.dir.text).toBe('/app/a=1;/app/b=1;');
        server.rights = null;
        await watcher.dir.says('/app/a=2;/app/b=1;');
        return `the file stays; ${complaint}; afterwards the change arrives`;
      }),
  ],
  ['no leader', () => lied(says(500, { 'Content-Type': 'text/plain' }, 'No cluster leader'))],
  ['it asks for fewer requests', () => lied(says(429, { 'Content-Type': 'text/plain' }, 'rate limit exceeded'))],
  [
    'every wait breaks as soon as it stands',
    () =>
      fronted(async ({ watcher, front, store }) => {
        front.intercept = (request) => {
          if (!request.url!.includes('index=')) return false;
          request.destroy();
          return true;
        };
        front.cut();
        const complaint = await watcher.complains(/^ERROR/);
        await store.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return `${complaint}; it reads instead, less and less often: once a minute in the end; the change arrives`;
      }),
  ],
  [
    'an answer stops in the middle, onetime',
    async () => {
      const url = await listener((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Consul-Index: 4\r\nContent-Length: 1000\r\n\r\n[{"Key":"app/a",');
      });
      return onetime(consul, url, ...begun);
    },
  ],
  ['it holds every question back, onetime', async () => onetime(consul, await listener(() => undefined), ...impatient)],
  [
    'an answer of 50 MB, onetime',
    async () => {
      const server = await ConsulServer.start();
      const value = 'x'.repeat(500_000);
      server.putAll(Array.from({ length: 100 }, (_, n) => [`app/${n + 100}`, value] as const));
      const dir = new Listing();
      const args = ['-onetime', '-backend', 'consul', '-node', server.url, '-confdir', dir.root];
      const { code } = await confd([...args, ...patience]);
      expect(dir.text?.length).toBe(100 * '/app/100=;'.length + 50_000_000);
      await server.close();
      return `exit ${code}; the file has all of it`;
    },
  ],
  [
    'an answer that is longer than any may be once it is unpacked, onetime',
    async () => {
      const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x20));
      const url = await listener((socket) => {
        const head = `HTTP/1.1 200 OK\r\nX-Consul-Index: 4\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}`;
        socket.write(`${head}\r\n\r\n`);
        socket.write(bomb);
      });
      return onetime(consul, url);
    },
  ],
  ['another program answers', () => lied(says(200, { 'Content-Type': 'text/html' }, '<html><h1>Sign in</h1></html>'))],
  [
    'a proxy’s error page with status 200 and an index',
    () => lied(says(200, index, '<html><h1>Bad gateway</h1></html>')),
  ],
  ['a proxy’s error page with status 404', () => lied(says(404, {}, '<html>Not found</html>'))],
  ['a proxy’s error page with status 502', () => lied(says(502, {}, '<html>Bad gateway</html>'))],
  [
    'a compressed answer that is damaged',
    () => lied(says(200, { ...index, 'Content-Encoding': 'gzip' }, gzipSync('["app/"]'.padEnd(99)).subarray(3))),
  ],
  ['an answer for another key', () => lied(says(200, index, '[{"Key":"other","Value":"eA==","ModifyIndex":2000}]'))],
  ['an answer that is JSON and nothing that consul says', () => lied(says(200, index, '{}'))],
  [
    'it redirects in circles',
    () =>
      lied((request, response) => {
        response.writeHead(302, { Location: request.url! }).end();
        return true;
      }),
  ],
  [
    'one of two nodes goes away in the middle of a read',
    async () => {
      const server = await ConsulServer.start();
      server.put('app/a', 'x'.repeat(100_000));
      let seen = 0;
      const broken = await listener((socket) => {
        seen += 1;
        socket.write('HTTP/1.1 200 OK\r\nX-Consul-Index: 4\r\nContent-Length: 100000\r\n\r\n[{"Key":"app/a",');
        setTimeout(() => socket.destroy(), 50);
      });
      const dir = new Listing();
      const args = ['-onetime', '-backend', 'consul', '-node', broken, '-node', server.url, '-confdir', dir.root];
      const { code } = await confd([...args, ...patience]);
      await waitFor('the file', () => dir.text?.length === 100_000 + '/app/a=;'.length);
      expect(seen).toBeGreaterThan(0);
      await server.close();
      return `exit ${code}; the other node is asked; the file has all of it`;
    },
  ],
]);
