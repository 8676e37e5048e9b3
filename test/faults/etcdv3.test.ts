import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { ServerCredentials } from '@grpc/grpc-js';
import { etcd3Backend } from '../../src/backend/etcd/v3.ts';
import { confd } from '../helpers/confd.ts';
import { Etcd3Server, type ServerSettings } from '../helpers/etcd3-server.ts';
import { flips } from '../helpers/proxy.mjs';
import { Revisions } from '../helpers/revisions.ts';
import { fasterClock, Listing } from './agents.ts';
import {
  certFiles,
  followed,
  type Kind,
  networkFaults,
  onetime,
  patience,
  refusal,
  type Scene,
  sleep,
} from './network.ts';
import { faultTable } from './table.ts';

const pem = (file: string) => readFileSync(file);

/** The v3 API of a server in this process; what it is set up with besides TLS. */
function kindOf(settings: ServerSettings, told: (server: Etcd3Server) => void = () => undefined): Kind {
  return {
    backend: 'etcdv3',
    open: etcd3Backend,
    async serve(tls) {
      const server = await Etcd3Server.start(tls === undefined ? settings : { ...settings, tls: credentials(tls) });
      told(server);
      return {
        port: server.port,
        put: (key, value) => {
          server.put(key, value);
          return Promise.resolve();
        },
        close: () => server.close(),
      };
    },
  };
}

function credentials({ name, wantsClients }: { name: string; wantsClients: boolean }): ServerCredentials {
  const { certFile, keyFile } = certFiles(name);
  const pair = { cert_chain: pem(certFile), private_key: pem(keyFile) };
  return ServerCredentials.createSsl(pem(certFiles('ca').certFile), [pair], wantsClients);
}

const v3 = kindOf({});

/** With the server itself at hand. */
async function served(
  deed: (scene: Scene & { readonly server: Etcd3Server }) => Promise<string>,
  settings: ServerSettings = {},
  more: Parameters<typeof followed>[2] = {},
): Promise<string> {
  let server!: Etcd3Server;
  const kind = kindOf(settings, (started) => (server = started));
  return followed(kind, (scene) => deed({ ...scene, server }), more);
}

const users = () => new Map([['me', 'right']]);
const login = (password: string) => ({ username: 'me', password });
const asMe = { auth: { login: login('right'), renew: () => Promise.resolve(false) } as never };

faultTable('etcd v3', [
  ...networkFaults(v3),
  [
    'the token expires',
    () =>
      served(
        async ({ watcher, store, server, proxy }) => {
          server.expireTokens();
          proxy.cut();
          await store.put('/app/a', '2');
          await watcher.dir.says('/app/a=2;');
          expect(watcher.complaints).toEqual([]);
          return 'a new one is asked for; the change arrives, without a word in the log';
        },
        { users: users() },
        asMe,
      ),
  ],
  [
    'the password is changed on the server, and back',
    () => {
      const known = users();
      return served(
        async ({ watcher, store, server, proxy }) => {
          known.set('me', 'another');
          server.expireTokens();
          proxy.cut();
          watcher.hangup();
          const complaint = await watcher.complains(/denied/);
          await store.put('/app/a', '2');
          known.set('me', 'right');
          await watcher.dir.says('/app/a=2;');
          return `the file stays; ${complaint}; afterwards the change arrives`;
        },
        { users: known },
        asMe,
      );
    },
  ],
  [
    'the history is compacted while it is away',
    () =>
      served(async ({ watcher, store, server, proxy }) => {
        proxy.refuse();
        for (let n = 0; n < 20; n++) await store.put('/app/a', `${n}`);
        await store.put('/app/b', 'x');
        server.remove('/app/b');
        server.compact();
        proxy.resume();
        await watcher.dir.says('/app/a=19;');
        return 'read anew; no change is lost';
      }),
  ],
  [
    'restored from a backup with lower revisions',
    () =>
      served(async ({ watcher, store, server }) => {
        for (let n = 0; n < 20; n++) await store.put('/app/a', `${n}`);
        await watcher.dir.says('/app/a=19;');
        await server.restart(new Revisions());
        await store.put('/app/a', 'old');
        await watcher.dir.says('/app/a=old;');
        return 'read anew; the file says what the restored store holds';
      }),
  ],
  [
    'it keeps its connections and answers nothing',
    () =>
      served(async ({ watcher, store, server }) => {
        server.isMute = true;
        const complaint = await watcher.complains(/ERROR .*no answer within/);
        await store.put('/app/a', '2');
        server.isMute = false;
        await watcher.dir.says('/app/a=2;');
        return `the file stays; ${complaint}; afterwards the change arrives`;
      }),
  ],
  [
    'bits are flipped on the way, without TLS, in what frames the answers',
    () =>
      served(async ({ watcher, store, proxy }) => {
        for (let n = 0; n < 10; n++) {
          // The first bytes of every piece: HTTP/2's own, not a value's.
          proxy.garble((bytes) => Buffer.concat([flips(4)(bytes.subarray(0, 9)), bytes.subarray(9)]));
          proxy.cut();
          await sleep(50);
          expect(watcher.dir.text).toBe('/app/a=1;');
        }
        proxy.heal();
        proxy.cut();
        await store.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return 'the file stays; afterwards the change arrives';
      }),
  ],
  [
    'an answer of 50 MB, onetime',
    async () => {
      const server = await Etcd3Server.start();
      const value = 'x'.repeat(1e6);
      const keys = Array.from({ length: 50 }, (_, n) => `/app/${n + 10}`);
      for (const key of keys) server.put(key, value);
      const dir = new Listing();
      const { code } = await confd([
        '-onetime',
        '-backend',
        'etcdv3',
        '-node',
        server.url,
        '-confdir',
        dir.root,
        ...patience,
      ]);
      expect(dir.text).toBe(keys.map((key) => `${key}=${value};`).join(''));
      await server.close();
      return `exit ${code}; the file has all of it`;
    },
  ],
  [
    'more changes at once than an answer may hold, from an etcd before 3.4, which does not tell them in parts',
    () =>
      served(
        async ({ watcher, proxy, server }) => {
          server.partBytes = Infinity;
          proxy.refuse();
          const keys = Array.from({ length: 100 }, (_, n) => `/app/b${n + 100}`);
          for (const key of keys) server.put(key, 'x'.repeat(20_000));
          proxy.resume();
          await watcher.dir.says(`/app/a=1;${keys.map((key) => `${key}=${'x'.repeat(20_000)};`).join('')}`);
          return 'read page by page instead; every change arrives';
        },
        {},
        { limits: { headersMs: 20_000, totalMs: 60_000, maxBytes: 1_000_000 } },
      ),
  ],
  [
    'a value that is longer than any answer may be',
    () =>
      served(
        async ({ watcher, store }) => {
          await store.put('/app/b', 'x'.repeat(2_000_000));
          const complaint = await watcher.complains(refusal);
          expect(watcher.dir.text).toBe('/app/a=1;');
          await store.put('/app/b', 'y');
          await watcher.dir.says('/app/a=1;/app/b=y;');
          return `the file stays; ${complaint}; afterwards the change arrives`;
        },
        {},
        { limits: { headersMs: 20_000, totalMs: 60_000, maxBytes: 1_000_000 } },
      ),
  ],
  [
    'every watch breaks as soon as it stands',
    () =>
      served(
        async ({ watcher, store, server, proxy }) => {
          server.onWatch = (stream) => {
            stream.end();
          };
          proxy.cut();
          const complaint = await watcher.complains(/broke several times in a row/);
          const before = server.seen.get('Watch')!;
          await sleep(4000);
          // Four minutes.
          expect(server.seen.get('Watch')! - before).toBeLessThan(20);
          expect(watcher.dir.text).toBe('/app/a=1;');
          await store.put('/app/a', '2');
          await watcher.dir.says('/app/a=2;');
          return `${complaint}; it reads instead, less and less often: once a minute in the end; the change arrives`;
        },
        {},
        { clock: fasterClock(60), limits: { headersMs: 1_200_000, totalMs: 3_600_000, maxBytes: 1e6 } },
      ),
  ],
  [
    'another program answers, onetime',
    async () => {
      const other = createServer((_, response) => response.end('<html>Sign in</html>'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const told = await onetime(v3, `http://127.0.0.1:${(other.address() as AddressInfo).port}`);
      other.close();
      return told;
    },
  ],
]);
