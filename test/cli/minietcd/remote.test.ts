import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createTls } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Remote } from '../../../src/cli/minietcd/remote.ts';
import { serve } from '../../helpers/mini-etcd.ts';
import { freePort } from '../../helpers/port.mjs';

const certs = join(import.meta.dirname, '../../helpers/certs');
const noFiles = { caFile: '', certFile: '', keyFile: '', insecure: false };

describe('an address that is none', () => {
  test.each(['', 'nonsense', 'ftp://127.0.0.1:1', 'http://', 'http://a:99999', 'http://a/b'])('%s', async (url) => {
    await expect(Remote.open(url, noFiles, 1000)).rejects.toThrow(`-url ${url}: not http://host:port`);
  });
});

test.each([
  [{ caFile: '/nowhere' }, '/nowhere'],
  [{ caFile: join(certs, 'server.key') }, 'server.key'],
  [{ certFile: join(certs, 'client.pem'), keyFile: join(certs, 'server.key') }, 'server.key'],
])('files that are not: %j', async (files, named) => {
  await expect(Remote.open('https://127.0.0.1:1', { ...noFiles, ...files }, 1000)).rejects.toThrow(named);
});

test('TLS where none is spoken, and the reverse', async () => {
  const tls = createTls({
    cert: readFileSync(join(certs, 'server.pem')),
    key: readFileSync(join(certs, 'server.key')),
  });
  const plain = createHttp((_request, response) => response.end());
  for (const [server, scheme, words] of [
    [tls, 'http', 'it uses TLS: write https://'],
    [plain, 'https', 'it does not use TLS: write http://'],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const remote = await Remote.open(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, noFiles, 5000);
    await expect(remote.ask('GET', '/')).rejects.toThrow(words);
    remote.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('servers that are no etcd', () => {
  const manners = new Map<string, (socket: Socket) => void>([
    ['it sent nothing for 0.2 s', () => undefined],
    ['it is not an HTTP server', (socket) => socket.end('SSH-2.0-x\r\n')],
    ['its answer was cut off', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"node":')],
    ['socket hang up', (socket) => socket.end()],
  ]);
  const servers = new Map<string, Server>();
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    for (const [why, manner] of manners) {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket
          .on('error', () => undefined)
          .once('data', () => {
            manner(socket);
          });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.set(why, server);
    }
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.values()) server.close();
  });

  test.each([...manners.keys()])('%s', async (why) => {
    const url = `http://127.0.0.1:${(servers.get(why)!.address() as AddressInfo).port}`;
    const remote = await Remote.open(url, noFiles, 200);
    await expect(remote.ask('GET', '/')).rejects.toThrow(`request to ${url} failed: ${why}`);
    remote.close();
  });

  test('no program listens there', async () => {
    const remote = await Remote.open(`http://127.0.0.1:${await freePort()}/`, noFiles, 1000);
    await expect(remote.ask('GET', '/')).rejects.toThrow(
      /^request to http:\/\/127\.0\.0\.1:\d+ failed: no program listens there$/,
    );
    remote.close();
  });

  test('TLS where there is none', async () => {
    await using served = await serve();
    const remote = await Remote.open(`https://127.0.0.1:${served.port}`, noFiles, 1000);
    await expect(remote.ask('GET', '/')).rejects.toThrow(`request to https://127.0.0.1:${served.port} failed: `);
    remote.close();
  });
});

test('a password in the address is not shown, a long refusal is cut', async () => {
  const remote = await Remote.open('http://me:secret@127.0.0.1:1', noFiles, 1000);
  expect(remote.label).toBe('http://***@127.0.0.1:1');
  const { message } = remote.refusal('/k', { status: 404, body: `<html>${'x'.repeat(500)}\n<body>` });
  expect(message).toBe(`http://***@127.0.0.1:1 refuses /k: 404 <html>${'x'.repeat(194)}`);
  remote.close();
});
