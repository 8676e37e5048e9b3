import { expect, test } from '@jest/globals';
import { selected } from '../../../src/backend/contract/backend.ts';
import { etcd3Backend } from '../../../src/backend/etcd/v3.ts';
import { defaultHttpLimits } from '../../../src/backend/net/http.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { Copy, follow, sorted, until } from '../../contract/backend.ts';
import { Etcd3Server } from '../../helpers/etcd3-server.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import type { Write } from '../../helpers/revisions.ts';

// A stream breaks, at every point of what is told, between two events of one revision too, and something happens to the
// store before the agent is back; or it happens between the read and the watch. Then the agent must have what the store has.

const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
const rounds = Number(process.env['ROUNDS'] ?? 2);
const wanted = ['/a', '/b/c', '/_h'];
const names = ['/a', '/a/x', '/a/x/y', '/a/z', '/a2', '/b', '/b/c', '/b/c/d', '/_h', '/_h/k', '/elsewhere'];
/** Written last, below each of them: whoever has these has been told everything. */
const ends = wanted.map((key) => `${key}/~end`);
const speed = 50;
const clock = {
  now: () => Date.now() * speed,
  sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / speed, signal),
};
const limits = { ...defaultHttpLimits, headersMs: 300_000 };

type Random = () => number;
type Story = readonly (readonly Write[])[];

interface Trouble {
  /** Before which of the responses of watches the stream breaks, from 1; 0 is between the read and the watch. */
  readonly point: number;
  readonly breaks: 'the stream' | 'every connection';
  readonly then: string;
}

/** What happens to the store once the stream is broken. */
const deeds: Readonly<Record<string, (server: Etcd3Server, random: Random, sawUpTo: number) => unknown>> = {
  nothing: () => undefined,
  'a removal': (server) => {
    server.removeTree('/a');
  },
  'a compaction': (server) => {
    server.compact();
  },
  'a compaction, some way back': (server, random) => {
    const { revision, compacted } = server.revisions;
    server.compact(compacted + Math.floor(random() * (revision - compacted + 1)));
  },
  'a removal, up to which it is compacted': (server, random) => {
    server.remove(pick(names, random));
    server.compact();
  },
  'a lease that ends': (server) => {
    server.put('/a/mortal', 'x', server.lease(5));
    server.put('/a/x', 'mortal too', server.lease(1));
  },
  'the end and a new beginning': (server) => server.restart(),
  'a restored backup': async (server, random, sawUpTo) => {
    const { revision } = server.revisions;
    const to = sawUpTo + Math.floor(random() * (revision - sawUpTo + 1));
    await server.restart(server.revisions.backup(to));
    while (server.revisions.revision <= revision) server.put('/elsewhere', String(random()));
  },
};

test(
  `what the agent has is what the store has, wherever a stream breaks (SEED=${seed})`,
  async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < rounds; round++) {
      const story = Array.from({ length: 8 }, () => chapter(random));
      let points = 0;
      for (const then of Object.keys(deeds)) {
        points = Math.max(points, await live(story, { point: 0, breaks: 'the stream', then }, random));
      }
      for (let point = 1; point <= points; point++) {
        const breaks = random() < 0.5 ? 'the stream' : 'every connection';
        const then = pick(Object.keys(deeds), random);
        await live(story, { point, breaks, then }, random);
      }
    }
  },
  60_000 * rounds,
);

/** Lives through a story with a trouble; how many responses of watches there were. */
async function live(story: Story, { point, breaks, then }: Trouble, random: Random): Promise<number> {
  const server = await Etcd3Server.start();
  for (const key of names.slice(0, 8)) server.put(key, 'at first');
  server.remove('/a/z');
  // One event in a part, or all of them, or something in between.
  server.partBytes = pick([1, 40, 1e6], random);
  const backend = await etcd3Backend(etcdSettings([server.url], { clock, limits }));
  const stop = new AbortController();
  const copy = new Copy();
  const began = server.revisions.revision;
  let told = 0;
  let after: Promise<unknown> = Promise.resolve();
  const befall = () => {
    after = new Promise((resolve) => setImmediate(resolve)).then(() => deeds[then]!(server, random, began));
  };
  server.onRequest = () => {
    server.onRequest = () => undefined;
    if (point === 0) befall();
  };
  server.onTell = (stream) => {
    told += 1;
    if (told !== point) return true;
    if (breaks === 'the stream') stream.end();
    else server.cut();
    befall();
    return false;
  };
  const following = follow(backend, wanted, copy, null, stop.signal);
  const holds = () => JSON.stringify(sorted(copy.pairs)) === JSON.stringify(held(server));
  const what = `SEED=${seed}: before response ${point} ${breaks} breaks; then ${then}`;
  try {
    await until(() => copy.pairs.size > 0);
    await after;
    await until(holds);
    for (const writes of story) {
      server.commit(writes);
      if (random() < 0.7) await systemClock.sleep(Math.floor(random() * 3), stop.signal);
      await after;
      // Whoever was away during all that followed could not tell a restored store by what it has seen.
      if (then === 'a restored backup' && told >= point) await until(holds);
    }
    await until(() => server.mortals === 0 && holds());
    // Nothing that is told late may undo it.
    server.onTell = () => true;
    server.commit(ends.map((key) => ({ put: { key, value: 'end' } })));
    await until(() => ends.every((key) => copy.pairs.has(key)));
    expect({ what, pairs: sorted(copy.pairs) }).toEqual({ what, pairs: held(server) });
  } catch (error) {
    throw new Error(what, { cause: error });
  } finally {
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
    await server.close();
  }
  return told;
}

/** What the store holds of what is wanted. */
function held({ revisions }: Etcd3Server): [string, string][] {
  return revisions
    .at(revisions.revision)
    .filter(({ key }) => wanted.some((root) => selected(key, root, 'subtree')))
    .map(({ key, value }) => [key, value]);
}

/** One revision: a put, a removal, a removed tree, or several of them. */
function chapter(random: Random): Write[] {
  const remove = (key: string): Write => ({ remove: { key, end: '' } });
  const put = (key: string): Write => ({ put: { key, value: String(random()).slice(0, 6) } });
  const chance = random();
  const key = pick(names, random);
  if (chance < 0.3) return [put(key)];
  if (chance < 0.5) return [remove(key)];
  if (chance < 0.6) return [remove(key), { remove: { key: `${key}/`, end: `${key}0` } }];
  return names.flatMap((name) => (random() < 0.5 ? [] : [random() < 0.5 ? put(name) : remove(name)]));
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)]!;
}

/** mulberry32 */
function randomFrom(from: number): Random {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
