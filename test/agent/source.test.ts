import { expect, test } from '@jest/globals';
import { Source } from '../../src/agent/source.ts';
import { BackendError } from '../../src/backend/backend.ts';
import { FakeBackend } from '../helpers/fakeBackend.ts';
import { FakeClock, settle } from '../helpers/fakeClock.ts';
import { memoryLog } from '../helpers/memoryLog.ts';

const interval = 600_000;

function sourceOn(pairs: Readonly<Record<string, string>>) {
  const backend = new FakeBackend();
  for (const [key, value] of Object.entries(pairs)) backend.put(key, value);
  const clock = new FakeClock();
  const log = memoryLog();
  let rings = 0;
  const source = new Source({ backend, clock, log, ring: () => (rings += 1) });
  const { signal } = new AbortController();
  return { source, backend, clock, log, signal, rings: () => rings };
}

test('a failed read keeps what was there, and is due again sooner than the interval', async () => {
  const { source, backend, clock, log, signal } = sourceOn({ '/a': '1' });
  source.want(['/a']);
  expect(await source.tryRead(interval, signal)).toBe(true);
  expect(source.lookAt).toBe(interval);
  backend.setDown(true);
  await expect(source.read(signal)).rejects.toThrow(BackendError);
  expect(await source.tryRead(interval, signal)).toBe(false);
  expect(source.lookAt - clock.now()).toBeLessThanOrEqual(1000);
  expect(source.mirror.size).toBe(1);
  expect(log.lines).toEqual(['ERROR fake: down']);
});

test('other keys make a read due, the same ones do not', async () => {
  const { source, signal } = sourceOn({ '/a': '1', '/b': '2' });
  source.want(['/a']);
  await source.tryRead(interval, signal);
  source.want(['/a', '/a']);
  expect([source.lookAt, source.holds(['/a']), source.holds(['/a', '/b'])]).toEqual([interval, true, false]);
  source.want(['/b', '/a']);
  expect([source.lookAt, source.holds(['/b'])]).toEqual([0, false]);
  await source.tryRead(interval, signal);
  expect(source.holds(['/a', '/b'])).toBe(true);
});

test('without keys the store is neither read nor watched', async () => {
  const { source, backend, signal } = sourceOn({ '/a': '1' });
  source.want([]);
  expect(source.holds([])).toBe(false);
  await source.read(signal);
  await source.follow();
  expect([backend.reads, backend.watches, source.holds([])]).toEqual([0, 0, true]);
});

test('changes ring and are taken into the mirror; a lost history makes a read due', async () => {
  const { source, backend, clock, signal, rings } = sourceOn({ '/a': '1' });
  source.want(['/a']);
  await source.tryRead(interval, signal);
  await source.follow();
  await settle();
  backend.put('/a', '2');
  await settle();
  expect(rings()).toBe(1);
  expect([...source.takeChanges()]).toEqual([['/a', 'changed']]);
  backend.setDown(true);
  await settle();
  backend.put('/a', '3');
  backend.forget();
  backend.setDown(false);
  await clock.advance(60_000);
  expect(source.takeChanges().size).toBe(0);
  expect(source.lookAt).toBe(clock.now());
  await source.stop();
});
