import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { waitFor } from '../../../helpers/confd.ts';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';
import { plainAnswers } from '../../conversations.mjs';
import { converse } from '../../wire.mjs';

const request = (line: string, headers = '') => `${line} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const wait = request('GET /v2/keys/a?wait=true');
const last = request('GET /version', 'Connection: close\r\n');

/** Sends bytes that begin with a watch on /a, and gives the socket and what it has received once the watch stands. */
async function waiting(served: Served, bytes: string): Promise<{ socket: Socket; heard: string[] }> {
  const socket = connect({ host: served.host, port: served.port });
  const heard: string[] = [];
  socket.setEncoding('latin1').on('data', (text: string) => heard.push(text));
  socket.write(bytes);
  await waitFor('the watch', () => served.server.keyspace.watcherCount === 1);
  return { socket, heard };
}

const statuses = (text: string) => plainAnswers(text).map(({ status }) => status);

test.each([
  ['no request', 'garbage\r\n\r\n', [201, 400]],
  ['a body that breaks', request('PUT /v2/keys/b', 'Transfer-Encoding: chunked\r\n') + 'zz\r\n', [201, 400]],
  ['a body that cannot be read', request('PUT /v2/keys/b', 'Transfer-Encoding: gzip\r\n') + 'zz\r\n', [201, 400]],
  ['more after the last', last + 'garbage\r\n\r\n', [201, 200]],
])('%s is told of after the answer to what came before', async (_what, bytes, wanted) => {
  await using served = await serve();
  expect(statuses(await converse(served, request('PUT /v2/keys/a?value=1') + bytes))).toEqual(wanted);
  expect(served.server.keyspace.index).toBe(4);
});

test('what comes behind a watch waits for its event, be it a request or none', async () => {
  await using served = await serve();
  const { socket, heard } = await waiting(served, `${wait}${request('PUT /v2/keys/b?value=1')}garbage\r\n\r\n`);
  expect((await served.ask('GET /b')).status).toBe('404 Not Found');
  expect(statuses(heard.join(''))).toEqual([200]);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await served.ask('PUT /a value=1');
  await ended;
  expect(statuses(heard.join(''))).toEqual([200, 201, 400]);
});

test('more of them than are read at once are all answered', async () => {
  await using served = await serve();
  const { socket, heard } = await waiting(served, wait + request('GET /version').repeat(5000) + last);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await served.ask('PUT /a value=1');
  await ended;
  expect(statuses(heard.join(''))).toEqual(Array.from({ length: 5002 }, () => 200));
});

test('a client that leaves takes along what waits', async () => {
  await using served = await serve();
  const { socket } = await waiting(served, wait + request('PUT /v2/keys/b?value=1'));
  socket.destroy();
  await waitFor('its end', () => served.server.keyspace.watcherCount === 0);
  await served.ask('PUT /a value=1');
  expect((await served.ask('GET /b')).status).toBe('404 Not Found');
});
