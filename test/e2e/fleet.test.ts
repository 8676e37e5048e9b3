import { afterEach, expect, test } from '@jest/globals';
import { Subscription } from '../../src/agent/source/subscription.ts';
import { RetryState } from '../../src/agent/source/retry-state.ts';
import type { Backend } from '../../src/backend/contract/backend.ts';
import { etcdBackend } from '../../src/backend/etcd/v2.ts';
import { type Clock, systemClock } from '../../src/obs/clock.ts';
import { etcdSettings } from '../helpers/etcd-settings.ts';
import { memoryLog } from '../helpers/memory-log.ts';
import { serve } from '../helpers/mini-etcd.ts';
import { Proxy } from '../helpers/proxy.mjs';
import { waitFor } from '../helpers/confd.ts';

// Many watches on one store, and what they do when it goes and comes back.

const fleet = 50;
const ends: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** Far longer than what is waited for between requests, and than a busy machine takes. */
const limits = { headersMs: 600_000, totalMs: 600_000, maxBytes: 1e6 };

/** The system's clock, with a record of the waits that are asked for, but for those of the requests' limits. */
function recordingClock(waits: number[]): Clock {
  const sleep = (ms: number, signal: AbortSignal) => {
    if (ms < 20_000) waits.push(ms);
    return systemClock.sleep(ms, signal);
  };
  return { now: () => systemClock.now(), sleep };
}

/** A watch that reads again when it is told to resync, as the agent does. */
class Watch {
  readonly heard: string[] = [];
  looks = 0;
  /** The store has answered the watch. */
  isStanding = false;
  private feed: Subscription | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly backend: Backend,
    private readonly clock: Clock,
  ) {}

  async start(): Promise<void> {
    const { backend, clock } = this;
    const notify = () => {
      this.take();
    };
    const retryState = new RetryState(clock, memoryLog());
    const over = retryState.over.bind(retryState);
    retryState.over = () => {
      this.isStanding = true;
      over();
    };
    const feed = new Subscription({ backend, clock, retryState, notify }, ['/k']);
    this.heard.push((await feed.snapshot()).pairs.get('/k')!);
    this.feed = feed;
    feed.follow();
  }

  async stop(): Promise<void> {
    await this.looking;
    await this.feed?.stop();
    await this.backend.close();
  }

  private take(): void {
    const { feed } = this;
    for (const update of feed?.take() ?? []) {
      if (update.kind === 'edits') this.heard.push(...update.edits.map(({ value }) => String(value)));
      else if (feed === this.feed) {
        this.looks += 1;
        this.feed = null;
        this.looking = feed!.stop().then(() => this.start());
      }
    }
  }
}

async function watchOf(proxy: Proxy, clock: Clock): Promise<Watch> {
  const watch = new Watch(await etcdBackend(etcdSettings([proxy.url], { clock, limits })), clock);
  await watch.start();
  ends.push(() => watch.stop());
  return watch;
}

/** How many of the values lie in the fullest tenth of their range. */
function crowd(values: readonly number[]): number {
  const least = Math.min(...values);
  const width = (Math.max(...values) - least) / 10;
  const counts = Array.from({ length: 11 }, () => 0);
  for (const value of values) counts[Math.floor((value - least) / width)]! += 1;
  return Math.max(...counts);
}

async function start() {
  const served = await serve();
  ends.push(() => served[Symbol.asyncDispose]());
  await served.ask('PUT /k value=0');
  const proxy = await Proxy.to(served.port);
  ends.push(() => proxy.close());
  const waits: number[] = [];
  const clock = recordingClock(waits);
  const watches = await Promise.all(Array.from({ length: fleet }, () => watchOf(proxy, clock)));
  // A request whose answer is not there yet is simply made again when its connection breaks.
  await waitFor('the watches', () => watches.every(({ isStanding }) => isStanding));
  return { served, proxy, waits, watches };
}

const hear = (watches: readonly Watch[], value: string) =>
  waitFor(`all to hear ${value}`, () => watches.every(({ heard }) => heard.at(-1) === value));

test('connections that break together are made again at different times', async () => {
  const { served, proxy, waits, watches } = await start();
  waits.length = 0;
  proxy.cut();
  await waitFor('the waits', () => waits.length >= fleet);
  expect(waits).toHaveLength(fleet);
  expect(crowd(waits)).toBeLessThan(fleet / 2);
  await served.ask('PUT /k value=1');
  await hear(watches, '1');
  expect(watches.map(({ looks }) => looks)).toEqual(Array(fleet).fill(0));
});

test('a store that is down is asked ever more rarely, and each time at different times', async () => {
  const { served, proxy, waits, watches } = await start();
  waits.length = 0;
  proxy.refuse();
  // The moment after the break, and three waits that grow.
  await waitFor('the waits', () => waits.length >= 4 * fleet);
  const grown = waits.filter((ms) => ms >= 2000);
  expect(waits.length).toBeLessThan(6 * fleet);
  expect(grown.length).toBeGreaterThanOrEqual(fleet / 2);
  expect(crowd(grown)).toBeLessThan(grown.length / 2);
  proxy.resume();
  await served.ask('PUT /k value=1');
  await hear(watches, '1');
  // It may have been set back meanwhile.
  expect(watches.map(({ looks }) => looks)).toEqual(Array(fleet).fill(1));
});

test('a history that all lose together is read again at different times, once', async () => {
  const { served, proxy, waits, watches } = await start();
  proxy.refuse();
  await waitFor('the break', () => served.server.keyspace.watcherCount === 0);
  for (let i = 0; i <= 1000; i++) await served.ask('PUT /other value=x');
  waits.length = 0;
  proxy.resume();
  await waitFor('the looks', () => watches.every(({ looks }) => looks === 1));
  const moments = waits.filter((ms) => ms <= 1100);
  expect(moments.length).toBeGreaterThanOrEqual(fleet);
  expect(crowd(moments)).toBeLessThan(fleet / 2);
  await served.ask('PUT /k value=1');
  await hear(watches, '1');
  expect(watches.map(({ looks }) => looks)).toEqual(Array(fleet).fill(1));
});
