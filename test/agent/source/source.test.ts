import { expect, test } from '@jest/globals';
import { Source } from '../../../src/agent/source/source.ts';
import { BackendError } from '../../../src/backend/contract/backend.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

const daily = { intervalMs: 600_000, isWatching: false };
const watching = { ...daily, isWatching: true };
const wish = (key: string) => ({ dest: `/etc${key}`, keys: [key] });

function sourceOn(pairs: Readonly<Record<string, string>>) {
  const backend = new FakeBackend();
  for (const [key, value] of Object.entries(pairs)) backend.put(key, value);
  const clock = new FakeClock();
  const log = memoryLog();
  const rung: string[] = [];
  const source = new Source({
    label: '',
    open: () => Promise.resolve(backend),
    clock,
    log,
    notify: (reason) => rung.push(reason),
  });
  return { source, backend, clock, log, rung: () => rung.splice(0) };
}

test('a failed look keeps what was there, and the next one is sooner than the interval', async () => {
  const { source, backend, clock, log, rung } = sourceOn({ '/a': '1' });
  source.request([wish('/a')]);
  source.refresh(daily);
  expect(source.nextRefresh).toBe(Infinity);
  await settle();
  expect(source.nextRefresh).toBe(daily.intervalMs);
  backend.setDown(true);
  await expect(source.read(new AbortController().signal)).rejects.toThrow(BackendError);
  source.refreshSoon();
  source.refresh(daily);
  await settle();
  expect(source.nextRefresh - clock.now()).toBeLessThanOrEqual(1000);
  expect(source.mirror.size).toBe(1);
  expect(log.lines).toEqual(['ERROR fake: down']);
  expect(rung()).toEqual(['read', 'look', 'look']);
});

test('other keys make a look due, the same ones do not', async () => {
  const { source } = sourceOn({ '/a': '1', '/b': '2' });
  source.request([wish('/a')]);
  source.refresh(daily);
  await settle();
  source.request([wish('/a'), wish('/a')]);
  expect([source.nextRefresh, source.holds(['/a']), source.holds(['/a', '/b'])]).toEqual([
    daily.intervalMs,
    true,
    false,
  ]);
  source.request([wish('/b'), wish('/a')]);
  expect([source.nextRefresh, source.holds(['/b'])]).toEqual([0, false]);
  source.refresh(daily);
  source.request([wish('/c')]);
  await settle();
  expect([source.nextRefresh, source.holds(['/a', '/b']), source.holds(['/c'])]).toEqual([0, true, false]);
});

test('without keys the store is neither read nor watched', async () => {
  const { source, backend } = sourceOn({ '/a': '1' });
  source.request([]);
  expect(source.holds([])).toBe(false);
  source.refresh(watching);
  await settle();
  expect([backend.reads, backend.watches, source.holds([])]).toEqual([0, 0, true]);
});

test('changes ring and are taken into the mirror; a lost history makes a look due', async () => {
  const { source, backend, clock, rung } = sourceOn({ '/a': '1' });
  source.request([wish('/a')]);
  source.refresh(watching);
  await settle();
  expect(rung()).toEqual(['read', 'look']);
  backend.put('/a', '2');
  await settle();
  expect(rung()).toEqual(['change']);
  expect([...source.takeChanges()]).toEqual([['/a', 'changed']]);
  backend.setDown(true);
  await settle();
  backend.put('/a', '3');
  backend.forget();
  backend.setDown(false);
  await clock.advance(60_000);
  expect(source.takeChanges().size).toBe(0);
  expect(source.nextRefresh).toBe(clock.now());
  await source.stop();
});

test('after a lost history nothing is taken before a read has succeeded', async () => {
  const { source, backend, clock } = sourceOn({ '/a': '1', '/b': '1' });
  source.request([wish('/a'), wish('/b')]);
  source.refresh(watching);
  await settle();
  backend.setDown(true);
  await settle();
  backend.put('/a', '2');
  backend.forget();
  backend.setDown(false);
  await clock.advance(60_000);
  expect(source.takeChanges().size).toBe(0);
  backend.setDown(true);
  source.refresh(watching);
  await settle();
  backend.setDown(false);
  backend.put('/b', '2');
  await clock.advance(60_000);
  expect(source.takeChanges().size).toBe(0);
  const view = source.view('/', ['/a', '/b']);
  expect([view.get('/a')?.value, view.get('/b')?.value]).toEqual(['1', '1']);
  source.refresh(watching);
  await settle();
  expect([view.get('/a')?.value, view.get('/b')?.value]).toEqual(['2', '2']);
  await source.stop();
});

test('a change that comes during a look is not taken before the look is done', async () => {
  const { source, backend } = sourceOn({ '/a': '1' });
  source.request([wish('/a')]);
  source.refresh(watching);
  await settle();
  let answer = (): void => undefined;
  backend.slow = new Promise((resolve) => (answer = resolve));
  source.refreshSoon();
  source.refresh(watching);
  backend.put('/a', '2');
  await settle();
  expect(source.takeChanges().size).toBe(0);
  answer();
  await settle();
  source.takeChanges();
  expect(source.view('/', ['/a']).get('/a')?.value).toBe('2');
  await source.stop();
});

test('stop ends a look', async () => {
  const { source, backend, log } = sourceOn({ '/a': '1' });
  source.request([wish('/a')]);
  backend.slow = new Promise(() => undefined);
  source.refresh(watching);
  await source.stop();
  expect([backend.watches, log.lines]).toEqual([0, []]);
});
