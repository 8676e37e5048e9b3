import { copyFileSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Backend } from '../../src/backend/contract/backend.ts';
import type { EtcdSettings } from '../../src/backend/etcd/v2.ts';
import { confd, logOf, Program, waitFor } from '../helpers/confd.ts';
import { etcdSettings } from '../helpers/etcd-settings.ts';
import { flips, Proxy } from '../helpers/proxy.mjs';
import { fasterClock, Listing, quickClock, Watcher, withoutPlaces } from './agents.ts';
import type { Fault } from './table.ts';

const certs = join(import.meta.dirname, '../helpers/certs');
/** A complaint that does not come of a busy machine alone. */
export const refusal = /^ERROR (?!.*(?:no answer within|not complete))/;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The name of a pair of files in test/helpers/certs. */
export interface ServerTls {
  readonly name: string;
  readonly wantsClients: boolean;
}

/** A served store that a test can write to. */
export interface Served {
  readonly port: number;
  put(key: string, value: string): Promise<void>;
  close(): Promise<void>;
}

/** A kind of store, and how it is reached. */
export interface Kind {
  /** What -backend calls it. */
  readonly backend: string;
  serve(tls?: ServerTls): Promise<Served>;
  open(settings: EtcdSettings): Promise<Backend>;
  /** What the program needs besides. */
  readonly args?: readonly string[];
  /** After how long a connection that died in silence is noticed; half a minute where it is left out. */
  readonly silence?: string;
}

/** Where a certificate and its key are. */
export const certFiles = (name: string) => ({
  certFile: `${certs}/${name}.pem`,
  keyFile: `${certs}/${name}.key`,
});
const trusted = { caFile: `${certs}/ca.pem`, certFile: '', keyFile: '', insecure: false };
const secure = (proxy: Proxy) => proxy.url.replace('http:', 'https:');

/** Watches with a clock on which half a minute is three seconds. */
export async function watching(kind: Kind, node: string, more: Partial<EtcdSettings> = {}): Promise<Watcher> {
  const quick = { clock: quickClock, limits: { headersMs: 10_000, totalMs: 60_000, maxBytes: 100_000_000 } };
  return new Watcher(await kind.open(etcdSettings([node], { ...quick, ...more })), new Listing());
}

/** What can be done to a watching agent's surroundings. */
export interface Scene {
  readonly watcher: Watcher;
  readonly store: Served;
  readonly proxy: Proxy;
}

/** Watches a store with one key through a proxy, sees that key, does the deed, and stops. */
export async function followed(
  kind: Kind,
  deed: (scene: Scene) => Promise<string>,
  more: Partial<EtcdSettings> = {},
): Promise<string> {
  const store = await kind.serve();
  await store.put('/app/a', '1');
  const proxy = await Proxy.to(store.port);
  const watcher = await watching(kind, proxy.url, more);
  try {
    await watcher.dir.says('/app/a=1;');
    return await deed({ watcher, store, proxy });
  } finally {
    await watcher.stop();
    await proxy.close();
    await store.close();
  }
}

/** For a store that answers: its answer counts, however late a busy machine lets it come. */
export const patience = ['-backend-timeout', '10m'];
/** For a store that does not answer. */
export const impatient = ['-backend-timeout', '2s'];

/** What onetime says of a store that does not work, and that it says it once. */
export async function onetime(kind: Kind, node: string, ...more: string[]): Promise<string> {
  const dir = new Listing();
  const args = ['-onetime', '-backend', kind.backend, '-node', node, '-confdir', dir.root, '-log-level', 'warning'];
  const { code, stderr } = await confd([...args, ...patience, ...(kind.args ?? []), ...more]);
  const log = logOf(stderr).filter((line) => /^(ERROR|FATAL) /.test(line));
  expect(log).toHaveLength(1);
  expect(dir.text).toBeUndefined();
  return `exit ${code}: ${withoutPlaces(log[0]!, dir)}`;
}

/** A server that accepts connections and does with them what it is told. */
export async function listener(serve: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined).unref();
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const mute = () => listener(() => undefined);

/** CPU seconds that a process has used, or NaN where the system does not tell. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

/** True when four seconds come in which an agent uses under 5 % of a CPU and makes three attempts a second at most. */
async function isFrugal(agent: Program, proxy: Proxy): Promise<boolean> {
  // On a busy machine the first ones still hold some of its start.
  for (let tries = 0; tries < 10; tries++) {
    const [attempts, cpu, from] = [proxy.attempts, cpuOf(agent.pid), performance.now()];
    await sleep(4000);
    const seconds = (performance.now() - from) / 1000;
    const isIdle = !(cpuOf(agent.pid) - cpu > 0.05 * seconds);
    if (isIdle && proxy.attempts - attempts <= 3 * seconds) return true;
  }
  return false;
}

/** What every store at the other end of a network goes through. */
export function networkFaults(kind: Kind): readonly Fault[] {
  return [...startFaults(kind), ...lineFaults(kind), ...tlsFaults(kind), ...dataFaults(kind)];
}

const startFaults = (kind: Kind): Fault[] => [
  ['down at start, onetime', () => onetime(kind, 'http://127.0.0.1:1')],
  [
    'down at start, onetime, several nodes',
    () => onetime(kind, 'http://127.0.0.1:1', '-node', 'http://127.0.0.1:2', '-node', 'http://127.0.0.1:3'),
  ],
  ['it accepts and says nothing, onetime', async () => onetime(kind, await mute(), ...impatient)],
  [
    'several nodes that say nothing, onetime',
    async () => {
      const url = await mute();
      return onetime(kind, url, '-node', url, '-node', url, ...impatient);
    },
  ],
  [
    'the TLS handshake hangs, onetime',
    async () => onetime(kind, (await mute()).replace('http', 'https'), '-client-ca-keys', trusted.caFile, ...impatient),
  ],
  [
    'down at start, daemon',
    async () => {
      const store = await kind.serve();
      await store.put('/app/a', '1');
      const proxy = await Proxy.to(store.port);
      proxy.refuse();
      const watcher = await watching(kind, proxy.url);
      const complaint = await watcher.complains(refusal);
      await sleep(300);
      expect(watcher.dir.text).toBeUndefined();
      proxy.resume();
      await watcher.dir.says('/app/a=1;');
      await watcher.stop();
      await proxy.close();
      await store.close();
      return `it waits; ${complaint}; rendered as soon as the store is there`;
    },
  ],
];

const lineFaults = (kind: Kind): Fault[] => [
  [
    'down for minutes, daemon',
    () =>
      followed(
        kind,
        async ({ watcher, proxy, store }) => {
          const moments: number[] = [];
          watcher.log.error = () => moments.push(Date.now());
          proxy.refuse();
          await waitFor('two complaints', () => moments.length >= 2);
          expect((moments[1]! - moments[0]!) * 60).toBeGreaterThanOrEqual(58_000);
          expect(proxy.attempts).toBeLessThan(60);
          expect(watcher.dir.text).toBe('/app/a=1;');
          await store.put('/app/a', '2');
          proxy.resume();
          await watcher.dir.says('/app/a=2;');
          return 'the file stays; it says so once a minute, and tries once a minute in the end; afterwards the change arrives';
        },
        { clock: fasterClock(60), limits: { headersMs: 1_200_000, totalMs: 3_600_000, maxBytes: 1e6 } },
      ),
  ],
  [
    'down later, the real program',
    async () => {
      const store = await kind.serve();
      await store.put('/app/a', '1');
      const proxy = await Proxy.to(store.port);
      const dir = new Listing();
      const agent = new Program('confd', [
        '-watch',
        '-backend',
        kind.backend,
        '-node',
        proxy.url,
        '-confdir',
        dir.root,
        ...(kind.args ?? []),
      ]);
      await dir.says('/app/a=1;');
      proxy.refuse();
      expect(await isFrugal(agent, proxy)).toBe(true);
      expect(dir.text).toBe('/app/a=1;');
      await store.put('/app/a', '2');
      proxy.resume();
      await dir.says('/app/a=2;');
      const { code } = await agent.stop();
      await proxy.close();
      await store.close();
      return `the file stays; under 5 % of a CPU and three attempts a second; the change arrives; exit ${code}`;
    },
  ],
  [
    'connections that nobody ends carry nothing any more',
    () =>
      followed(kind, async ({ watcher, proxy, store }) => {
        proxy.strand();
        await store.put('/app/a', '2');
        await watcher.dir.says('/app/a=2;');
        return `noticed after ${kind.silence ?? 'half a minute'} of silence at most; the change arrives`;
      }),
  ],
  [
    'nothing passes for a while, connections stay open',
    () =>
      followed(kind, async ({ watcher, proxy, store }) => {
        proxy.pause();
        await store.put('/app/a', '2');
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
      followed(kind, async ({ watcher, proxy, store }) => {
        for (let n = 0; n < 30; n++) {
          await store.put('/app/a', `${n}`);
          proxy.cut();
          await sleep(10);
        }
        await store.put('/app/a', 'last');
        await watcher.dir.says('/app/a=last;');
        return 'the last change arrives';
      }),
  ],
  [
    'answers come slowly',
    () =>
      followed(kind, async ({ watcher, proxy, store }) => {
        await Promise.all(Array.from({ length: 50 }, (_, n) => store.put(`/app/b${n}`, 'x'.repeat(1000))));
        await waitFor('all keys', () => watcher.dir.text!.length > 50_000);
        proxy.slow(200_000);
        proxy.cut();
        watcher.hangup();
        await store.put('/app/a', '2');
        await waitFor('the change', () => watcher.dir.text!.startsWith('/app/a=2;'));
        return 'read to the end; the change arrives';
      }),
  ],
  [
    'answers are cut off',
    () =>
      followed(kind, async ({ watcher, proxy, store }) => {
        await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(`/app/b${n}`, 'x'.repeat(100))));
        await waitFor('all keys', () => watcher.dir.text!.split(';').length === 22);
        const before = watcher.dir.text;
        for (const length of [10, 100, 250, 400, 1500]) {
          proxy.truncate(length);
          proxy.cut();
          watcher.hangup();
          await sleep(200);
          expect(watcher.dir.text).toBe(before);
        }
        await store.put('/app/a', '2');
        proxy.heal();
        await waitFor('the change', () => watcher.dir.text!.startsWith('/app/a=2;'));
        return 'the file stays; afterwards the change arrives';
      }),
  ],
];

const tlsFaults = (kind: Kind): Fault[] => [
  [
    'the server’s certificate is replaced by one for another name, and by a good one',
    async () => {
      const store = await kind.serve({ name: 'server', wantsClients: false });
      const other = await kind.serve({ name: 'other-name', wantsClients: false });
      const proxy = await Proxy.to(store.port);
      const watcher = await watching(kind, secure(proxy), { tls: trusted });
      await watcher.dir.says('');
      proxy.retarget(other.port);
      proxy.cut();
      const complaint = await watcher.complains(/certificate/);
      proxy.retarget(store.port);
      await store.put('/app/a', '1');
      await watcher.dir.says('/app/a=1;');
      await watcher.stop();
      await Promise.all([proxy, store, other].map((each) => each.close()));
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
      const store = await kind.serve({ name: 'server', wantsClients: true });
      const own = { certFile: room.path('client.pem'), keyFile: room.path('client.key') };
      const node = `https://127.0.0.1:${store.port}`;
      const watcher = await watching(kind, node, { tls: { ...trusted, ...own } });
      const complaint = await watcher.complains(refusal);
      use('client');
      await watcher.dir.says('');
      await watcher.stop();
      await store.close();
      return `${complaint}; the new files are read without a restart`;
    },
  ],
  [
    'bits are flipped on the way, with TLS',
    async () => {
      const store = await kind.serve({ name: 'server', wantsClients: false });
      const proxy = await Proxy.to(store.port);
      const watcher = await watching(kind, secure(proxy), { tls: trusted });
      await watcher.dir.says('');
      const seen = new Set<string>();
      for (let n = 0; n < 10; n++) {
        proxy.garble(flips(300));
        await store.put('/app/a', `v${n}`);
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
];

const dataFaults = (kind: Kind): Fault[] => [
  [
    'wiped and started again: the counter goes backwards',
    () =>
      followed(kind, async ({ watcher, proxy }) => {
        const young = await kind.serve();
        proxy.retarget(young.port);
        proxy.cut();
        await young.put('/app/b', 'new');
        await watcher.dir.says('/app/b=new;');
        proxy.refuse();
        await young.close();
        return 'read anew; the file says what the new store holds';
      }),
  ],
  [
    'wiped, started again and written to until its counter is ahead',
    () =>
      followed(kind, async ({ watcher, proxy }) => {
        const young = await kind.serve();
        proxy.refuse();
        await watcher.complains(refusal);
        for (let n = 0; n < 30; n++) await young.put('/app/b', `${n}`);
        proxy.retarget(young.port);
        proxy.resume();
        await watcher.dir.says('/app/b=29;');
        proxy.refuse();
        await young.close();
        return 'read anew; the file says what the new store holds';
      }),
  ],
];
