import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';

/** An open watch: what came so far, and whether the answer has ended. */
interface Poll {
  readonly socket: Socket;
  text: string;
  closed: boolean;
}

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Opens a watch and waits for its headers. */
async function watch(served: Served, target: string): Promise<Poll> {
  const socket = connect({ host: served.host, port: served.port });
  const poll: Poll = { socket, text: '', closed: false };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (poll.text += chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => (poll.closed = true));
  socket.write(`GET /v2/keys${target} HTTP/1.1\r\nHost: etcd\r\n\r\n`);
  await until(() => poll.text.includes('\r\n\r\n'));
  return poll;
}

/** "action key index" of every event that a poll has heard. */
function heard(poll: Poll): string[] {
  const events = poll.text.match(/^\{"action".*$/gm) ?? [];
  return events.map((line) => {
    const { action, node } = JSON.parse(line) as { action: string; node: { key: string; modifiedIndex: number } };
    return `${action} ${node.key} ${node.modifiedIndex}`;
  });
}

const isOver = (poll: Poll) => poll.text.endsWith('\r\n0\r\n\r\n');

/** What someone hears while steps run; the end of the server ends the watch, so nothing comes later. */
async function listen(target: string, before: readonly string[], during: readonly string[]): Promise<string[]> {
  const served = await serve();
  for (const line of before) await served.ask(line);
  const poll = await watch(served, target);
  for (const line of during) await served.ask(line);
  await served.server.close();
  await until(() => poll.closed);
  return heard(poll);
}

describe('what nobody hears', () => {
  const rows = [
    {
      what: 'a change below a plain watch',
      target: '/d?wait=true',
      before: ['PUT /d/a value=1'],
      during: ['PUT /d/a value=2'],
    },
    {
      what: 'a hidden key, from above',
      target: '/?wait=true&recursive=true',
      before: [],
      during: ['PUT /_h value=1', 'PUT /a/_d/x value=1'],
    },
    {
      what: 'a hidden key, from a hidden directory above',
      target: '/_d?wait=true&recursive=true',
      before: [],
      during: ['PUT /_d/_y value=1'],
    },
    {
      what: 'a neighbour with the same beginning',
      target: '/a?wait=true&recursive=true',
      before: [],
      during: ['PUT /ab value=1', 'PUT /b/a value=1'],
    },
    {
      what: 'a refresh',
      target: '/r?wait=true',
      before: ['PUT /r value=1&ttl=90'],
      during: ['PUT /r refresh=true&ttl=91&prevExist=true'],
    },
    {
      what: 'a refresh in the past',
      target: '/r?wait=true&waitIndex=5',
      before: ['PUT /r value=1&ttl=90', 'PUT /r refresh=true&ttl=91'],
      during: [],
    },
    {
      what: 'a removed directory, below it where nothing was',
      target: '/d/none?wait=true',
      before: ['PUT /d/a value=1'],
      during: ['DELETE /d?recursive=true'],
    },
    {
      what: 'an event before the index that was asked for',
      target: '/a?wait=true&waitIndex=6',
      before: ['PUT /a value=1'],
      during: ['PUT /a value=2'],
    },
    {
      what: 'a failed change',
      target: '/a?wait=true',
      before: ['PUT /a value=1'],
      during: ['PUT /a?prevValue=2 value=3'],
    },
    {
      what: 'a removed neighbour, in the past',
      target: '/hqx?wait=true&waitIndex=4',
      before: ['PUT /hq/a value=1', 'DELETE /hq?recursive=true'],
      during: [],
    },
  ];
  test.each(rows)('$what', async ({ target, before, during }) => {
    expect(await listen(target, before, during)).toEqual([]);
  });
});

describe('what is heard', () => {
  const rows = [
    {
      what: 'a change of the key',
      target: '/a?wait=true',
      before: [],
      during: ['PUT /a value=1', 'PUT /a value=2'],
      heard: ['set /a 4'],
    },
    {
      what: 'the event of the index that was asked for',
      target: '/a?wait=true&waitIndex=6',
      before: ['PUT /a value=1'],
      during: ['PUT /a value=2', 'PUT /a value=3'],
      heard: ['set /a 6'],
    },
    {
      what: 'the past',
      target: '/a?wait=true&waitIndex=4',
      before: ['PUT /b value=1', 'PUT /a value=1', 'PUT /a value=2'],
      during: [],
      heard: ['set /a 5'],
    },
    {
      what: 'a removed directory, by those whose key was in it',
      target: '/d/e/f?wait=true',
      before: ['PUT /d/e/f value=1'],
      during: ['DELETE /d?recursive=true'],
      heard: ['delete /d 5'],
    },
    {
      what: 'a hidden key, by those who name it',
      target: '/_d/_y?wait=true',
      before: [],
      during: ['PUT /_d/_y value=1'],
      heard: ['set /_d/_y 4'],
    },
    {
      what: 'a directory that gets a TTL',
      target: '/d?wait=true',
      before: ['PUT /d dir=true'],
      during: ['PUT /d?prevExist=true ttl=90'],
      heard: ['update /d 5'],
    },
    {
      what: 'a stream: all that is not hidden, once each',
      target: '/s?wait=true&recursive=true&stream=true',
      before: [],
      during: [
        'PUT /s/a value=1',
        'PUT /s/_h value=1',
        'PUT /s/d dir=true',
        'PUT /s/a?prevExist=true value=2',
        'PUT /s/a?prevValue=2 value=3',
        'POST /s value=4',
        'DELETE /s/a?prevValue=3',
        'DELETE /s?recursive=true',
      ],
      heard: [
        'set /s/a 4',
        'set /s/d 6',
        'update /s/a 7',
        'compareAndSwap /s/a 8',
        'create /s/00000000000000000009 9',
        'compareAndDelete /s/a 10',
        'delete /s 11',
      ],
    },
    {
      what: 'a stream on the removed key itself: once',
      target: '/k?wait=true&stream=true',
      before: ['PUT /k value=1'],
      during: ['DELETE /k'],
      heard: ['delete /k 5'],
    },
    {
      what: 'a stream from the past: all of it, then what comes',
      target: '/k?wait=true&stream=true&waitIndex=4',
      before: ['PUT /k value=1', 'PUT /other value=1', 'PUT /k value=2'],
      during: ['PUT /k value=3'],
      heard: ['set /k 4', 'set /k 6', 'set /k 7'],
    },
  ];
  test.each(rows)('$what', async ({ target, before, during, heard: wanted }) => {
    expect(await listen(target, before, during)).toEqual(wanted);
  });
});

describe('the answer', () => {
  test('its headers come before any event, with the index at which the watch began', async () => {
    await using served = await serve();
    await served.ask('PUT /a value=1');
    const poll = await watch(served, '/a?wait=true');
    expect(poll.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*X-Etcd-Index: 4\r\n[^]*Transfer-Encoding: chunked\r\n\r\n$/);
    await served.ask('PUT /a value=2');
    await until(() => isOver(poll));
    expect(heard(poll)).toEqual(['set /a 5']);
    poll.socket.destroy();
  });

  test('the connection serves the next request', async () => {
    await using served = await serve();
    const poll = await watch(served, '/a?wait=true');
    await served.ask('PUT /a value=1');
    await until(() => isOver(poll));
    poll.text = '';
    poll.socket.write('GET /v2/keys/a HTTP/1.1\r\nHost: etcd\r\n\r\n');
    await until(() => poll.text.includes('"action":"get"'));
    poll.socket.destroy();
  });

  test('an outdated index is refused with the oldest that is kept', async () => {
    await using served = await serve();
    for (let i = 0; i < 1005; i++)
      await served.server.keyspace.submit({
        action: 'set',
        path: '/f',
        write: { value: '', dir: false, expires: undefined, refresh: false },
        at: 0,
      });
    const refused = await served.ask('GET /f?wait=true&waitIndex={index-1000}');
    expect(refused.status).toBe('400 Bad Request');
    // Once, and without the counters of the log: clients read the first number that they find.
    expect(refused.headers['X-Etcd-Index']).toBe('1008');
    expect(refused.headers['X-Raft-Index']).toBeUndefined();
    expect(refused.body).toBe(
      '{"errorCode":401,"message":"The event in requested index is outdated and cleared","cause":"the requested history has been cleared [9/8]","index":1008}\n',
    );
    expect((await served.ask('GET /f?wait=true&waitIndex={index-999}')).body).toContain('"modifiedIndex":9,');
  });

  test('a client that leaves is forgotten', async () => {
    await using served = await serve();
    const polls = [await watch(served, '/a?wait=true'), await watch(served, '/b?wait=true&stream=true')];
    expect(served.server.keyspace.watcherCount).toBe(2);
    for (const { socket } of polls) socket.destroy();
    await until(() => served.server.keyspace.watcherCount === 0);
  });

  test('a stream whose reader is too far behind gets what is buffered, and its end', async () => {
    await using served = await serve();
    const poll = await watch(served, '/a?wait=true&stream=true');
    poll.socket.pause();
    const write = { value: 'v'.repeat(1024 * 1024), dir: false, expires: undefined, refresh: false };
    while (served.server.keyspace.watcherCount > 0) {
      await served.server.keyspace.submit({ action: 'set', path: '/a', write, at: 0 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    poll.socket.resume();
    await until(() => isOver(poll));
    const events = heard(poll);
    expect(events.length).toBeGreaterThan(1);
    expect(events).toEqual(events.map((_, i) => `set /a ${i + 4}`));
    poll.socket.destroy();
  });

  test('a server that stops ends its polls as if nothing had happened', async () => {
    const served = await serve();
    const poll = await watch(served, '/a?wait=true');
    await served.server.close();
    await until(() => poll.closed);
    expect(isOver(poll)).toBe(true);
    expect(heard(poll)).toEqual([]);
  });
});
