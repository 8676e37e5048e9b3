import { describe, expect, test } from '@jest/globals';
import { etcdUsage, readSettings } from '../../src/cli/etcdflags.ts';

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  readSettings(args, new Map(Object.entries(env)));

describe('what cannot be honoured stops the start', () => {
  test.each([
    [['-bogus'], 'flag provided but not defined: -bogus'],
    [['-name'], 'flag needs an argument: -name'],
    [['-v=maybe'], 'invalid boolean value "maybe" for -v: parse error'],
    [['serve'], 'unexpected argument: serve'],
    [['-addr', '127.0.0.1'], '-addr 127.0.0.1: not host:port'],
    [['-addr', 'http://127.0.0.1:4001'], 'not host:port (no scheme, no path)'],
    [['-addr', '127.0.0.1:70000'], 'not host:port'],
    [['-bind-addr', ':4444'], '-bind-addr :4444: an IP address is required'],
    [['-cert-file', 'c', '-key-file', 'k'], 'this release serves plain HTTP only'],
    [['-config', 'etcd.conf'], 'use flags or ETCD_* variables'],
    [['-peers', '10.0.0.1:7001'], 'a single node'],
    [['-discovery', 'http://etcd.local/x'], 'a single node'],
    [['-f'], 'deletes the data directory'],
  ])('%j', (args, message) => {
    expect(() => read(args)).toThrow(message);
  });

  test('also when a variable asks for it', () => {
    expect(() => read([], { ETCD_CA_FILE: 'ca.crt' })).toThrow('-ca-file: this release serves plain HTTP only');
  });
});

const loopback = (port: number) => ({ host: '127.0.0.1', port });

describe('where it listens', () => {
  test.each([
    [[], [loopback(4001), loopback(2379)], []],
    [['-addr', '127.0.0.1:5'], [loopback(5)], ['http://127.0.0.1:5']],
    [['-addr=10.0.0.1:5', '--bind-addr', '127.0.0.1'], [loopback(5)], ['http://10.0.0.1:5']],
    [['-bind-addr', '127.0.0.1'], [loopback(4001)], []],
    [['-bind-addr', '127.0.0.1:1, [::1]:2'], [loopback(1), { host: '::1', port: 2 }], []],
  ])('%j', (args, listen, clientUrls) => {
    expect(read(args)).toMatchObject({ listen, clientUrls });
  });
});

describe('variables', () => {
  test('count where no flag is given', () => {
    const env = {
      ETCD_NAME: ' n1 ',
      ETCD_ADDR: '127.0.0.1:1',
      ETCD_CORS: 'http://a.com, *,',
      ETCD_VERBOSE: 'no',
      OTHER: 'x',
    };
    expect(read(['-addr', '127.0.0.1:2'], env)).toMatchObject({
      name: 'n1',
      listen: [loopback(2)],
      cors: ['http://a.com', '*'],
      verbose: true,
    });
  });

  test('that are empty, 0 or false say nothing', () => {
    expect(
      read([], { ETCD_NAME: ' ', ETCD_VERBOSE: '0', ETCD_VERY_VERBOSE: 'false', ETCD_DATA_DIR: '' }),
    ).toMatchObject({
      name: 'default',
      verbose: false,
      warnings: [],
    });
  });
});

test('flags without effect say so, once each', () => {
  const { warnings } = read([
    '-data-dir',
    'd',
    '-snapshot',
    '-peer-heartbeat-interval',
    '50',
    '-http-write-timeout=10.0',
  ]);
  expect(warnings).toEqual([
    '-data-dir has no effect: this release keeps data in memory only, it is gone when mini-etcd stops',
    '-snapshot has no effect: this release keeps data in memory only, it is gone when mini-etcd stops',
    '-http-write-timeout has no effect: watches are never cut off',
    '-peer-heartbeat-interval has no effect: a single node has no peers',
  ]);
});

test('the help names every flag', () => {
  expect(etcdUsage()).toMatch(/^Usage of mini-etcd:\n {2}-addr host:port\n/);
});
