import { describe, expect, test } from '@jest/globals';
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

describe('a store that tells all of a root', () => {
  const start = async () => {
    const one = sourceOn({ '/a/1': '1', '/a/2': '2', '/b': 'b' });
    one.backend.root = '/a';
    one.source.request([wish('/a'), wish('/b')]);
    one.source.refresh(watching);
    await settle();
    return one;
  };

  test('only what differs is a change', async () => {
    const { source, backend } = await start();
    backend.put('/a/2', null);
    backend.put('/a/3', '3');
    await settle();
    expect([...source.takeChanges()]).toEqual([
      ['/a/2', 'removed'],
      ['/a/3', 'added'],
    ]);
    backend.put('/a/1', '1');
    await settle();
    expect(source.takeChanges().size).toBe(0);
    expect([...source.view('/', ['/a', '/b']).keys()]).toEqual(['/a/1', '/a/3', '/b']);
    await source.stop();
  });

  test('one that says that a resource has lost its keys is read twice before it is believed', async () => {
    const { source, backend, clock, log } = await start();
    backend.put('/a', null);
    await settle();
    expect(source.takeChanges().size).toBe(0);
    expect([...source.view('/', ['/a']).keys()].length).toBe(2);
    expect(source.nextRefresh - clock.now()).toBeGreaterThanOrEqual(1000);
    expect(source.nextRefresh - clock.now()).toBeLessThanOrEqual(5000);
    await clock.advance(5000);
    source.refresh(watching);
    await settle();
    expect([backend.reads, [...source.view('/', ['/a']).keys()].length]).toEqual([2, 0]);
    expect(log.lines).toEqual([
      'WARNING Target config /etc/a stays as it is: fake has lost all keys at /a; reading again to make sure',
      'WARNING The keys of /etc/a are gone: a second read of fake found none either',
    ]);
    await source.stop();
  });

  test('one that is not believed does not postpone a read that is due sooner', async () => {
    const { source, backend, clock } = await start();
    backend.put('/a', null);
    await settle();
    source.request([wish('/a'), wish('/b'), wish('/c')], 'edit');
    expect(source.takeChanges().size).toBe(0);
    expect(source.nextRefresh).toBe(clock.now());
    await source.stop();
  });
});

describe('what is valid for a while', () => {
  test.each([
    ['watched', watching],
    ['polled', daily],
  ])('%s: it is read anew then, before the interval is over', async (_name, refresh) => {
    const { source, backend, clock } = sourceOn({ '/a': '1' });
    backend.validMs = 60_000;
    source.request([wish('/a')]);
    source.refresh(refresh);
    await settle();
    expect(source.nextRefresh).toBe(60_000);
    await clock.advance(60_000);
    source.refresh(refresh);
    await settle();
    expect([backend.reads, source.nextRefresh]).toEqual([2, 120_000]);
    backend.validMs = 1e9;
    await clock.advance(60_000);
    source.refresh(refresh);
    await settle();
    expect([backend.reads, source.nextRefresh - clock.now()]).toEqual([3, refresh.intervalMs]);
    await source.stop();
  });

  test('a session that prolongs it is not read anew', async () => {
    const { source, backend, clock } = sourceOn({ '/a': '1' });
    backend.validMs = 60_000;
    source.request([wish('/a')]);
    source.refresh(watching);
    await settle();
    for (let minute = 0; minute < 5; minute++) {
      await clock.advance(50_000);
      backend.put('/elsewhere', 'a sign of life');
      await settle();
      source.refresh(watching);
    }
    expect([backend.reads, source.nextRefresh - clock.now()]).toEqual([1, 60_000]);
    await source.stop();
  });

  test('a store that is down then is asked ever more rarely, as at any other time', async () => {
    const { source, backend, clock } = sourceOn({ '/a': '1' });
    backend.validMs = 5000;
    source.request([wish('/a')]);
    source.refresh(daily);
    await settle();
    backend.setDown(true);
    for (let second = 0; second < 120; second++) {
      await clock.advance(1000);
      source.refresh(daily);
      await settle();
    }
    expect(backend.reads).toBeGreaterThan(5);
    expect(backend.reads).toBeLessThan(12);
    expect(source.view('/', ['/a']).get('/a')?.value).toBe('1');
    await source.stop();
  });
});

describe('a store whose every read makes something new', () => {
  test.each<[string, number | null, number]>([
    ['is read when what it gave has run out, and at no interval', 3_600_000, 3_600_000],
    ['is read at the interval where it does not say how long that is', null, daily.intervalMs],
  ])('%s', async (_name, validMs, ms) => {
    const { source, backend, clock } = sourceOn({ '/a': '1' });
    backend.mints = true;
    backend.validMs = validMs;
    source.request([wish('/a')]);
    source.refresh(daily);
    await settle();
    expect(source.nextRefresh).toBe(ms);
    source.request([wish('/a'), wish('/a')]);
    expect(source.nextRefresh).toBe(ms);
    source.refreshSoon(); // a SIGHUP
    expect(source.nextRefresh).toBe(clock.now());
    await source.stop();
  });
});
