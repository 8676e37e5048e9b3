import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChangeSearch, type Changes } from '../../../src/backend/consul/change-search.ts';
import { KnownKeys } from '../../../src/backend/consul/known-keys.ts';
import { KvApi } from '../../../src/backend/consul/kv-api.ts';
import { planWatches } from '../../../src/backend/consul/watch-plan.ts';
import { HttpClient } from '../../../src/backend/net/http.ts';
import { ConsulServer } from '../../helpers/consul-server.ts';
import { consulSettings } from '../../helpers/consul-settings.ts';

const never = new AbortController().signal;

let server: ConsulServer;
let kv: KvApi;
let pairs: Map<string, string>;
let search: ChangeSearch;

beforeEach(async () => {
  server = await ConsulServer.start();
  const http = await HttpClient.create(consulSettings([server.url]));
  kv = new KvApi({ http, waiting: http }, '', null);
});
afterEach(async () => {
  kv.close();
  await server.close();
});

/** Reads the roots as they are now. */
async function begin(roots: readonly string[]): Promise<void> {
  const all = (await Promise.all(roots.map((root) => kv.entries(root, never)))).flatMap(({ found }) => [...found]);
  pairs = new Map(all.map(([key, { value }]) => [key, value]));
  search = new ChangeSearch(kv, new KnownKeys(all), roots);
}

/** Searches, and takes over what changed. */
async function run(roots: readonly string[]): Promise<Changes> {
  const [plan] = planWatches(roots);
  const names = (await kv.names(plan!.prefix, never)).found;
  const changes = (await search.run(names, never))!;
  for (const [key, entry] of changes) {
    if (entry === null) pairs.delete(key);
    else pairs.set(key, entry.value);
  }
  return changes;
}

async function truth(roots: readonly string[]): Promise<Map<string, string>> {
  const all = (await Promise.all(roots.map((root) => kv.entries(root, never)))).flatMap(({ found }) => [...found]);
  return new Map(all.map(([key, { value }]) => [key, value]));
}

const byKey = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe('what one change of 10,000 keys costs', () => {
  const nested = (n: number) => `app/svc-${Math.floor(n / 100)}/k${n % 100}`;
  const flat = (n: number) => `app/k${String(n).padStart(4, '0')}`;

  test.each([
    ['in a hundred folders', nested, 30],
    ['in one folder', flat, 30],
  ])('%s', async (_where, nameOf, most) => {
    for (let n = 0; n < 10_000; n++) server.put(nameOf(n), `value-${n}`);
    await begin(['app']);
    const before = server.asked.length;
    server.put(nameOf(7777), 'new');
    expect([...(await run(['app'])).keys()]).toEqual([nameOf(7777)]);
    expect(server.asked.length - before).toBeLessThanOrEqual(most);
    // No question brings the entries of more than a few keys.
    for (const path of server.asked.slice(before).filter((asked) => asked.includes('recurse'))) {
      const prefix = path.slice('/v1/kv/'.length, path.indexOf('?'));
      expect(
        Array.from({ length: 10_000 }, (_, n) => nameOf(n)).filter((key) => key.startsWith(prefix)).length,
      ).toBeLessThanOrEqual(100);
    }
  });
});

test('a removal is found once, and then costs nothing', async () => {
  for (let n = 0; n < 1000; n++) server.put(`app/${n}`, 'x');
  await begin(['app']);
  server.remove('app/500');
  expect([...(await run(['app']))]).toEqual([['app/500', null]]);
  server.put('app/1', 'y');
  const before = server.asked.length;
  expect([...(await run(['app'])).keys()]).toEqual(['app/1']);
  expect(server.asked.slice(before).filter((path) => path.startsWith('/v1/kv/app/50'))).toEqual([]);
});

test('what a restored backup set back is found, although other keys were written since', async () => {
  for (let n = 0; n < 1000; n++) server.put(`app/${n}`, 'x');
  const backup = server.snapshot();
  await begin(['app']);
  server.put('app/1', 'lost');
  server.put('app/new', 'lost');
  server.remove('app/2');
  await run(['app']);
  server.restore(backup);
  server.put('app/3', 'after');
  await run(['app']);
  expect(byKey(pairs)).toEqual(byKey(await truth(['app'])));
});

test('names that no path can carry are read together with their neighbours', async () => {
  for (let n = 0; n < 300; n++) server.put(`app/k${n}`, 'x');
  for (const key of ['app/.a', 'app/.b', 'app/..', 'app/./x', 'app//y', '/z', 'app/']) server.put(key, '1');
  for (const roots of [['app'], ['']]) {
    await begin(roots);
    for (const key of ['app/.a', 'app/..', 'app//y']) server.put(key, String(server.index));
    server.remove('app/.b');
    server.put('app/.c', '3');
    await run(roots);
    expect(byKey(pairs)).toEqual(byKey(await truth(roots)));
    server.put('app/.b', '1');
  }
});

describe('after any changes the copy is what a fresh read is', () => {
  const seed = Date.now() % 1e9;
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const parts = ['a', 'ab', 'abc', 'b', 'c', '', '.', '..', 'x.y', '-', '%', ' '];
  const key = () => {
    const depth = 1 + random(4);
    return `app/${Array.from({ length: depth }, () => `${parts[random(parts.length)]!}${random(3)}`.slice(0, 1 + random(5))).join('/')}`;
  };

  test.each([[['app']], [['']], [['app/a', 'app/b', 'app/c0', 'app/none']]])(`of %j (seed ${seed})`, async (roots) => {
    for (let n = 0; n < 400; n++) server.put(key(), String(n));
    await begin(roots);
    for (let round = 0; round < 40; round++) {
      const count = random(6);
      for (let n = 0; n < count; n++) {
        const what = random(10);
        const keys = [...pairs.keys()];
        const known = keys.length === 0 ? key() : keys[random(keys.length)]!;
        if (what < 3) server.put(known, `${round}.${n}`);
        else if (what < 6) server.put(key(), `${round}.${n}`);
        else if (what < 8) server.remove(known);
        else if (what === 8) server.remove(known.slice(0, known.lastIndexOf('/') + 1) || known, { isPrefix: true });
        else
          server.putAll([
            [key(), `${round}.t`],
            [known, `${round}.t`],
          ]);
      }
      await run(roots);
      expect(byKey(pairs)).toEqual(byKey(await truth(roots)));
    }
  });
});
