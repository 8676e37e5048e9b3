import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { routeOf } from '../../../src/backend/net/proxy.ts';

interface Row {
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly proxy?: string;
  readonly userinfo?: string;
  readonly error?: string;
}

const rows = JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/proxy.json'), 'utf8')) as Row[];
/** Go makes "http://http:" of an address that it cannot read, or takes no notice of it. */
const unreadable = /abc|%zz|\[::1$/;
const mapOf = (env: Row['env']) => new Map(Object.entries(env));

test('as net/http has it', () => {
  // LOCALHOST is another name than localhost to Go; here it is loopback, too.
  const isSound = ({ env, url }: Row) =>
    !url.includes('LOCALHOST') && !Object.values(env).some((value) => unreadable.test(value));
  const sound = rows.filter(isSound);
  expect(sound.length).toBeGreaterThan(450);
  for (const row of sound) {
    const route = () => routeOf(mapOf(row.env))(new URL(row.url));
    if (row.error === undefined) {
      const proxy = route();
      const userinfo = row.userinfo ?? (row.proxy === undefined ? undefined : '');
      const port = (text: string | undefined) => text?.replace(/^(http:\/\/[^:]*):80$/, '$1').toLowerCase();
      expect([row.env, row.url, proxy?.label, proxy?.userinfo]).toEqual([row.env, row.url, port(row.proxy), userinfo]);
    } else expect(route).toThrow(row.error);
  }
});

describe('what is no proxy', () => {
  test.each(['http://me:hunter2@p:abc', 'http://[::1', '%zz', 'ftp://p', 'http:/me:hunter2@p', 'http//me:hunter2@p'])(
    '%s',
    (text) => {
      const ask = () => routeOf(new Map([['HTTP_PROXY', text]]))(new URL('http://h'));
      expect(ask).toThrow(/^HTTP_PROXY: ".*" is not a proxy: expected http:/);
      expect(ask).not.toThrow('hunter2');
      expect(routeOf(new Map([['HTTP_PROXY', text]]))(new URL('http://localhost'))).toBeNull();
    },
  );
});

test.each([
  ['p', 'http', 'p', 80],
  ['https://p', 'https', 'p', 443],
  ['socks5://p', 'socks5', 'p', 1080],
  ['socks5h://p:1', 'socks5', 'p', 1],
  ['http://[fd00::1]:3128', 'http', 'fd00::1', 3128],
])('%s', (text, kind, host, port) => {
  expect(routeOf(new Map([['https_proxy', text]]))(new URL('https://h'))).toMatchObject({ kind, host, port });
});
