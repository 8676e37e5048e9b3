import { expect, test } from '@jest/globals';
import { Subscription } from '../../../src/agent/source/subscription.ts';
import { RetryState } from '../../../src/agent/source/retry-state.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

async function start() {
  const backend = new FakeBackend();
  const clock = new FakeClock();
  const log = memoryLog();
  const rung: string[] = [];
  backend.put('/a/before', '0');
  const notify = (reason: string) => rung.push(reason);
  const subscription = new Subscription({ backend, clock, retryState: new RetryState(clock, log), notify }, ['/a']);
  const snapshot = await subscription.snapshot();
  subscription.follow();
  const edits = () =>
    subscription.take().map((c) => (c.kind === 'edits' ? c.edits.map((e) => e.value).join() : c.kind));
  return { backend, clock, log, subscription, snapshot, edits, rung: () => rung.splice(0) };
}

test('changes are kept while nobody takes them, and each rings', async () => {
  const { backend, subscription, edits, rung } = await start();
  backend.put('/a/x', '1');
  await settle();
  backend.put('/a/x', '2');
  await settle();
  expect(rung()).toEqual(['change', 'change']);
  expect(edits()).toEqual(['1', '2']);
  expect(edits()).toEqual([]);
  await subscription.stop();
});

test('what other keys do does not ring', async () => {
  const { backend, subscription, rung } = await start();
  backend.put('/b/x', '1');
  await settle();
  expect(rung()).toEqual([]);
  await subscription.stop();
});

test('after an outage it goes on from where it was, having said so once', async () => {
  const { backend, clock, log, subscription, edits } = await start();
  backend.setDown(true);
  await settle();
  backend.put('/a/x', 'while down');
  await clock.advance(20_000);
  expect(edits()).toEqual([]);
  expect(log.lines).toEqual(['ERROR fake: down']);
  backend.setDown(false);
  await clock.advance(60_000);
  expect(edits()).toEqual(['while down']);
  expect(log.lines.slice(1)).toEqual(['INFO The backend answers again']);
  await subscription.stop();
});

test('a lost history is a resync, after which nothing is asked for', async () => {
  const { backend, clock, subscription, edits } = await start();
  backend.setDown(true);
  await settle();
  backend.put('/a/x', '1');
  backend.put('/a/x', '2');
  backend.forget();
  backend.setDown(false);
  await clock.advance(60_000);
  expect(edits()).toEqual(['resync']);
  const { watches } = backend;
  await clock.advance(60_000);
  expect([backend.reads, backend.watches]).toEqual([1, watches]);
  await subscription.stop();
});

test('stop ends a watch that is waiting, and one that is backing off', async () => {
  const first = await start();
  await first.subscription.stop();
  const second = await start();
  second.backend.setDown(true);
  await settle();
  await second.subscription.stop();
  expect(second.clock.pending).toEqual([]);
});

test('a session that is not followed is only its snapshot', async () => {
  const backend = new FakeBackend();
  const clock = new FakeClock();
  backend.put('/a', '1');
  const retryState = new RetryState(clock, memoryLog());
  const subscription = new Subscription({ backend, clock, retryState, notify: () => undefined }, ['/a']);
  expect([...(await subscription.snapshot()).pairs]).toEqual([['/a', '1']]);
  await subscription.stop();
  expect([backend.reads, backend.watches]).toEqual([1, 0]);
});

test('how long what was given is valid is what was said last, and never next to nothing', async () => {
  const { backend, clock, subscription, rung } = await start();
  expect(subscription.validUntil).toBe(Infinity);
  backend.validMs = 60_000;
  backend.put('/a', '1');
  await settle();
  expect([subscription.validUntil - clock.now(), rung()]).toEqual([60_000, ['look', 'change']]);
  // A sign of life may prolong it.
  await clock.advance(30_000);
  backend.put('/b', 'of no concern');
  await settle();
  expect([subscription.validUntil - clock.now(), rung()]).toEqual([60_000, ['look']]);
  backend.validMs = null;
  backend.put('/a', '2');
  await settle();
  expect([subscription.validUntil - clock.now(), rung()]).toEqual([60_000, ['change']]);
  backend.validMs = 0;
  backend.put('/a', '3');
  await settle();
  expect(subscription.validUntil - clock.now()).toBe(1000);
  await subscription.stop();
});

test('a session that ends without a reason is an error, and is not asked for again at once', async () => {
  const { backend, clock, log, subscription } = await start();
  backend.strange = 'end';
  backend.put('/a', '1');
  await settle();
  expect(log.lines).toEqual(['ERROR fake: a session ended without a reason']);
  expect(backend.watches).toBe(1);
  backend.strange = null;
  await clock.advance(2000);
  expect(subscription.take()).toMatchObject([{ edits: [{ key: '/a', value: '1' }] }]);
  await subscription.stop();
});

test('a session that does not begin with a snapshot is an error', async () => {
  const { backend, clock, log, subscription } = await start();
  await subscription.stop();
  backend.strange = 'no snapshot';
  const retryState = new RetryState(clock, log);
  const second = new Subscription({ backend, clock, retryState, notify: () => undefined }, ['/a']);
  await expect(second.snapshot()).rejects.toThrow('fake: a session does not begin with a snapshot');
  await second.stop();
});
