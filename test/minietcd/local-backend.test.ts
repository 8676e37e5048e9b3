import { describe, expect, test } from '@jest/globals';
import { BackendError, type SessionItem, readSnapshot } from '../../src/backend/contract/backend.ts';
import { localBackend } from '../../src/minietcd/local-backend.ts';
import type { Request } from '../../src/minietcd/state/request.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { embeddedEntry } from '../../src/backend/registry.ts';
import { backendContract, toldBy } from '../contract/backend.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

function put(path: string, value: string, more: { dir?: boolean; expires?: number; refresh?: boolean } = {}): Request {
  return { action: 'set', path, write: { value, dir: false, expires: undefined, refresh: false, ...more }, at: 0 };
}

function remove(path: string): Request {
  return { action: 'delete', path, reach: { dir: true, recursive: true }, at: 0 };
}

backendContract(
  'embedded',
  () => {
    const server = new MiniEtcd(new FakeClock());
    return Promise.resolve({
      open: () => Promise.resolve(localBackend(server)),
      put: async (key: string, value: string) => {
        await server.keyspace.submit(put(key, value));
      },
      remove: async (key: string) => {
        await server.keyspace.submit(remove(key));
      },
      lose: async () => {
        for (let n = 0; n <= 1001; n++) await server.keyspace.submit(put('/elsewhere', String(n)));
      },
      close: () => server.close(),
    });
  },
  { anyBytes: true, live: true, under: '' },
);

test('is what the entry says of it', () => {
  expect(localBackend(new MiniEtcd(new FakeClock()))).toMatchObject(embeddedEntry.traits);
});

const never = new AbortController().signal;

/** What the first change after the requests says, asked for with the cursor from before them. */
async function firstChange(
  keys: readonly string[],
  before: readonly Request[],
  then: readonly Request[],
): Promise<SessionItem> {
  const server = new MiniEtcd(new FakeClock());
  const backend = localBackend(server);
  for (const request of before) await server.keyspace.submit(request);
  const { cursor } = await readSnapshot(backend, keys, never);
  for (const request of then) await server.keyspace.submit(request);
  try {
    for await (const item of backend.open(keys, never, cursor)) return item;
    throw new Error('the watch ended');
  } finally {
    await server.close();
  }
}

describe('changes', () => {
  const rows: readonly { what: string; keys: string[]; before: Request[]; then: Request[]; edits: unknown }[] = [
    {
      what: 'a lost history is looked at again',
      keys: ['/a'],
      before: [],
      then: Array.from({ length: 1001 }, () => put('/x', '')),
      edits: 'resync',
    },
    {
      what: 'a thousand changes are still told',
      keys: ['/a'],
      before: [],
      then: [put('/a', '1'), ...Array.from({ length: 999 }, () => put('/x', ''))],
      edits: [{ key: '/a', value: '1' }],
    },
    {
      what: 'a removed directory above a wanted key is told',
      keys: ['/a/b/c'],
      before: [put('/a/b/c', '1')],
      then: [remove('/a')],
      edits: [{ key: '/a', value: null }],
    },
    {
      what: 'a file that becomes a directory is gone',
      keys: ['/a'],
      before: [put('/a', '1')],
      then: [put('/a', '', { dir: true })],
      edits: [{ key: '/a', value: null }],
    },
    {
      what: 'hidden keys are not told to those above',
      keys: ['/a'],
      before: [],
      then: [put('/a/_h', '1'), put('/a/_d/x', '2'), put('/a/k', '3')],
      edits: [{ key: '/a/k', value: '3' }],
    },
    {
      what: 'hidden keys are told to those who name them',
      keys: ['/a/_d', '/_h'],
      before: [],
      then: [put('/a/_d/x', '2'), put('/_h', '3')],
      edits: [
        { key: '/a/_d/x', value: '2' },
        { key: '/_h', value: '3' },
      ],
    },
    {
      what: 'everything but the hidden is below the root',
      keys: ['/'],
      before: [],
      then: [put('/_h', '1'), put('/a', '2')],
      edits: [{ key: '/a', value: '2' }],
    },
    {
      what: 'neighbours with the same beginning are not told',
      keys: ['/a'],
      before: [],
      then: [put('/ab', '1'), put('/a/x', '2')],
      edits: [{ key: '/a/x', value: '2' }],
    },
    {
      what: 'a refresh and an empty directory change no pair',
      keys: ['/'],
      before: [put('/a', '1')],
      then: [put('/a', '', { refresh: true, expires: 9 }), put('/d', '', { dir: true }), put('/b', '2')],
      edits: [{ key: '/b', value: '2' }],
    },
    {
      what: 'what expired is gone',
      keys: ['/a'],
      before: [put('/a', '1', { expires: 5 })],
      then: [{ action: 'sync', at: 5 }],
      edits: [{ key: '/a', value: null }],
    },
  ];
  test.each(rows)('$what', async ({ keys, before, then, edits }) => {
    expect(toldBy(await firstChange(keys, before, then))).toEqual(edits);
  });

  test('a cursor from another life of the store is looked at again', async () => {
    const server = new MiniEtcd(new FakeClock());
    for await (const change of localBackend(server).open(['/a'], never, new Map([['/', 99n]]))) {
      expect(change).toEqual({ kind: 'resync' });
      break;
    }
    await server.close();
  });
});

describe('reading', () => {
  test('hidden keys show only to those who name them, or a directory that is hidden', async () => {
    const server = new MiniEtcd(new FakeClock());
    for (const key of ['/a/k', '/a/_h', '/a/_d/x', '/a/_d/_y']) await server.keyspace.submit(put(key, key));
    const read = async (key: string) => [...(await readSnapshot(localBackend(server), [key], never)).pairs.keys()];
    expect(await read('/')).toEqual(['/a/k']);
    expect(await read('/a/_h')).toEqual(['/a/_h']);
    expect(await read('/a/_d')).toEqual(['/a/_d/x']);
    await server.close();
  });
});

test('a store that stops ends its watches and reads', async () => {
  const server = new MiniEtcd(new FakeClock());
  const backend = localBackend(server);
  const { cursor } = await readSnapshot(backend, ['/a'], never);
  const watching = backend.open(['/a'], never, cursor)[Symbol.asyncIterator]().next();
  await server.close();
  await expect(watching).rejects.toThrow(BackendError);
  await expect(readSnapshot(backend, ['/a'], never)).rejects.toThrow('the embedded store has stopped');
});
