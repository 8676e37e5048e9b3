import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { serve } from '../../helpers/mini-etcd.ts';
import { converse } from '../wire.mjs';

const close = 'Connection: close\r\n';

describe('bytes that no client should send', () => {
  const rows = [
    { what: 'no HTTP at all', bytes: '\x00\x01\x02\r\n\r\n', status: 'HTTP/1.1 400 Bad Request' },
    {
      what: 'a TLS greeting',
      bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      status: 'HTTP/1.1 400 Bad Request',
    },
    {
      what: 'a broken escape',
      bytes: `GET /v2/keys/%zz HTTP/1.1\r\nHost: x\r\n\r\n`,
      status: 'HTTP/1.1 400 Bad Request',
    },
    { what: 'no Host', bytes: 'GET /v2/keys HTTP/1.1\r\n\r\n', status: 'HTTP/1.1 400 Bad Request' },
    {
      what: 'a head of more than 64 kB',
      bytes: `GET /v2/keys/${'k'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      status: 'HTTP/1.1 431',
    },
    {
      what: 'a body longer than it says',
      bytes: `PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nxGARBAGE\r\n\r\n`,
      status: 'HTTP/1.1 201 Created',
    },
    {
      what: 'two different lengths',
      bytes: `PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
      status: 'HTTP/1.1 400 Bad Request',
    },
    {
      what: 'a number that would take for ever',
      bytes: `GET /v2/keys/a?waitIndex=${'9'.repeat(60_000)} HTTP/1.1\r\nHost: x\r\n${close}\r\n`,
      status: 'HTTP/1.1 400 Bad Request',
    },
    { what: 'a method of another protocol', bytes: `CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`, status: '' },
  ];
  test.each(rows)('$what', async ({ bytes, status }) => {
    await using served = await serve();
    const answer = await converse(served, bytes).catch(() => '');
    expect(answer.slice(0, status.length)).toBe(status);
    expect((await served.ask('GET =/health')).body).toBe('{"health":"true"}');
  });

  test('a client that leaves in the middle of its body changes nothing', async () => {
    await using served = await serve();
    const socket = connect({ host: served.host, port: served.port });
    socket.write(
      'PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nvalue=1',
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect((await served.ask('GET /a')).status).toBe('404 Not Found');
    expect(served.server.keyspace.index).toBe(3);
  });
});

test('a form that is too long is refused before it has come to its end', async () => {
  await using served = await serve();
  const socket = connect({ host: served.host, port: served.port });
  const type = 'Content-Type: application/x-www-form-urlencoded';
  socket.write(`PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: 99999999\r\n\r\nvalue=`);
  socket.write('v'.repeat(10 * 1024 * 1024));
  const answer = await new Promise<string>((resolve) =>
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
    }),
  );
  expect(answer).toContain('"errorCode":210,"message":"Invalid POST form","cause":"http: POST too large"');
  socket.destroy();
});

describe('bytes that old clients send', () => {
  const put = 'Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';
  const rows = [
    { what: 'HTTP/1.0', bytes: 'GET /v2/keys HTTP/1.0\r\n\r\n', says: '{"action":"get","node":{"dir":true}}' },
    {
      what: 'an absolute address',
      bytes: `GET http://x/v2/keys HTTP/1.1\r\nHost: x\r\n${close}\r\n`,
      says: '"dir":true',
    },
    {
      what: 'a chunked body',
      bytes: `PUT /v2/keys/a HTTP/1.1\r\n${put}${close}Transfer-Encoding: chunked\r\n\r\n7\r\nvalue=1\r\n0\r\n\r\n`,
      says: '"value":"1"',
    },
    {
      what: 'an expectation',
      bytes: `PUT /v2/keys/a HTTP/1.1\r\n${put}${close}Expect: 100-continue\r\nContent-Length: 7\r\n\r\nvalue=1`,
      says: '"value":"1"',
    },
    {
      what: 'a long key',
      bytes: `PUT /v2/keys/${'k'.repeat(60_000)} HTTP/1.1\r\nHost: x\r\n${close}\r\n`,
      says: 'kkk","value":""',
    },
  ];
  test.each(rows)('$what', async ({ bytes, says }) => {
    await using served = await serve();
    expect(await converse(served, bytes)).toContain(says);
  });
});
