import { expect, test } from '@jest/globals';
import type { Body } from '../../../../src/minietcd/http/net/draft.ts';
import { defaultServerLimits, Load } from '../../../../src/minietcd/http/net/limits.ts';
import { Listing } from '../../../../src/minietcd/http/net/listing.ts';
import { atOnce } from '../../../../src/minietcd/state/steps.ts';
import { Store, type Write } from '../../../../src/minietcd/state/store.ts';

const file = (value: string, expires?: number): Write => ({ value, dir: false, expires, refresh: false });
const now = 1_000_000_000_000;

function listing(store: Store, recursive: boolean): Listing {
  return new Listing({ node: store.find('/'), key: '/' }, { recursive, at: now, index: store.index });
}

const load = new Load(defaultServerLimits);

async function textOf(body: Body): Promise<string> {
  return typeof body === 'string' ? body : (await body.layOut(load, true)).toString('latin1');
}

const listed = (store: Store, recursive: boolean) => textOf(atOnce(listing(store, recursive).steps()));

test('a directory lists its children in order, and theirs only when asked to', async () => {
  const store = new Store();
  for (const name of ['b', 'a', '_h']) store.set(`/d/${name}`, file(name), now);
  expect(await listed(store, false)).toBe(
    '{"action":"get","node":{"dir":true,"nodes":[{"key":"/d","dir":true,"modifiedIndex":4,"createdIndex":4}]}}\n',
  );
  const shown = (name: string, index: number) =>
    `{"key":"/d/${name}","value":"${name}","modifiedIndex":${index},"createdIndex":${index}}`;
  expect(await listed(store, true)).toContain(`"nodes":[${shown('a', 5)},${shown('b', 4)}],`);
});

const many = 20_000;

function large(): Store {
  const store = new Store();
  for (let n = 0; n < many; n++) store.set(`/d${n % 7}/k${(n * 7919) % many}`, file(`v${n}`), now);
  store.set('/later', file('x', now + 60_000), now);
  store.set('/dir', { value: '', dir: true, expires: now + 60_000, refresh: false }, now);
  return store;
}

type Change = readonly [what: string, change: (store: Store) => void];

const changes: readonly Change[] = [
  ['a value', (store) => store.set('/d1/k1', file('new'), now)],
  ['an update', (store) => store.update('/d1/k7919', file('new'), now)],
  ['a swap', (store) => store.compareAndSwap('/d1/k7919', { prevValue: 'v1', prevIndex: 0n }, file('new'), now)],
  ['a new key', (store) => store.set('/d1/a', file('new'), now)],
  ['a new directory', (store) => store.set('/a/b/c', file('new'), now)],
  ['a key that goes', (store) => store.delete('/d1/k7919', { dir: false, recursive: false }, now)],
  ['a directory that goes', (store) => store.delete('/d3', { dir: true, recursive: true }, now)],
  ['a TTL', (store) => store.update('/d1/k7919', file('v1', now + 1000), now)],
  ['a TTL of a directory', (store) => store.update('/dir', file('', now + 1000), now)],
  ['a time that comes', (store) => store.expire(now + 120_000)],
  ['many', (store) => Array.from({ length: 5000 }, (_, n) => store.set(`/d1/new${n}`, file('new'), now))],
];

test.each(changes)('%s while a listing is made in steps: the listing is of before', async (_what, change) => {
  const store = large();
  await listed(store, true);
  // The order of the last time does not do any more.
  store.set('/d1/k1', file('changed'), now);
  const before = await listed(store, true);
  store.set('/d1/k1', file('changed'), now);
  const steps = listing(store, true).steps();
  expect(steps.next().done).toBe(false);
  change(store);
  const text = await textOf(atOnce(steps));
  const indexes = /"modifiedIndex":(\d+),"createdIndex":(\d+)/g;
  expect(text.replace(indexes, '')).toBe(before.replace(indexes, ''));
  // One that has never been listed has no order to begin with.
  const fresh = new Store();
  fresh.restore(store.save());
  expect(await listed(store, true)).toBe(await listed(fresh, true));
});

test('a long file is laid out once for all who get it', () => {
  const store = new Store();
  store.set('/long', file('x'.repeat(100_000)), now);
  const get = () =>
    atOnce(new Listing({ node: store.find('/long'), key: '/long' }, { recursive: false, at: now, index: 4 }).steps());
  const first = get();
  expect(get()).toBe(first);
  store.set('/long', file('y'.repeat(100_000)), now);
  expect(get()).not.toBe(first);
});
