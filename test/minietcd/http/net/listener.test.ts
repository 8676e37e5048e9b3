import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { copyFileSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultServerLimits } from '../../../../src/minietcd/http/net/limits.ts';
import { MiniEtcd } from '../../../../src/minietcd/server.ts';
import { waitFor } from '../../../helpers/confd.ts';
import { FakeClock } from '../../../helpers/fake-clock.ts';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';
import { converse } from '../../wire.mjs';

/** A connection that is written to by hand. */
class Wire {
  text = '';
  readonly closed: Promise<void>;
  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.text += chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    );
  }
}

const open = ({ host, port }: Served) => new Wire(connect({ host, port }));
const hurried = { limits: { ...defaultServerLimits, requestMs: 200 } };
const put = 'PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';

describe('what a client starts and does not finish ends, and others are served meanwhile', () => {
  test.each([
    ['nothing at all', ''],
    ['a head, line by line', 'GET /v2/keys/a HTTP/1.1\r\nHost: x\r\nX-A'],
    ['half a body', `${put}Content-Length: 100\r\n\r\nvalue=1`],
    ['half a chunk', `${put}Transfer-Encoding: chunked\r\n\r\n20\r\nvalue=1`],
  ])('%s', async (_what, bytes) => {
    await using served = await serve(undefined, hurried);
    const wires = Array.from({ length: 20 }, () => open(served));
    for (const wire of wires) wire.socket.write(bytes);
    expect((await served.ask('PUT /b value=1')).status).toBe('201 Created');
    await Promise.all(wires.map((wire) => wire.closed));
    for (const { text } of wires) expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect((await served.ask('GET /a')).status).toBe('404 Not Found');
  });
});

describe('bytes that break the rules', () => {
  const chunked = `${put}Transfer-Encoding: chunked\r\n\r\n`;
  test.each([
    ['a chunk whose size is no number', `${chunked}zz\r\nvalue=1\r\n`, '400 Bad Request'],
    ['a chunk whose size is endless', `${chunked}${'f'.repeat(40)}\r\nvalue=1\r\n`, '400 Bad Request'],
    ['a chunk longer than it says', `${chunked}3\r\nvalue=1\r\n0\r\n\r\n`, '400 Bad Request'],
    [
      'chunks and a length',
      `${put}Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nvalue=1`,
      '400 Bad Request',
    ],
    ['a length below nothing', `${put}Content-Length: -1\r\n\r\n`, '400 Bad Request'],
    ['a hundred thousand headers', `${put}${'a: b\r\n'.repeat(100_000)}\r\n`, '431 Request Header Fields Too Large'],
    ['one huge header', `${put}X-A: ${'a'.repeat(1_000_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
    ['a header with NUL', `${put}X-A: \x00\r\n\r\n`, '400 Bad Request'],
    ['a bare line feed', `GET /v2/keys/a HTTP/1.1\nHost: x\n\n`, '400 Bad Request'],
    ['a method that nobody knows', 'FOO /v2/keys/a HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
    ['the second version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 Bad Request'],
  ])('%s', async (_what, bytes, status) => {
    await using served = await serve(undefined, hurried);
    expect((await converse(served, bytes).catch(() => '')).split('\r\n', 1)).toEqual([`HTTP/1.1 ${status}`]);
    expect((await served.ask('GET =/health')).body).toBe('{"health":"true"}');
  });

  test('an upgrade is an ordinary request', async () => {
    await using served = await serve();
    const upgrade = 'Connection: upgrade, close\r\nUpgrade: websocket\r\n';
    const answer = await converse(served, `GET /health HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`).catch(() => '');
    expect(answer).toContain('{"health":"true"}');
  });
});

test('requests that come at once on one connection are answered in order', async () => {
  await using served = await serve();
  const wire = open(served);
  const one = (n: number) => `PUT /v2/keys/${n} HTTP/1.1\r\nHost: x\r\n\r\n`;
  wire.socket.write(Array.from({ length: 500 }, (_, n) => one(n)).join(''));
  wire.socket.write('GET /v2/keys/499 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await wire.closed;
  const keys = [...wire.text.matchAll(/"action":"set","node":\{"key":"\/(\d+)"/g)].map(([, n]) => Number(n));
  expect(keys).toEqual(Array.from({ length: 500 }, (_, n) => n));
});

describe('limits', () => {
  test('one connection too many is told so', async () => {
    await using served = await serve(undefined, { limits: { ...defaultServerLimits, connections: 2 } });
    const wires = [open(served), open(served)];
    await waitFor('both', () => served.server.load.connections === 2);
    expect(await converse(served, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*Connection: close\r\n[^]*too many connections: 2 are open\n$/,
    );
    for (const { socket } of wires) socket.destroy();
    await waitFor('room', () => served.server.load.connections === 0);
    expect((await served.ask('GET =/health')).status).toBe('200 OK');
  });

  test('one watcher too many is told so', async () => {
    await using served = await serve(undefined, { limits: { ...defaultServerLimits, watchers: 1 } });
    const first = open(served);
    first.socket.write('GET /v2/keys/a?wait=true HTTP/1.1\r\nHost: x\r\n\r\n');
    await waitFor('the watch', () => served.server.keyspace.watcherCount === 1);
    const refused = await served.ask('GET /a?wait=true');
    expect(refused.status).toBe('500 Internal Server Error');
    expect(refused.body).toContain('"errorCode":300,"message":"Raft Internal Error","cause":"too many watchers: 1 are');
    first.socket.destroy();
    await waitFor('room', () => served.server.keyspace.watcherCount === 0);
  });

  test('bodies that are too much together are refused, and then there is room again', async () => {
    await using served = await serve(undefined, { limits: { ...defaultServerLimits, arriving: 1000 } });
    const slow = open(served);
    slow.socket.write(`${put}Content-Length: 900\r\n\r\n${'x'.repeat(800)}`);
    await waitFor('the body', () => served.server.load.arriving === 800);
    expect((await served.ask(`PUT /b value=${'x'.repeat(500)}`)).body).toContain('too many uploads at once');
    slow.socket.destroy();
    await waitFor('room', () => served.server.load.arriving === 0);
    expect((await served.ask(`PUT /b value=${'x'.repeat(500)}`)).status).toBe('201 Created');
  });

  test('answers that nobody reads end, and what they hold is limited', async () => {
    const limits = { ...defaultServerLimits, answerMs: 5000, unread: 30_000_000 };
    await using served = await serve(undefined, { limits });
    // Who gets the same key shares one copy of it.
    for (let n = 0; n < 7; n++) await served.ask(`PUT /big${n} value=${'x'.repeat(9_000_000)}`);
    const wires = Array.from({ length: 6 }, () => open(served));
    for (const [n, wire] of wires.entries()) {
      wire.socket.pause();
      wire.socket.write(`GET /v2/keys/big${n} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    await waitFor('the limit', () => served.server.load.unread > 20_000_000);
    const told = await waitFor('a refusal', async () => {
      const answer = await served.ask('GET /big6');
      return answer.status === '503 Service Unavailable' ? answer.body : undefined;
    });
    expect(told).toContain('too many answers wait to be read');
    await waitFor('room', () => served.server.load.unread === 0);
    for (const { socket } of wires) socket.destroy();
    expect((await served.ask('GET /big6')).status).toBe('200 OK');
  });
});

const certs = join(import.meta.dirname, '../../../helpers/certs');
const pem = (name: string) => readFileSync(join(certs, `${name}.pem`), 'utf8');
const key = (name: string) => readFileSync(join(certs, `${name}.key`), 'utf8');
const files = (name: string, ca = '') => ({
  certFile: join(certs, `${name}.pem`),
  keyFile: join(certs, `${name}.key`),
  caFile: ca === '' ? '' : join(certs, `${ca}.pem`),
});

async function withTls(name: string, ca: string, use: (place: { host: string; port: number }) => Promise<void>) {
  const server = new MiniEtcd(new FakeClock());
  await server.listen([{ host: '127.0.0.1', port: 0 }], files(name, ca));
  expect(server.urls[0]).toMatch(/^https:/);
  await use({ host: '127.0.0.1', port: Number(new URL(server.urls[0]!).port) });
  await server.close();
}

/** The first line of the answer, or the client's error code. */
function askTls(place: { host: string; port: number }, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTls({ ...place, ca: pem('ca'), ...options });
    socket.on('secureConnect', () => socket.write('GET /version HTTP/1.0\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code!);
    });
    socket.on('close', () => {
      resolve(text.split('\r\n')[0]!);
    });
  });
}

describe('TLS', () => {
  const client = { cert: pem('client'), key: key('client') };
  test.each([
    ['no client certificate is asked for without a CA', '', {}, 'HTTP/1.1 200 OK'],
    ['and a strange one is not looked at', '', { cert: pem('stranger'), key: key('stranger') }, 'HTTP/1.1 200 OK'],
    ['one of the CA is let in', 'ca', client, 'HTTP/1.1 200 OK'],
    ['one that is for any purpose is let in', 'ca', { cert: pem('server'), key: key('server') }, 'HTTP/1.1 200 OK'],
    ['one that is for servers only is refused', 'serverauth', { cert: pem('serverauth'), key: key('serverauth') }, ''],
    ['none is refused', 'ca', {}, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
    ['none is refused, also by 1.2', 'ca', { maxVersion: 'TLSv1.2' as const }, ''],
    ['a stranger is refused', 'ca', { cert: pem('stranger'), key: key('stranger') }, ''],
    ['one that ended is refused', 'ca', { cert: pem('expired'), key: key('expired') }, ''],
    [
      'old versions are refused',
      '',
      { maxVersion: 'TLSv1.1' as const, minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' },
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    ],
    ['a client that does not know the CA leaves', '', { ca: pem('stranger-ca') }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('%s', async (_what, ca, options, first) => {
    await withTls('server', ca, async (place) => {
      const got = await askTls(place, options);
      if (first === '') expect(got).not.toContain('HTTP');
      else expect(got).toBe(first);
      if (ca !== 'serverauth') expect(await askTls(place, client)).toBe('HTTP/1.1 200 OK');
    });
  });

  test('plain HTTP to the port is closed without a byte', async () => {
    await withTls('server', '', async (place) => {
      expect(await converse(place, 'GET /version HTTP/1.0\r\n\r\n').catch(() => 'closed')).toMatch(/^(closed)?$/);
      expect(await askTls(place, {})).toBe('HTTP/1.1 200 OK');
    });
  });
});

test.each([
  ['it sent no certificate', 'ca', {}],
  ['it sent no certificate', 'ca', { maxVersion: 'TLSv1.2' as const }],
  ['its certificate has expired', 'ca', { cert: pem('expired'), key: key('expired') }],
  ['its certificate was not issued by a CA in the CA file', 'ca', { cert: pem('stranger'), key: key('stranger') }],
  ['its certificate is not for clients', 'serverauth', { cert: pem('serverauth'), key: key('serverauth') }],
])('who runs the server can know: %s', async (why, ca, options) => {
  const server = new MiniEtcd(new FakeClock());
  const told: string[] = [];
  server.onRefusedClient((reason) => told.push(reason));
  await server.listen([{ host: '127.0.0.1', port: 0 }], files('server', ca));
  await askTls({ host: '127.0.0.1', port: Number(new URL(server.urls[0]!).port) }, options);
  await waitFor('the reason', () => told.length > 0);
  expect(told).toEqual([expect.stringContaining(why)]);
  await server.close();
});

describe('files of TLS that cannot be used', () => {
  const empty = join(mkdtempSync(join(tmpdir(), 'tls-')), 'empty.pem');
  writeFileSync(empty, 'nothing\n');
  test.each([
    [
      'a missing certificate',
      { ...files('server'), certFile: '/nowhere.pem' },
      'cannot read the certificate file /nowhere.pem: no such file',
    ],
    [
      'a missing key',
      { ...files('server'), keyFile: '/nowhere.key' },
      'cannot read the key file /nowhere.key: no such file',
    ],
    ['a key of another', { ...files('server'), keyFile: files('client').keyFile }, 'it does not match the certificate'],
    ['no PEM', { ...files('server'), certFile: empty }, `the certificate file ${empty} cannot be used: it is not PEM`],
    [
      'a CA without certificates',
      { ...files('server'), caFile: empty },
      `the CA file ${empty} holds no PEM certificate`,
    ],
  ])('%s', async (_what, given, message) => {
    const server = new MiniEtcd(new FakeClock());
    await expect(server.listen([{ host: '127.0.0.1', port: 0 }], given)).rejects.toThrow(message);
    expect(server.urls).toEqual([]);
    await server.close();
  });
});

test('changed certificates serve new connections, and open ones stay', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const own = { certFile: join(folder, 'c.pem'), keyFile: join(folder, 'c.key'), caFile: '' };
  const install = (name: string) => {
    copyFileSync(join(certs, `${name}.pem`), own.certFile);
    copyFileSync(join(certs, `${name}.key`), own.keyFile);
  };
  install('server');
  const clock = new FakeClock();
  const server = new MiniEtcd(clock);
  await server.listen([{ host: '127.0.0.1', port: 0 }], own);
  const place = { host: '127.0.0.1', port: Number(new URL(server.urls[0]!).port) };
  const told: string[] = [];
  const following = server.followTls((error) => told.push(error?.message ?? 'reloaded'));
  const kept = new Wire(connectTls({ ...place, ca: pem('ca') }));
  const ask = 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n';
  const answers = (count: number) =>
    waitFor(`answer ${count}`, () => kept.text.split('HTTP/1.1 200 OK').length === count + 1);
  kept.socket.write(ask);
  await answers(1);
  install('other-name');
  await waitFor('the reload', async () => (await clock.advance(5000), told.length > 0));
  expect(await askTls(place, {})).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  writeFileSync(own.certFile, 'nothing');
  utimesSync(own.certFile, 1, 1);
  await waitFor('the fault', async () => (await clock.advance(5000), told.length > 1));
  expect(told).toEqual(['reloaded', `the certificate file ${own.certFile} cannot be used: it is not PEM`]);
  expect(await askTls(place, { checkServerIdentity: () => undefined })).toBe('HTTP/1.1 200 OK');
  install('server');
  await server.reloadTls();
  expect(await askTls(place, {})).toBe('HTTP/1.1 200 OK');
  kept.socket.write(ask);
  await answers(2);
  kept.socket.destroy();
  await server.close();
  await following;
});
