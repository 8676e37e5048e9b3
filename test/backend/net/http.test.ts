import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { Credentials } from '../../../src/backend/net/credentials.ts';
import { etcdBackend, type EtcdSettings } from '../../../src/backend/etcd/v2.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { freePort } from '../../helpers/port.mjs';
import { ToyServer } from '../../helpers/toy-server.ts';

const never = new AbortController().signal;
const limits = { headersMs: 60_000, totalMs: 120_000, maxBytes: 10_000 };
const open: ToyServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((toy) => toy.close()));
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function toy(answer: Answer): Promise<ToyServer> {
  const started = await ToyServer.start(answer);
  open.push(started);
  return started;
}

const say =
  (status: number, body: string, headers: Record<string, string> = { 'X-Etcd-Index': '7' }): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

const good: Answer = (request, response) => {
  const key = new URL(request.url!, 'http://node').pathname.slice('/v2/keys'.length);
  const node = { key, value: 'v', modifiedIndex: 7, createdIndex: 7 };
  say(200, JSON.stringify({ action: 'get', node }))(request, response);
};

/** What a read from these servers brings, or its error as "code: message" with the ports taken out. */
async function readFrom(urls: readonly string[], more: Partial<EtcdSettings> = {}): Promise<unknown> {
  const backend = await etcdBackend(etcdSettings(urls, { limits, ...more }));
  try {
    return [...(await readSnapshot(backend, ['/k'], never)).pairs];
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return `${code}: ${message}`.replaceAll(/127\.0\.0\.1:\d+/g, 'NODE');
  } finally {
    await backend.close();
  }
}

describe('answers that are no good', () => {
  test.each([
    ['no JSON', say(200, 'secret'), 'protocol: http://NODE: the answer is not JSON (6 bytes)'],
    [
      'JSON cut short',
      say(200, '{"action":"get","node":{"key":"/k","value":"secret'),
      'protocol: http://NODE: the answer is not JSON (50 bytes)',
    ],
    ['a list', say(200, '[]'), 'protocol: http://NODE: the answer is not a valid etcd answer'],
    ['no node', say(200, '{}'), 'protocol: http://NODE: the answer has no "node" field'],
    [
      'a strange node',
      say(200, '{"node":{"key":"/k","value":5}}'),
      'protocol: http://NODE: the answer is not a valid etcd answer',
    ],
    [
      'strange nodes',
      say(200, '{"node":{"key":"/k","dir":true,"nodes":"x"}}'),
      'protocol: http://NODE: the answer is not a valid etcd answer',
    ],
    [
      'a node that is none',
      say(200, '{"node":{"key":"/k","dir":true,"nodes":[null]}}'),
      'protocol: http://NODE: the answer has an invalid "node" field',
    ],
    [
      'another key',
      say(200, '{"node":{"key":"/kk","value":"5"}}'),
      'protocol: http://NODE: the answer is for another key',
    ],
    [
      'another key below',
      say(200, '{"node":{"key":"/k","dir":true,"nodes":[{"key":"/kk/a","value":"5"}]}}'),
      'protocol: http://NODE: the answer has an invalid "node" field',
    ],
    [
      'no index',
      say(200, '{"node":{"key":"/k","value":"5"}}', {}),
      'protocol: http://NODE: the HTTP server there is not etcd (no X-Etcd-Index in its answer): check the address',
    ],
    [
      'not the user',
      say(401, '{"errorCode":110,"message":"The request requires user authentication"}'),
      'denied: http://NODE: access denied (401); check the user name and the password',
    ],
    [
      'forbidden',
      say(403, 'go away'),
      'denied: http://NODE: access denied (403); check the user name and the password',
    ],
    [
      'no leader',
      say(500, '{"errorCode":301,"message":"During Leader Election"}'),
      'unreachable: http://NODE: answered 500 (During Leader Election)',
    ],
    ['a gateway', say(502, '<html>'), 'unreachable: http://NODE: answered 502'],
    [
      'an unknown error',
      say(400, '{"errorCode":209,"message":"Invalid field"}'),
      'protocol: http://NODE: 209: Invalid field',
    ],
    [
      'a page',
      say(404, 'not found'),
      'protocol: http://NODE: the HTTP server there is not etcd (it answered 404): check the address',
    ],
    ['too much', say(200, ' '.repeat(20_000)), 'unreachable: http://NODE: the answer is longer than 10000 bytes'],
    [
      'headers, then a cut',
      (_q, r) => {
        r.writeHead(200, { 'Content-Length': '100' }).write('{', () => r.destroy());
      },
      'unreachable: http://NODE: the connection broke',
    ],
    [
      'a cut',
      (_q, r) => {
        r.destroy();
      },
      'unreachable: http://NODE: the connection broke',
    ],
    [
      'circles',
      (q, r) => {
        r.writeHead(307, { Location: q.url! }).end();
      },
      'unreachable: http://NODE: it redirects in a loop',
    ],
  ] as [string, Answer, string][])('%s', async (_name, answer, expected) => {
    expect(await readFrom([(await toy(answer)).url])).toBe(expected);
  });

  test('silence', async () => {
    const { url } = await toy(() => undefined);
    const soon = { limits: { ...limits, headersMs: 500 } };
    expect(await readFrom([url], soon)).toBe('unreachable: http://NODE: no answer within 0.5 s');
  });

  test('headers, then silence', async () => {
    const { url } = await toy((_request, response) => {
      response.writeHead(200).write('{');
    });
    const soon = { limits: { ...limits, totalMs: 1500 } };
    expect(await readFrom([url], soon)).toBe('unreachable: http://NODE: the answer was not complete after 1.5 s');
  });

  test('only the v3 API', async () => {
    const v3 = await toy((request, response) => {
      if (request.url === '/version') say(200, '{"etcdserver":"3.5.0"}', {})(request, response);
      else say(404, '404 page not found\n', {})(request, response);
    });
    expect(await readFrom([v3.url])).toContain('this etcd does not offer the v2 API');
  });

  test('nobody there, on any node', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    expect(await readFrom([dead, `http://user:secret@${dead}/`])).toBe(
      'unreachable: http://NODE: connection refused; http://NODE: connection refused',
    );
  });
});

test('a signal with a reason whose code is a number ends the wait for the rest of an answer', async () => {
  const { url } = await toy((_request, response) => {
    response.writeHead(200, { 'X-Etcd-Index': '7' }).write('{');
  });
  const backend = await etcdBackend(etcdSettings([url], { limits }));
  const read = readSnapshot(backend, ['/k'], AbortSignal.timeout(500));
  await expect(read).rejects.toMatchObject({ name: 'TimeoutError', code: 23 });
  await backend.close();
});

describe('settings that cannot work', () => {
  test.each([
    ['no node', [], 'there is no node to connect to'],
    [
      'another scheme',
      ['ftp://user:sec/ret@host'],
      '"ftp://***@host" is not a node: expected http://host:port or host:port',
    ],
    [
      'no port',
      ['http://user:secret@host:x'],
      '"http://***@host:x" is not a node: expected http://host:port or host:port',
    ],
  ])('%s', async (_name, nodes, message) => {
    await expect(etcdBackend(etcdSettings(nodes))).rejects.toMatchObject({ code: 'settings', message });
  });

  test('certificates', async () => {
    const room = await mkdtemp(join(tmpdir(), 'confd-tls-'));
    const junk = join(room, 'junk.pem');
    await writeFile(junk, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    await writeFile(join(room, 'empty.pem'), '');
    const tls = { caFile: '', certFile: '', keyFile: '', insecure: false };
    const opened = (files: object) => etcdBackend(etcdSettings(['https://127.0.0.1:1'], { tls: { ...tls, ...files } }));
    await expect(opened({ caFile: join(room, 'none') })).rejects.toThrow(/^cannot read the CA file: ENOENT.*none/);
    await expect(opened({ caFile: join(room, 'empty.pem') })).rejects.toThrow(
      'empty.pem: there is no PEM certificate in it',
    );
    await expect(opened({ caFile: junk })).rejects.toThrow(`cannot use the CA file ${junk}`);
    await expect(opened({ certFile: junk, keyFile: junk })).rejects.toThrow(
      `cannot use the client certificate file ${junk}`,
    );
    await rm(room, { recursive: true });
  });
});

describe('nodes', () => {
  test('the next one is asked when one fails, and kept', async () => {
    const bad = await toy(say(503, 'busy'));
    const fine = await toy(good);
    const backend = await etcdBackend(etcdSettings([bad.url, fine.url]));
    await readSnapshot(backend, ['/k'], never);
    await readSnapshot(backend, ['/k'], never);
    expect([bad.seen.length, fine.seen.length]).toEqual([1, 2]);
    await backend.close();
  });

  test('a kept connection that the server has closed is made anew', async () => {
    const closing = await toy(good);
    const backend = await etcdBackend(etcdSettings([closing.url]));
    await readSnapshot(backend, ['/k'], never);
    for (const request of closing.seen) request.socket.destroy();
    expect([...(await readSnapshot(backend, ['/k'], never)).pairs]).toEqual([['/k', 'v']]);
    await backend.close();
  });

  test('credentials are sent, and the leader is followed without them to another host', async () => {
    const leader = await toy(good);
    const follower = await toy((request, response) => {
      response.writeHead(307, { Location: leader.url.replace('127.0.0.1', 'localhost') + request.url! }).end();
    });
    const auth = await Credentials.open({ basicAuth: true, username: 'ü', password: 'p:w', passwordFile: '' });
    expect(await readFrom([follower.url], { auth })).toEqual([['/k', 'v']]);
    expect(follower.seen[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ü:p:w').toString('base64')}`);
    expect(leader.seen[0]!.headers.authorization).toBeUndefined();
  });

  describe('a password that is changed', () => {
    const basic = (password: string) => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;

    /** A server that lets one password in, and a client that reads it from a file. */
    async function guarded() {
      const file = join(await mkdtemp(join(tmpdir(), 'confd-password-')), 'password');
      await writeFile(file, 'old\n');
      let right = 'old';
      const guard = await toy((request, response) => {
        if (request.headers.authorization === basic(right)) good(request, response);
        else say(401, '{"errorCode":110,"message":"Insufficient credentials"}')(request, response);
      });
      const auth = await Credentials.open({ basicAuth: true, username: 'me', password: '', passwordFile: file });
      const backend = await etcdBackend(etcdSettings([guard.url], { auth }));
      return { guard, backend, file, change: (to: string) => (right = to) };
    }

    test('in its file as well: nothing is to be seen of it', async () => {
      const { guard, backend, file, change } = await guarded();
      await readSnapshot(backend, ['/k'], never);
      change('new');
      await writeFile(file, 'new\n');
      expect([...(await readSnapshot(backend, ['/k'], never)).pairs]).toEqual([['/k', 'v']]);
      await readSnapshot(backend, ['/k'], never);
      const sent = guard.seen.map(({ headers }) => headers.authorization);
      expect(sent).toEqual([basic('old'), basic('old'), basic('new'), basic('new')]);
      await backend.close();
    });

    test('in the store only: denied, until the file follows', async () => {
      const { guard, backend, file, change } = await guarded();
      change('new');
      await expect(readSnapshot(backend, ['/k'], never)).rejects.toMatchObject({ code: 'denied' });
      expect(guard.seen).toHaveLength(1);
      await rm(file);
      await expect(readSnapshot(backend, ['/k'], never)).rejects.toThrow(
        /^cannot read the password file: ENOENT.*password/,
      );
      await writeFile(file, 'new');
      expect([...(await readSnapshot(backend, ['/k'], never)).pairs]).toEqual([['/k', 'v']]);
      await backend.close();
    });

    test('for several requests under way, in whatever order they are refused', async () => {
      const { backend, file, change } = await guarded();
      change('new');
      await writeFile(file, 'new');
      const keys = Array.from({ length: 20 }, (_, i) => `/${i}`);
      await expect(readSnapshot(backend, keys, never)).resolves.toBeDefined();
      await backend.close();
    });
  });

  test('escapes in the JSON become bytes', async () => {
    const escaped = await toy(
      say(200, '{"node":{"key":"/k","value":"\\u00e9\\u2028\\ud83d\\ude00\\ud83d\\\\u00e9\\u0041"}}'),
    );
    expect(await readFrom([escaped.url])).toEqual([['/k', Buffer.from('é\u2028😀\ufffd\\u00e9A').toString('latin1')]]);
  });
});
