import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { ListenError } from '../../src/minietcd/http/net/address.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { serve } from '../helpers/mini-etcd.ts';
import { converse } from './wire.mjs';

describe('addresses', () => {
  test('one that is taken is named, and none of the others is kept', async () => {
    await using taken = await serve();
    const server = new MiniEtcd(new FakeClock());
    const addresses = [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: taken.port },
    ];
    const listening = server.listen(addresses);
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toThrow(`on 127.0.0.1:${taken.port}: another program already listens there`);
    expect(server.urls).toEqual([]);
    await server.close();
  });

  test('one that is not of this machine is named', async () => {
    const server = new MiniEtcd(new FakeClock());
    await expect(server.listen([{ host: '192.0.2.1', port: 1 }])).rejects.toThrow(/^cannot listen on 192\.0\.2\.1:1: /);
    await server.close();
  });

  test('several serve the same store', async () => {
    const server = new MiniEtcd(new FakeClock());
    await server.listen([
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: 0 },
    ]);
    const answers = await Promise.all(
      server.urls.map((url) =>
        converse({ host: '127.0.0.1', port: Number(new URL(url).port) }, 'GET /v2/machines HTTP/1.0\r\n\r\n'),
      ),
    );
    expect(answers.every((answer) => answer.endsWith(server.urls.join(', ')))).toBe(true);
    await server.close();
  });
});

test('closing takes idle connections down, refuses new ones, and may be done twice', async () => {
  const served = await serve();
  const socket = connect({ host: served.host, port: served.port });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('connect', resolve));
  await served.server.close();
  await served.server.close();
  await closed;
  await expect(served.ask('GET /')).rejects.toThrow('no answer');
  expect(served.server.stopped.aborted).toBe(true);
});
