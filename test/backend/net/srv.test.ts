import { describe, expect, test } from '@jest/globals';
import { nodesFromSrv, srvNameOf } from '../../../src/backend/net/srv.ts';
import { defaultNodes } from '../../../src/backend/net/nodes.ts';

const settings = { backend: 'etcd', scheme: 'https', srvDomain: 'example.com', srvRecord: '' };
const record = (name: string, priority: number, weight: number) => ({ name, port: 2379, priority, weight });

describe('nodes from DNS', () => {
  test.each([
    ['no such name', Object.assign(new Error('queryX'), { code: 'ENOTFOUND' }), 'no such host'],
    ['no answer', Object.assign(new Error('queryX'), { code: 'ETIMEOUT' }), 'i/o timeout'],
  ])('%s', async (_name, error, why) => {
    const failing = () => Promise.reject(error);
    const message = `Cannot get nodes from SRV records lookup _etcd._tcp.example.com.: ${why}`;
    await expect(nodesFromSrv(settings, failing)).rejects.toThrow(message);
  });

  test('an empty answer', async () => {
    await expect(nodesFromSrv(settings, () => Promise.resolve([]))).rejects.toThrow('no such host');
  });

  test.each([
    [{ ...settings }, '_etcd._tcp.example.com.'],
    [{ ...settings, srvRecord: '_x._tcp.a.' }, '_x._tcp.a.'],
    [{ ...settings, srvDomain: '' }, ''],
    [{ ...settings, backend: 'env' }, ''],
  ])('name %#', (given, name) => {
    expect(srvNameOf(given)).toBe(name);
  });

  test('by priority, then drawn by weight', async () => {
    const records = [record('late.', 20, 1), record('light.', 10, 1), record('heavy.', 10, 9), record('::1', 30, 0)];
    const nodes = await nodesFromSrv(
      settings,
      () => Promise.resolve(records),
      () => 0.5,
    );
    const expected = ['heavy', 'light', 'late', '[::1]'].map((host) => `https://${host}:2379`);
    expect(nodes).toEqual(expected);
  });
});

describe('nodes when none are set', () => {
  test.each([
    ['etcd', {}, ['http://127.0.0.1:4001']],
    ['etcd', { ETCDCTL_PEERS: 'http://a:1,b:2' }, ['http://a:1', 'b:2']],
    ['etcdv3', { ETCDCTL_PEERS: 'http://a:1' }, ['127.0.0.1:2379']],
    ['env', {}, []],
  ] as [string, Record<string, string>, string[]][])('%s %j', (backend, env, expected) => {
    expect(defaultNodes(backend, new Map(Object.entries(env)))).toEqual(expected);
  });
});
