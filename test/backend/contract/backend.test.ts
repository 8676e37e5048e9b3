import { describe, expect, test } from '@jest/globals';
import { BackendError, readSnapshot, type SessionItem } from '../../../src/backend/contract/backend.ts';
import { backendContract } from '../../contract/backend.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';

// The store that the agent's tests use keeps what it promises, also where it tells all of a root, says how long that is
// valid, or makes something new for every read.

const kinds: readonly (readonly [string, Partial<FakeBackend>])[] = [
  ['a store that tells edits', {}],
  ['a store that tells all of a root', { root: '/app' }],
  ['a store with leases', { root: '/app', validMs: 60_000, mints: true }],
];

for (const [name, kind] of kinds) {
  backendContract(
    name,
    () => {
      const fake = Object.assign(new FakeBackend(), kind);
      return Promise.resolve({
        open: () => Promise.resolve(fake),
        put: (key, value) => {
          fake.put(key, value);
          return Promise.resolve();
        },
        remove: (key) => {
          fake.put(key, null);
          return Promise.resolve();
        },
        lose: () => {
          fake.lose();
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    },
    { anyBytes: true, live: true, under: '', isToy: true },
  );
}

const never = new AbortController().signal;

test('how long what it gave is valid comes with every item', async () => {
  const fake = Object.assign(new FakeBackend(), { validMs: 5000 });
  fake.put('/a', '1');
  const session = fake.open(['/a'], never);
  const items: SessionItem[] = [];
  for await (const item of session) {
    items.push(item);
    if (items.length === 2) break;
    fake.put('/a', '2');
  }
  expect(items).toMatchObject([
    { kind: 'snapshot', validMs: 5000 },
    { kind: 'edits', validMs: 5000 },
  ]);
});

describe('readSnapshot', () => {
  test('asks for the first item only, and ends the session', async () => {
    let ended = 0;
    async function* open(): AsyncGenerator<SessionItem, void> {
      try {
        yield { kind: 'snapshot', cursor: new Map(), pairs: new Map([['/a', '1']]) };
        await Promise.reject(new Error('nobody asked for more'));
      } finally {
        ended += 1;
      }
    }
    expect([...(await readSnapshot({ name: 'x', open }, ['/a'], never)).pairs]).toEqual([['/a', '1']]);
    expect(ended).toBe(1);
  });

  test.each<[string, SessionItem[]]>([
    ['nothing', []],
    ['a resync', [{ kind: 'resync' }]],
    ['edits', [{ kind: 'edits', cursor: new Map(), edits: [] }]],
  ])('a session that begins with %s is an error', async (_name, items) => {
    async function* open(): AsyncGenerator<SessionItem, void> {
      yield* await Promise.resolve(items);
    }
    await expect(readSnapshot({ name: 'x', open }, ['/a'], never)).rejects.toThrow(BackendError);
  });
});
