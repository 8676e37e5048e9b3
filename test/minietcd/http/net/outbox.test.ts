import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultServerLimits } from '../../../../src/minietcd/http/net/limits.ts';
import { Program, waitFor } from '../../../helpers/confd.ts';
import { serve } from '../../../helpers/mini-etcd.ts';
import { freePort } from '../../../helpers/port.mjs';

const megabyte = 1_000_000;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Clients that ask and do not read. */
function deaf(place: { host: string; port: number }, count: number, target: string): readonly Socket[] {
  const opened = Array.from({ length: count }, () => connect({ ...place }));
  for (const socket of opened) {
    socket.on('error', () => undefined).pause();
    socket.write(`GET /v2/keys${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  }
  sockets.push(...opened);
  return opened;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Puts a value that needs no escapes, and reads the answer. */
async function put(place: { host: string; port: number }, key: string, value: string) {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const url = `http://${place.host}:${place.port}/v2/keys${key}`;
  const answer = await fetch(url, { method: 'PUT', headers, body: `value=${value}` });
  return { status: answer.status, length: (await answer.arrayBuffer()).byteLength };
}

test.each(['wait=true', 'wait=true&stream=true'])(
  '60 clients that wait with ?%s and do not read share one copy of a large event',
  async (query) => {
    const place = { host: '127.0.0.1', port: await freePort() };
    const program = new Program('mini-etcd', ['-in-memory', '-addr', `127.0.0.1:${place.port}`]);
    await waitFor('the server', () => program.stderr.includes('listening'));
    const metrics = async () => (await fetch(`http://127.0.0.1:${place.port}/metrics`)).text();
    deaf(place, 60, `/a?${query}`);
    await waitFor('the watches', async () => (await metrics()).includes('etcd_debugging_store_watchers 60'));
    expect((await put(place, '/a', 'x'.repeat(10 * megabyte))).status).toBe(201);
    const unread = async () => Number(/^minietcd_unread_bytes (\d+)/m.exec(await metrics())![1]);
    await waitFor('the event', async () => (await unread()) > 10 * megabyte);
    expect(await unread()).toBeLessThan(25 * megabyte);
    // 2.5 GB when each had copies of its own.
    const memory = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${program.pid}/status`, 'latin1'))![1]);
    expect(memory / 1024).toBeLessThan(600);
    expect((await put(place, '/b', 'x'.repeat(10 * megabyte))).status).toBe(201);
    await program.stop();
  },
);

describe('with little room', () => {
  const limits = { ...defaultServerLimits, unread: 12 * megabyte };
  const big = 'x'.repeat(9 * megabyte);

  test('what is refused for want of room was not done, and is done once there is room', async () => {
    await using served = await serve(undefined, { limits });
    await put(served, '/big', big);
    const [first] = deaf(served, 1, '/big');
    await waitFor('the answer', () => served.server.load.unread > 8 * megabyte);
    const { index } = served.server.keyspace;
    const requests: readonly (readonly [string, string, string])[] = [
      ['PUT', '/new', big],
      ['PUT', '/new?prevExist=false', big],
      ['PUT', '/big', 'small'],
      ['PUT', '/big?prevValue=y', 'small'],
      ['POST', '/queue', big],
      ['DELETE', '/big', ''],
    ];
    for (const [method, path, value] of requests) {
      const body = method === 'DELETE' ? null : new URLSearchParams({ value });
      const answer = await fetch(`http://127.0.0.1:${served.port}/v2/keys${path}`, { method, body });
      expect([method, path, answer.status]).toEqual([method, path, 503]);
      expect(await answer.text()).toContain('too many answers wait to be read');
    }
    expect(served.server.keyspace.index).toBe(index);
    expect((await served.ask('GET /new')).status).toBe('404 Not Found');
    // What is answered shortly needs no room.
    expect((await served.ask('PUT /small value=1')).status).toBe('201 Created');
    expect((await put(served, '/quiet?noValueOnSuccess=true', big)).status).toBe(201);
    first!.destroy();
    await waitFor('room', () => served.server.load.unread === 0);
    expect((await put(served, '/new?prevExist=false', big)).status).toBe(201);
  });

  test('who made a change hears of it, even if that grows past all limits', async () => {
    await using served = await serve(undefined, { limits });
    const answer = await put(served, '/a', '<'.repeat(9 * megabyte));
    expect(answer.status).toBe(201);
    expect(answer.length).toBeGreaterThan(54 * megabyte);
    await waitFor('room', () => served.server.load.unread === 0);
    expect((await fetch(`http://127.0.0.1:${served.port}/v2/keys/a`)).status).toBe(503);
    expect((await served.ask('PUT /small value=1')).status).toBe('201 Created');
  });

  test('a poll for which there is no room ends with nothing, and can ask again', async () => {
    await using served = await serve(undefined, { limits });
    await put(served, '/big', big);
    const [reader] = deaf(served, 1, '/big');
    await waitFor('the answer', () => served.server.load.unread > 8 * megabyte);
    const [poll, small] = [...deaf(served, 1, '/a?wait=true'), ...deaf(served, 1, '/b?wait=true')];
    await waitFor('the watches', () => served.server.keyspace.watcherCount === 2);
    const write = (value: string) => ({ value, dir: false, expires: undefined, refresh: false });
    await served.server.keyspace.submit({ action: 'set', path: '/a', write: write(big), at: 0 });
    await served.server.keyspace.submit({ action: 'set', path: '/b', write: write('1'), at: 0 });
    expect(await readAll(poll!)).toMatch(/\r\nX-Etcd-Index: 4\r\n[^]*\r\n\r\n0\r\n\r\n$/);
    expect(await readAll(small!)).toContain('"value":"1"');
    reader!.destroy();
    await waitFor('room', () => served.server.load.unread === 0);
    const [again] = deaf(served, 1, '/a?wait=true&waitIndex=5');
    expect(await readAll(again!)).toContain(`"value":"${big}"`);
  });

  test('a stream gets a large event in one chunk, and what comes meanwhile behind it', async () => {
    await using served = await serve();
    const [stream] = deaf(served, 1, '/?wait=true&recursive=true&stream=true');
    await waitFor('the watch', () => served.server.keyspace.watcherCount === 1);
    const value = '<'.repeat(megabyte);
    const write = (text: string) => ({ value: text, dir: false, expires: undefined, refresh: false });
    for (const text of ['1', value, '2', '3']) {
      void served.server.keyspace.submit({ action: 'set', path: '/a', write: write(text), at: 0 });
    }
    let text = '';
    stream!.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    stream!.resume();
    await waitFor('the events', () => text.endsWith('"modifiedIndex":6,"createdIndex":6}}\n\r\n'));
    await served.server.close();
    await waitFor('the end', () => text.endsWith('\r\n0\r\n\r\n'));
    const chunks = [...text.matchAll(/\r\n([0-9a-f]+)\r\n(\{"action".*\n)(?=\r\n)/g)];
    expect(chunks.map(([, size, body]) => parseInt(size!, 16) === body!.length)).toEqual([true, true, true, true]);
    const values = chunks.map(([, , body]) => (JSON.parse(body!) as { node: { value: string } }).node.value);
    expect(values.map((one) => (one === value ? 'long' : one))).toEqual(['1', 'long', '2', '3']);
  });
});
