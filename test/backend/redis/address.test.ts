import { expect, test } from '@jest/globals';
import { parseAddress } from '../../../src/backend/redis/address.ts';

test.each(['', 'host:port', 'h:1/abc', 'http://h:1', 'redis://:secret@', 'h:1/-1', 'redis://u:%zz@h', 'h:99999'])(
  '%j is no node, and shows no password',
  (text) => {
    expect(() => parseAddress(text)).toThrow(/is not a node of redis/);
    expect(() => parseAddress(text)).not.toThrow(/secret/);
  },
);

const login = { username: '', password: '' };
test.each([
  ['h', { host: 'h', port: 6379, database: 0, isTls: null, path: null, ...login }],
  ['h:7379/5', { host: 'h', port: 7379, database: 5 }],
  ['[::1]:7', { host: '::1', port: 7 }],
  ['redis://h', { isTls: false, port: 6379 }],
  ['rediss://u:p%40w@h:1/2', { isTls: true, username: 'u', password: 'p@w', database: 2 }],
  ['redis://:pw@h?db=3', { username: '', password: 'pw', database: 3 }],
  ['/run/redis.sock', { path: '/run/redis.sock', database: 0 }],
  ['unix:///run/redis.sock?db=4', { path: '/run/redis.sock', database: 4 }],
])('%s', (text, parts) => {
  expect(parseAddress(text)).toMatchObject(parts);
});

test('a label has no credentials', () => {
  expect(parseAddress('redis://u:secret@h:1').label).not.toContain('secret');
});
