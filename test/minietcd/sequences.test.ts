import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../helpers/confd.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { serve, type Served } from '../helpers/mini-etcd.ts';
import type { Answer } from './wire.mjs';

// Rows of docs/minietcd-scenarios.md that take several requests at once, or time.

interface Shown {
  readonly key: string;
  readonly value?: string;
  readonly ttl?: number;
  readonly expiration?: string;
  readonly modifiedIndex: number;
}

const event = ({ body }: Answer) => JSON.parse(body) as { action: string; node: Shown };

/** Asks with wait=true and gives the answer to come once the server waits. */
async function waiting(served: Served, line: string): Promise<{ heard: Promise<Answer> }> {
  const before = served.server.keyspace.watcherCount;
  const heard = served.ask(line);
  await waitFor('the watch', () => served.server.keyspace.watcherCount === before + 1);
  return { heard };
}

describe('watches', () => {
  test('S048 S123: a key that comes to be fires the watch on it', async () => {
    await using served = await serve();
    const { heard } = await waiting(served, 'GET /foo/bar?wait=true');
    await served.ask('PUT /foo/bar value=1');
    expect(event(await heard)).toMatchObject({ action: 'set', node: { key: '/foo/bar', modifiedIndex: 4 } });
  });

  test('S049: an index to come is waited for', async () => {
    await using served = await serve();
    const { heard } = await waiting(served, 'GET /foo/bar?wait=true&waitIndex=5');
    for (const value of [1, 2, 3]) await served.ask(`PUT /foo/bar value=${value}`);
    expect(event(await heard).node).toMatchObject({ value: '2', modifiedIndex: 5 });
  });

  test('S050: who watches a key hears of the directory that expired with it', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock);
    await served.ask('PUT /keyindir dir=true&ttl=1');
    await served.ask('PUT /keyindir/bar value=1');
    const { heard } = await waiting(served, 'GET /keyindir/bar?wait=true');
    await clock.advance(1500);
    expect(event(await heard)).toMatchObject({ action: 'expire', node: { key: '/keyindir' } });
  });

  test('S121 S122: history is a thousand events long, and a client that lost it can go on', async () => {
    await using served = await serve();
    for (let n = 0; n < 1005; n++) await served.ask(`PUT /flood value=${n}`);
    const last = served.server.keyspace.index;
    expect(event(await served.ask(`GET /flood?wait=true&waitIndex=${last - 999}`)).node.modifiedIndex).toBe(last - 999);
    const lost = await served.ask(`GET /flood?wait=true&waitIndex=${last - 1000}`);
    expect(lost.status).toBe('400 Bad Request');
    expect(lost.body).toContain(`"cause":"the requested history has been cleared [${last - 999}/${last - 1000}]"`);
    const now = Number((await served.ask('GET /flood')).headers['X-Etcd-Index']);
    await served.ask('PUT /flood value=meanwhile');
    expect(event(await served.ask(`GET /flood?wait=true&waitIndex=${now + 1}`)).node.value).toBe('meanwhile');
  });

  test('S124: a client that leaves is counted no more', async () => {
    await using served = await serve();
    const { heard } = await waiting(served, 'GET /a?wait=true');
    expect((await served.ask('GET =/v2/stats/store')).body).toContain('"watchers":1}');
    await served.ask('PUT /a value=1');
    await heard;
    await waitFor('nobody', async () => (await served.ask('GET =/v2/stats/store')).body.includes('"watchers":0}'));
  });
});

describe('time to live', () => {
  test('S066: a key that is set again lives as long again', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock);
    for (let round = 0; round < 3; round++) {
      expect(event(await served.ask('PUT /foo value=bar&ttl=100')).node.ttl).toBe(100);
      await clock.advance(999);
      expect(event(await served.ask('GET /foo')).node.ttl).toBe(100);
      await clock.advance(1);
      expect(event(await served.ask('GET /foo')).node.ttl).toBe(99);
    }
  });

  test('S071: a TTL of nothing shows when it ends, and then it has', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock);
    const set = event(await served.ask('PUT /tz value=a&ttl=0')).node;
    expect([typeof set.expiration, set.ttl]).toEqual(['string', undefined]);
    const { heard } = await waiting(served, 'GET /tz?wait=true');
    await clock.advance(500);
    expect(event(await heard).action).toBe('expire');
    expect((await served.ask('GET /tz')).status).toBe('404 Not Found');
  });

  test('S076: what was deleted does not expire', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock);
    await served.ask('PUT /d/k value=1&ttl=1');
    await served.ask('DELETE /d?recursive=true');
    await clock.advance(5000);
    expect(served.server.keyspace.index).toBe(5);
  });
});

test('S096: a value of nine megabytes is kept', async () => {
  await using served = await serve();
  const value = 'x'.repeat(9 * 1024 * 1024);
  expect((await served.ask(`PUT /big value=${value}`)).status).toBe('201 Created');
  expect(event(await served.ask('GET /big')).node.value).toBe(value);
});

test('S140: of many who compare and swap at once, one wins', async () => {
  await using served = await serve();
  await served.ask('PUT /cas value=0');
  const swaps = Array.from({ length: 64 }, (_, n) => served.ask(`PUT /cas?prevIndex=4 value=${n}`));
  const codes = (await Promise.all(swaps)).map(({ status }) => status);
  expect(codes.filter((status) => status === '200 OK')).toHaveLength(1);
  expect(codes.filter((status) => status === '412 Precondition Failed')).toHaveLength(63);
});
