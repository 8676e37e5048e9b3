import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createTls } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { etcdBackend } from '../../../src/backend/etcd/v2.ts';
import { etcd3Backend } from '../../../src/backend/etcd/v3.ts';
import { speaksTls } from '../../../src/backend/net/tls-probe.ts';
import { Etcd3Server } from '../../helpers/etcd3-server.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { freePort } from '../../helpers/port.mjs';

const certs = join(import.meta.dirname, '../../helpers/certs');
const pem = (name: string) => readFileSync(join(certs, name));
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server & { closeAllConnections?: () => void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections?.();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const secure = (more: object = {}) => listen(createTls({ cert: pem('server.pem'), key: pem('server.key'), ...more }));
const picky = () => secure({ ca: pem('ca.pem'), requestCert: true });
const plain = () => listen(createHttp((_request, response) => response.end('hello')));
const rude = () => listen(createServer((socket) => socket.destroy()));
const mute = () => listen(createServer((socket) => socket.on('error', () => undefined).resume()));

test.each([
  ['TLS', secure, true],
  ['TLS that asks for a client certificate', picky, true],
  ['plain HTTP', plain, false],
  ['one who cuts', rude, false],
  ['one who says nothing', mute, false],
  ['nobody', freePort, false],
] as const)('%s', async (_name, start, expected) => {
  const ms = start === mute ? 100 : 10_000;
  expect(await speaksTls({ host: '127.0.0.1', port: await start() }, ms)).toBe(expected);
});

describe('TLS where none is spoken, and the reverse', () => {
  const never = new AbortController().signal;
  const tls = { caFile: join(certs, 'ca.pem'), certFile: '', keyFile: '', insecure: false };
  const v3Plain = async () => {
    const server = await Etcd3Server.start();
    closers.push(() => server.close());
    return server.port;
  };

  test.each([
    ['v2', 'http', secure, 'the server uses TLS on this port: write https://'],
    ['v3', 'http', secure, 'the server uses TLS on this port: write https://'],
    ['v2', 'https', plain, 'the server does not use TLS on this port: write http://'],
    ['v3', 'https', plain, 'the server does not use TLS on this port: write http://'],
    ['v3', 'https', v3Plain, /the server does not use TLS on this port: write http:|the connection broke/],
    ['v2', 'http', rude, 'the connection broke'],
  ] as const)('%s by %s', async (api, scheme, start, words) => {
    const open = api === 'v2' ? etcdBackend : etcd3Backend;
    const backend = await open(etcdSettings([`${scheme}://127.0.0.1:${await start()}`], { tls }));
    closers.push(() => backend.close());
    await expect(readSnapshot(backend, ['/k'], never)).rejects.toThrow(words);
  });
});

describe('a file that is not there is an error, whatever the scheme', () => {
  const files = { caFile: '', certFile: '', keyFile: '', insecure: false };
  const rows = ['http', 'https'].flatMap((scheme) =>
    ([etcdBackend, etcd3Backend] as const).flatMap((open) => [
      [scheme, open, { caFile: '/none' }, 'cannot read the CA file: ENOENT'] as const,
      [
        scheme,
        open,
        { certFile: '/none', keyFile: '/none' },
        'cannot read the client certificate file: ENOENT',
      ] as const,
      [scheme, open, { certFile: '/none' }, 'cannot read the client certificate file: ENOENT'] as const,
      [scheme, open, { keyFile: '/none' }, 'cannot read the client key file: ENOENT'] as const,
      [
        scheme,
        open,
        { certFile: join(certs, 'client.pem'), keyFile: '/none' },
        'cannot read the client key file',
      ] as const,
    ]),
  );
  test.each(rows)('%s %p %j', async (scheme, open, some, words) => {
    const settings = etcdSettings([`${scheme}://127.0.0.1:1`], { tls: { ...files, ...some } });
    await expect(open(settings)).rejects.toMatchObject({
      code: 'settings',
      message: expect.stringContaining(words) as unknown,
    });
  });
});
