import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultServerLimits } from '../../../../src/minietcd/http/net/limits.ts';
import { waitFor } from '../../../helpers/confd.ts';
import { FakeClock } from '../../../helpers/fake-clock.ts';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';

const head = 'PUT /v2/keys/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';
const limits = { ...defaultServerLimits, arriving: 1_000_000 };
const opened: { destroy: () => void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** A client that sends so much of a long body, and then waits. */
function stall(served: Served, bytes: number) {
  const socket = connect({ host: served.host, port: served.port });
  const client = {
    socket,
    heard: '',
    send: (more: number) => socket.write('x'.repeat(more)),
    destroy: () => socket.destroy(),
  };
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text: string) => (client.heard += text));
  socket.write(`${head}Content-Length: 5000000\r\n\r\nvalue=${'x'.repeat(bytes - 6)}`);
  opened.push(client);
  return client;
}

const put = (served: Served, bytes: number) => served.ask(`PUT /b value=${'x'.repeat(bytes)}`);

describe('where no more may arrive', () => {
  test('uploads that stall give way, the one that stalled first before the others', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock, { limits });
    const first = stall(served, 300_000);
    await waitFor('its bytes', () => served.server.load.arriving === 300_000);
    await clock.advance(500);
    const second = stall(served, 300_000);
    await waitFor('its bytes', () => served.server.load.arriving === 600_000);
    await clock.advance(400);
    first.send(100_000);
    await waitFor('its bytes', () => served.server.load.arriving === 700_000);
    // Nobody has stalled for a second yet.
    expect((await put(served, 400_000)).body).toContain('too many uploads at once: try again later');
    await clock.advance(700);
    expect((await put(served, 400_000)).status).toBe('201 Created');
    expect(second.heard).toContain('too many uploads at once, and this one stalled: try again later');
    expect(first.heard).toBe('');
    await waitFor('room', () => served.server.load.arriving === 400_000);
    await clock.advance(1000);
    expect((await put(served, 900_000)).status).toBe('200 OK');
    expect(first.heard).toContain('this one stalled');
    expect(served.server.load.arriving).toBe(0);
    expect((await served.ask('GET /a')).status).toBe('404 Not Found');
  });

  test('one that drips stalls too', async () => {
    const clock = new FakeClock();
    await using served = await serve(clock, { limits });
    const slow = stall(served, 900_000);
    await waitFor('its bytes', () => served.server.load.arriving === 900_000);
    for (let i = 1; i <= 4; i++) {
      await clock.advance(300);
      slow.send(1000);
      await waitFor('its bytes', () => served.server.load.arriving === 900_000 + 1000 * i);
    }
    expect((await put(served, 400_000)).status).toBe('201 Created');
  });
});

test('a body counts until it is dealt with, not only until it has arrived', async () => {
  const clock = new FakeClock();
  await using served = await serve(clock, { limits });
  const seen: number[] = [];
  served.server.keyspace.onChange(() => seen.push(served.server.load.arriving));
  await put(served, 500_000);
  expect(seen).toEqual([500_006]);
  expect(served.server.load.arriving).toBe(0);
});

test('a body in many small chunks is put together', async () => {
  await using served = await serve();
  const value = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
  const socket = connect({ host: served.host, port: served.port });
  opened.push(socket);
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n6\r\nvalue=\r\n`);
  for (const char of value) socket.write(`1\r\n${char}\r\n`);
  socket.write('0\r\n\r\n');
  await waitFor('the change', async () => (await served.ask('GET /a')).body.includes(`"value":"${value}"`));
});

test.each(['POST =/v2/members', 'PUT =/v2/auth/users/u', 'PUT =/config/local/log', 'PUT =/v2/admin/config'])(
  '%s: a JSON body has at most 64 kB',
  async (line) => {
    await using served = await serve();
    const [method, path] = line.split(' =');
    const body = `{"a":"${'x'.repeat(70_000)}"}`;
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${served.port}${path}`, { method: method!, headers, body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('"cause":"http: POST too large"');
  },
);
