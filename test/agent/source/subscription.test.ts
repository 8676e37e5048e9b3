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
  let rings = 0;
  backend.put('/a/before', '0');
  const { cursor } = await backend.read(['/a']);
  const feed = new Subscription(
    { backend, clock, retryState: new RetryState(clock, log), notify: () => (rings += 1) },
    ['/a'],
    cursor,
  );
  const edits = () => feed.take().map((c) => (c.edits === 'look again' ? c.edits : c.edits.map((e) => e.value).join()));
  return { backend, clock, log, feed, edits, rings: () => rings };
}

test('changes are kept while nobody takes them, and each rings', async () => {
  const { backend, feed, edits, rings } = await start();
  backend.put('/a/x', '1');
  await settle();
  backend.put('/a/x', '2');
  await settle();
  expect(rings()).toBe(2);
  expect(edits()).toEqual(['1', '2']);
  expect(edits()).toEqual([]);
  await feed.stop();
});

test('what other keys do does not ring', async () => {
  const { backend, feed, rings } = await start();
  backend.put('/b/x', '1');
  await settle();
  expect(rings()).toBe(0);
  await feed.stop();
});

test('after an outage it goes on from where it was, having said so once', async () => {
  const { backend, clock, log, feed, edits } = await start();
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
  await feed.stop();
});

test('a lost history asks to look again', async () => {
  const { backend, clock, feed, edits } = await start();
  backend.setDown(true);
  await settle();
  backend.put('/a/x', '1');
  backend.put('/a/x', '2');
  backend.forget();
  backend.setDown(false);
  await clock.advance(60_000);
  expect(edits()).toEqual(['look again']);
  await feed.stop();
});

test('stop ends a watch that is waiting, and one that is backing off', async () => {
  const first = await start();
  await first.feed.stop();
  const second = await start();
  second.backend.setDown(true);
  await settle();
  await second.feed.stop();
  expect(second.clock.pending).toEqual([]);
});
