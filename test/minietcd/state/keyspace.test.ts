import { describe, expect, test } from '@jest/globals';
import { Keyspace } from '../../../src/minietcd/state/keyspace.ts';
import type { Request } from '../../../src/minietcd/state/request.ts';
import type { Event } from '../../../src/minietcd/state/event.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

/** A keyspace whose clock is ours, and every event that it has had. */
async function withKeyspace(run: (keyspace: Keyspace, clock: FakeClock) => Promise<void>): Promise<string[]> {
  const clock = new FakeClock();
  const keyspace = new Keyspace(clock);
  const stop = new AbortController();
  const sweeping = keyspace.sweep(stop.signal);
  await run(keyspace, clock);
  stop.abort();
  await sweeping;
  const told = (event: Event | undefined) => (event === undefined ? [] : [`${event.action} ${event.node.key}`]);
  return Array.from({ length: keyspace.index - 3 }, (_, i) => told(keyspace.eventAt(i + 4))).flat();
}

function set(path: string, at: number, ttlSeconds?: number, dir = false): Request {
  const expires = ttlSeconds === undefined ? undefined : at + ttlSeconds * 1000;
  return { action: 'set', path, write: { value: 'v', dir, expires, refresh: false }, at };
}

describe('expiry', () => {
  test('three keys expire in the order in which they fall due, one event each', async () => {
    const events = await withKeyspace(async (keyspace, clock) => {
      await keyspace.submit(set('/c', 2, 1));
      await keyspace.submit(set('/a', 0, 1));
      await keyspace.submit(set('/b', 1, 1));
      await clock.advance(999);
      expect(keyspace.index).toBe(6);
      await clock.advance(2000);
    });
    expect(events.slice(3)).toEqual(['expire /a', 'expire /b', 'expire /c']);
  });

  test('keys of one millisecond expire in the order in which they were written', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `/${(i * 17) % 40}`);
    const events = await withKeyspace(async (keyspace, clock) => {
      for (const name of names) await keyspace.submit(set(name, 0, 1));
      await clock.advance(2000);
    });
    expect(events.slice(40)).toEqual(names.map((name) => `expire ${name}`));
  });

  test('a directory takes its children along with one event, whatever their own TTL', async () => {
    const events = await withKeyspace(async (keyspace, clock) => {
      await keyspace.submit(set('/d', 0, 2, true));
      await keyspace.submit(set('/d/a', 0, 100));
      await keyspace.submit(set('/d/b', 0, 3));
      await clock.advance(200_000);
      expect(() => keyspace.get('/d/a')).toThrow(expect.objectContaining({ about: '/d', code: 100 }));
    });
    expect(events.slice(3)).toEqual(['expire /d']);
  });

  test('deleted, replaced and refreshed keys do not expire at their old time', async () => {
    const write = { value: '', dir: false, refresh: true };
    const events = await withKeyspace(async (keyspace, clock) => {
      for (const key of ['/d/gone', '/again', '/kept']) await keyspace.submit(set(key, 0, 1));
      await keyspace.submit({ action: 'delete', path: '/d', reach: { dir: true, recursive: true }, at: 0 });
      await keyspace.submit(set('/again', 0));
      await keyspace.submit({ action: 'update', path: '/kept', write: { ...write, expires: 5000 }, at: 0 });
      await clock.advance(4900);
      expect(keyspace.index).toBe(9);
      await clock.advance(1000);
    });
    expect(events.slice(6)).toEqual(['expire /kept']);
  });

  test('a TTL of zero is over at the next look', async () => {
    const events = await withKeyspace(async (keyspace, clock) => {
      await keyspace.submit(set('/z', 0, 0));
      await clock.advance(500);
    });
    expect(events).toEqual(['set /z', 'expire /z']);
  });
});

test('counts what it was asked, done or refused', async () => {
  await withKeyspace(async (keyspace, clock) => {
    await keyspace.submit(set('/a', 0, 1));
    await expect(keyspace.submit(set('/a/b', 0))).rejects.toThrow('Not a directory');
    keyspace.get('/a');
    expect(() => keyspace.get('/b')).toThrow('Key not found');
    await clock.advance(2000);
    const counted = JSON.parse(keyspace.stats.toJson(0)) as Record<string, number>;
    expect(counted).toMatchObject({ setsSuccess: 1, setsFail: 1, getsSuccess: 1, getsFail: 1, expireCount: 1 });
    expect(keyspace.requestIndex).toBeGreaterThan(keyspace.index);
  });
});

test('a bell rings after every change until it is taken down', async () => {
  const rung: number[] = [];
  await withKeyspace(async (keyspace) => {
    const forget = keyspace.onChange(() => rung.push(keyspace.index));
    await keyspace.submit(set('/a', 0));
    await expect(keyspace.submit(set('/', 0))).rejects.toThrow('Root is read only');
    await keyspace.submit(set('/a', 0));
    forget();
    await keyspace.submit(set('/a', 0));
  });
  expect(rung).toEqual([4, 5]);
});
