import { describe, expect, test } from '@jest/globals';
import { consulEntry } from '../../../src/backend/consul/entry.ts';
import { loginOf, namespaceOf, tlsOf, tokenOf } from '../../../src/backend/consul/environment.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

const env = (values: Record<string, string>) => new Map(Object.entries(values));

test.each([
  [{}, '127.0.0.1:8500'],
  [{ CONSUL_HTTP_ADDR: '' }, '127.0.0.1:8500'],
  [{ CONSUL_HTTP_ADDR: 'c:1' }, 'c:1'],
  [{ CONSUL_HTTP_SSL: 'true' }, 'https://127.0.0.1:8500'],
  [{ CONSUL_HTTP_ADDR: 'c:1', CONSUL_HTTP_SSL: '1' }, 'https://c:1'],
  [{ CONSUL_HTTP_ADDR: 'http://c:1', CONSUL_HTTP_SSL: 'true' }, 'http://c:1'],
  [{ CONSUL_HTTP_ADDR: 'c:1', CONSUL_HTTP_SSL: 'false' }, 'c:1'],
  [{ CONSUL_HTTP_ADDR: 'c:1', CONSUL_HTTP_SSL: 'yes' }, 'c:1'],
])('with %j and no node %s is asked', (values, node) => {
  expect(consulEntry.defaultNodes!(env(values))).toEqual([node]);
});

describe('the token', () => {
  const both = { CONSUL_HTTP_TOKEN: 'env', CONSUL_HTTP_TOKEN_FILE: '/env' };
  test.each([
    [{ token: '', file: '' }, {}, { token: '', file: '' }],
    [{ token: '', file: '' }, both, { token: 'env', file: '/env' }],
    [{ token: 'flag', file: '' }, both, { token: 'flag', file: '' }],
    [{ token: '', file: '/flag' }, both, { token: '', file: '/flag' }],
  ])('given %j, with %j in the environment', (given, values, counts) => {
    expect(tokenOf(given, env(values))).toEqual(counts);
  });
});

describe('user and password', () => {
  const none = { basicAuth: false, username: '', password: '', passwordFile: '' };
  const given = { basicAuth: true, username: 'u', password: 'p', passwordFile: '' };
  test.each([
    [none, '', none],
    [given, 'me:pw', given],
    [{ ...given, basicAuth: false }, 'me:pw', { ...none, basicAuth: true, username: 'me', password: 'pw' }],
    [none, 'me:p:w', { ...none, basicAuth: true, username: 'me', password: 'p:w' }],
    [none, 'me', { ...none, basicAuth: true, username: 'me' }],
  ])('given %j, with %j in CONSUL_HTTP_AUTH', (from, text, counts) => {
    expect(loginOf(from, env({ CONSUL_HTTP_AUTH: text }))).toEqual(counts);
  });
});

describe('TLS', () => {
  const none = { caFile: '', certFile: '', keyFile: '', insecure: false };
  const all = {
    CONSUL_CACERT: 'ca',
    CONSUL_CAPATH: 'cas',
    CONSUL_CLIENT_CERT: 'cert',
    CONSUL_CLIENT_KEY: 'key',
    CONSUL_TLS_SERVER_NAME: 'name',
  };
  test.each([
    [none, {}, { ...none, serverName: '' }],
    [none, all, { caFile: 'ca', certFile: 'cert', keyFile: 'key', insecure: false, serverName: 'name' }],
    [none, { CONSUL_CAPATH: 'cas' }, { ...none, caFile: 'cas', serverName: '' }],
    [none, { CONSUL_CLIENT_CERT: 'cert' }, { ...none, serverName: '' }],
    [
      { caFile: 'a', certFile: 'c', keyFile: 'k', insecure: false },
      all,
      { caFile: 'a', certFile: 'c', keyFile: 'k', insecure: false, serverName: 'name' },
    ],
    [none, { CONSUL_HTTP_SSL_VERIFY: 'false' }, { ...none, insecure: true, serverName: '' }],
    [none, { CONSUL_HTTP_SSL_VERIFY: '1' }, { ...none, serverName: '' }],
  ])('given %j, with %j in the environment', (given, values, counts) => {
    expect(tlsOf(given, env(values), memoryLog())).toEqual(counts);
  });

  test('a variable that is neither true nor false is said', () => {
    const log = memoryLog();
    expect(tlsOf(none, env({ CONSUL_HTTP_SSL_VERIFY: 'no' }), log).insecure).toBe(false);
    expect(log.lines).toEqual(['WARNING CONSUL_HTTP_SSL_VERIFY is neither true nor false: it is ignored']);
  });
});

test('the namespace and the partition', () => {
  expect(namespaceOf(env({}))).toEqual({ namespace: '', partition: '' });
  expect(namespaceOf(env({ CONSUL_NAMESPACE: 'n', CONSUL_PARTITION: 'p' }))).toEqual({
    namespace: 'n',
    partition: 'p',
  });
});

test.each([
  ['c', 1],
  ['me:pw@c', 1],
  ['c:8500', 0],
  ['c:8500/path', 0],
  ['http://c', 0],
  ['[::1]:8500', 0],
])('%s without a port is doubtful', (node, count) => {
  const doubts = consulEntry.doubts!({ nodes: [node] } as unknown as Parameters<
    NonNullable<typeof consulEntry.doubts>
  >[0]);
  expect(doubts.filter((doubt) => doubt.includes('port'))).toHaveLength(count);
  expect(doubts.join()).not.toContain('pw');
});
