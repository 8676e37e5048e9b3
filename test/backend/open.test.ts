import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../src/backend/contract/backend.ts';
import { entryOf, storeSettings } from '../../src/backend/entries.ts';
import { type BackendOptions, discoverNodes, openStore } from '../../src/backend/open.ts';
import { defaultsOf } from '../../src/config/schema/schema.ts';
import { memoryLog } from '../helpers/memory-log.ts';

const plain: BackendOptions = { ...defaultsOf(storeSettings), env: new Map(), log: memoryLog() };

describe('settings that cannot work', () => {
  const rows: readonly (readonly [string, Partial<BackendOptions>, RegExp])[] = [
    ['a backend that nobody knows', { backend: 'nope' }, /^Invalid backend "nope" \(known are .*etcd.*\)$/],
    ['a name that an object would know', { backend: 'constructor' }, /^Invalid backend "constructor"/],
    ['a node that is no address', { backend: 'etcd', nodes: ['not an address'] }, /"not an address" is not a node/],
    [
      'a node with a password, which is not shown',
      { backend: 'etcd', nodes: ['ftp://user:s3cret@host'] },
      /^"ftp:\/\/\*\*\*@host" is not a node/,
    ],
  ];
  test.each(rows)('%s', async (_name, more, message) => {
    await expect(openStore({ ...plain, ...more })).rejects.toMatchObject({
      name: 'BackendError',
      code: 'settings',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

/** What the entry says before the store is open. */
function traitsOf(backend: string) {
  const entry = entryOf(backend)!;
  return entry.kind === 'missing' ? null : [entry.traits.canWatch, entry.traits.selects];
}

describe('stores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'open-'));
  writeFileSync(join(folder, 'keys.yaml'), 'app:\n  host: here\n');
  const rows: readonly (readonly [string, Partial<BackendOptions>, readonly string[]])[] = [
    ['env', { env: new Map([['APP_HOST', 'here']]) }, ['/APP_HOST', 'here']],
    ['file', { files: [join(folder, 'keys.yaml')] }, ['/app/host', 'here']],
  ];
  test.each(rows)('%s is opened and read', async (backend, more, pair) => {
    const { backend: store } = await openStore({ ...plain, ...more, backend });
    const { pairs } = await readSnapshot(store, ['/app'], new AbortController().signal);
    expect([...pairs]).toEqual([pair]);
    expect(traitsOf(backend)).toEqual([store.canWatch, store.selects]);
    await store.close();
  });

  test.each(['etcd', 'etcdv2', 'etcdv3'])('an etcd that is down is opened all the same: %s', async (backend) => {
    const store = await openStore({ ...plain, backend, nodes: ['me:pw@127.0.0.1:1'] });
    expect(store.places).toEqual(['***@127.0.0.1:1']);
    expect(traitsOf(backend)).toEqual([store.backend.canWatch, store.backend.selects]);
    await store.backend.close();
  });
});

const peers = new Map([['ETCDCTL_PEERS', 'http://a:1, b:2,']]);
const nodes: readonly (readonly [string, Partial<BackendOptions>, readonly string[]])[] = [
  ['what was set', { backend: 'etcd', nodes: ['a:1', 'b:2'] }, ['a:1', 'b:2']],
  ['ETCDCTL_PEERS', { backend: 'etcd', env: peers }, ['http://a:1', 'b:2']],
  ['not for v3', { backend: 'etcdv3', env: peers }, ['127.0.0.1:2379']],
  ['where an etcd listens', { backend: 'etcd' }, ['http://127.0.0.1:4001']],
  ['nothing, where there is no network', { backend: 'env', srvDomain: 'example.com', srvRecord: '_x._tcp.a.' }, []],
  ['SRV records, with the scheme', { backend: 'etcd', srvRecord: '_x._tcp.a.', nodes: ['a:1'] }, ['http://h:1']],
  ['SRV records, as confd names them', { backend: 'etcdv3', srvDomain: 'a' }, ['h:1']],
];
test.each(nodes)('nodes: %s', async (_name, more, expected) => {
  const resolve = () => Promise.resolve([{ name: 'h.', port: 1, priority: 0, weight: 0 }]);
  expect(await discoverNodes({ ...plain, ...more }, resolve)).toEqual(expected);
});
