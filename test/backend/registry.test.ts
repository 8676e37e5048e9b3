import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type BackendOptions, discoverNodes, openBackend } from '../../src/backend/registry.ts';
import { memoryLog } from '../helpers/memory-log.ts';

const plain: BackendOptions = {
  backend: 'env',
  nodes: [],
  scheme: 'http',
  clientCaKeys: '',
  clientCert: '',
  clientKey: '',
  clientInsecure: false,
  basicAuth: false,
  username: '',
  password: '',
  passwordFile: '',
  files: [],
  filter: '*',
  srvDomain: '',
  srvRecord: '',
  env: new Map(),
  timeoutMs: 0,
  log: memoryLog(),
};

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
    await expect(openBackend({ ...plain, ...more })).rejects.toMatchObject({
      name: 'BackendError',
      code: 'settings',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe('stores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'open-'));
  writeFileSync(join(folder, 'keys.yaml'), 'app:\n  host: here\n');
  const rows: readonly (readonly [string, Partial<BackendOptions>, readonly string[]])[] = [
    ['env', { env: new Map([['APP_HOST', 'here']]) }, ['/APP_HOST', 'here']],
    ['file', { files: [join(folder, 'keys.yaml')] }, ['/app/host', 'here']],
  ];
  test.each(rows)('%s is opened and read', async (backend, more, pair) => {
    const store = await openBackend({ ...plain, ...more, backend });
    const { pairs } = await store.read(['/app'], new AbortController().signal);
    expect([...pairs]).toEqual([pair]);
    await store.close();
  });

  test.each(['etcd', 'etcdv2', 'etcdv3'])('an etcd that is down is opened all the same: %s', async (backend) => {
    await (await openBackend({ ...plain, backend, nodes: ['127.0.0.1:1'] })).close();
  });
});

const nodes: readonly (readonly [string, Partial<BackendOptions>, readonly string[]])[] = [
  ['what was set', { backend: 'etcd', nodes: ['a:1', 'b:2'] }, ['a:1', 'b:2']],
  ['ETCDCTL_PEERS', { backend: 'etcd', env: new Map([['ETCDCTL_PEERS', 'a:1,b:2']]) }, ['a:1', 'b:2']],
  ['where an etcd listens', { backend: 'etcd' }, ['http://127.0.0.1:4001']],
  ['nothing, where there is no network', { backend: 'env' }, []],
];
test.each(nodes)('nodes: %s', async (_name, more, expected) => {
  expect(await discoverNodes({ ...plain, ...more })).toEqual(expected);
});
