import { describe, expect, test } from '@jest/globals';
import { nodesFromSrv, srvNameOf } from '../../../src/backend/net/srv.ts';

const settings = { backend: 'etcd', srvDomain: 'example.com', srvRecord: '' };
const name = srvNameOf(settings);
const record = (name: string, priority: number, weight: number) => ({ name, port: 2379, priority, weight });

describe('nodes from DNS', () => {
  test.each([
    ['no such name', Object.assign(new Error('queryX'), { code: 'ENOTFOUND' }), 'no such host'],
    ['no answer', Object.assign(new Error('queryX'), { code: 'ETIMEOUT' }), 'i/o timeout'],
  ])('%s', async (_name, error, why) => {
    const failing = () => Promise.reject(error);
    const message = `Cannot get nodes from SRV records lookup _etcd._tcp.example.com.: ${why}`;
    await expect(nodesFromSrv(name, failing)).rejects.toThrow(message);
  });

  test('an empty answer', async () => {
    await expect(nodesFromSrv(name, () => Promise.resolve([]))).rejects.toThrow('no such host');
  });

  test.each([
    [{ ...settings }, '_etcd._tcp.example.com.'],
    [{ ...settings, srvRecord: '_x._tcp.a.' }, '_x._tcp.a.'],
    [{ ...settings, srvDomain: '' }, ''],
  ])('name %#', (given, expected) => {
    expect(srvNameOf(given)).toBe(expected);
  });

  test('by priority, then drawn by weight', async () => {
    const records = [record('late.', 20, 1), record('light.', 10, 1), record('heavy.', 10, 9), record('::1', 30, 0)];
    const nodes = await nodesFromSrv(
      name,
      () => Promise.resolve(records),
      () => 0.5,
    );
    const expected = ['heavy', 'light', 'late', '[::1]'].map((host) => `${host}:2379`);
    expect(nodes).toEqual(expected);
  });
});
