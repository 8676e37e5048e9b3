import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { toldBy } from '../../contract/backend.ts';
import { eitherEtcd } from '../../../src/backend/etcd/detect-api.ts';
import { etcdBackend } from '../../../src/backend/etcd/v2.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { ToyServer } from '../../helpers/toy-server.ts';

// Whatever a server answers, what comes of it is a BackendError: the agent waits and asks again.

const never = new AbortController().signal;
/** What the toy answers counts, however late a busy machine lets it do that. */
const limits = { headersMs: 60_000, totalMs: 60_000, maxBytes: 100_000_000 };
/** For answers that do not end. */
const hasty = { ...limits, headersMs: 2000, totalMs: 2000 };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

const deep = (levels: number) => `${'{"key":"/k","dir":true,"nodes":['.repeat(levels)}${']}'.repeat(levels)}`;
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Bodies that no etcd sends, whatever the question. */
const strangeBodies: readonly (readonly [name: string, body: string])[] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a text', '"/k"'],
  ['a number', '7'],
  ['a list', '[{"node":{"key":"/k","value":"5"}}]'],
  ['no fields', '{}'],
  ['a node of null', '{"node":null}'],
  ['a node of null with an action', '{"action":"set","node":null}'],
  ['a node that is a text', '{"action":"set","node":"/k"}'],
  ['a node that is a list', '{"action":"set","node":[]}'],
  ['an action that is none', '{"action":{"toString":1},"node":{"key":"/k","value":"5","modifiedIndex":9}}'],
  ['a key that is a number', '{"action":"set","node":{"key":5,"value":"5","modifiedIndex":9}}'],
  ['a key of null', '{"action":"set","node":{"key":null,"value":"5","modifiedIndex":9}}'],
  ['a key without a slash', '{"action":"set","node":{"key":"k","value":"5","modifiedIndex":9}}'],
  ['a value that is a number', '{"action":"set","node":{"key":"/k","value":5,"modifiedIndex":9}}'],
  ['a value of null', '{"action":"set","node":{"key":"/k","value":null,"modifiedIndex":9}}'],
  ['a value that is an object', '{"action":"set","node":{"key":"/k","value":{"toString":null},"modifiedIndex":9}}'],
  ['a dir that is a text', '{"action":"set","node":{"key":"/k","dir":"yes","modifiedIndex":9}}'],
  ['nodes of null', '{"action":"set","node":{"key":"/k","dir":true,"nodes":null,"modifiedIndex":9}}'],
  ['nodes that are an object', '{"action":"set","node":{"key":"/k","dir":true,"nodes":{},"modifiedIndex":9}}'],
  ['an index that is a text', '{"action":"set","node":{"key":"/k","value":"5","modifiedIndex":"9"}}'],
  ['an index in fractions', '{"action":"set","node":{"key":"/k","value":"5","modifiedIndex":9.5}}'],
  ['an index below 0', '{"action":"set","node":{"key":"/k","value":"5","modifiedIndex":-9}}'],
  ['a huge index', '{"action":"set","node":{"key":"/k","value":"5","modifiedIndex":1e999}}'],
  ['an index beyond 2^53', '{"action":"set","node":{"key":"/k","value":"5","modifiedIndex":9007199254740993}}'],
  ['a number of 100,000 digits', `{"node":{"key":"/k","value":"5","modifiedIndex":${'9'.repeat(100_000)}}}`],
  ['lists in lists', nested(200_000)],
  ['a node cut short', '{"action":"set","node":{"key":"/k","value":"5","modif'],
  ['a web page', '<html><body>Welcome</body></html>'],
];

/** What only a read can bring. */
const strangeTrees: readonly (readonly [name: string, body: string])[] = [
  ['no value', '{"node":{"key":"/k"}}'],
  ['a node below of null', '{"node":{"key":"/k","dir":true,"nodes":[null]}}'],
  ['a node below that is a list', '{"node":{"key":"/k","dir":true,"nodes":[[]]}}'],
  ['a node below without a key', '{"node":{"key":"/k","dir":true,"nodes":[{"value":"5"}]}}'],
  ['a node below that is the folder', '{"node":{"key":"/k","dir":true,"nodes":[{"key":"/k/","value":"5"}]}}'],
  ['a value below that is a number', '{"node":{"key":"/k","dir":true,"nodes":[{"key":"/k/a","value":5}]}}'],
  ['directories in directories, all of one name', `{"node":${deep(100_000)}}`],
];

const strangeErrors: readonly (readonly [name: string, status: number, body: string])[] = [
  ['a code that is a text', 400, '{"errorCode":"100","message":"Key not found"}'],
  ['a code of null', 404, '{"errorCode":null}'],
  ['a message that is an object', 400, '{"errorCode":209,"message":{"toString":1}}'],
  ['an index that is a text', 404, '{"errorCode":100,"index":"many"}'],
  ['an index in fractions', 404, '{"errorCode":100,"index":1.5}'],
  ['a list', 404, '[]'],
  ['nothing', 400, ''],
  ['a status that etcd does not have', 302, 'over there'],
  ['an error of the server in the wrong shape', 500, '{"message":{"message":"\\u0000"}}'],
];

const index = { 'X-Etcd-Index': '7' };

async function toy(answer: (response: ServerResponse, url: string) => void): Promise<string> {
  const server = await ToyServer.start((request, response) => {
    answer(response, request.url!);
  });
  closers.push(() => server.close());
  return server.url;
}

async function failureOf(work: Promise<unknown>): Promise<Error & { code: string }> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as Error & { code: string },
  );
}

/** What comes of following a store that is read in order and then answers watches so. */
async function watchFails(
  answer: (response: ServerResponse) => void,
  allowed = limits,
): Promise<Error & { code: string }> {
  const url = await toy((response, path) => {
    if (path.includes('wait=true')) answer(response);
    else response.writeHead(200, index).end('{"node":{"key":"/k","value":"5","modifiedIndex":7}}');
  });
  const backend = await etcdBackend(etcdSettings([url], { limits: allowed, silenceMs: 2000 }));
  closers.push(() => backend.close());
  const { cursor } = await readSnapshot(backend, ['/k'], never);
  const drain = async () => {
    for await (const change of backend.open(['/k'], AbortSignal.timeout(20_000), cursor)) {
      if (toldBy(change).length > 0) throw new Error('it told of a change');
    }
  };
  return failureOf(drain());
}

describe('a read answered by', () => {
  test.each([...strangeBodies, ...strangeTrees])('%s', async (_name, body) => {
    const url = await toy((response) => response.writeHead(200, index).end(body));
    for (const open of [
      etcdBackend,
      (settings: Parameters<typeof eitherEtcd>[0]) => eitherEtcd(settings, memoryLog()),
    ]) {
      const backend = await open(etcdSettings([url], { limits }));
      const error = await failureOf(readSnapshot(backend, ['/k'], never));
      expect([error.name, error.code]).toEqual(['BackendError', 'protocol']);
      expect(error.message.length).toBeLessThan(200);
      await backend.close();
    }
  });

  test.each(strangeErrors)('an error with %s', async (_name, status, body) => {
    const url = await toy((response) => response.writeHead(status).end(body));
    const backend = await etcdBackend(etcdSettings([url], { limits }));
    const error = await failureOf(readSnapshot(backend, ['/k'], never));
    expect(error.name).toBe('BackendError');
    expect(error.message).toMatch(/not etcd|a valid etcd answer|answered 500|X-Etcd-Index/);
    await backend.close();
  });

  test.each(['', 'x', '-1', '1'.repeat(5000)])('the index "%s"', async (text) => {
    const url = await toy((response) =>
      response.writeHead(200, { 'X-Etcd-Index': text }).end('{"node":{"key":"/k","value":"5"}}'),
    );
    const backend = await etcdBackend(etcdSettings([url], { limits }));
    expect(await failureOf(readSnapshot(backend, ['/k'], never))).toMatchObject({ code: 'protocol' });
    await backend.close();
  });
});

describe('a watch answered by', () => {
  test.each(strangeBodies.filter(([, body]) => body !== ''))('%s', async (_name, body) => {
    const error = await watchFails((response) => response.writeHead(200, { 'X-Etcd-Index': '9' }).end(body));
    expect([error.name, error.code]).toEqual(['BackendError', 'protocol']);
  });

  test.each(strangeErrors.filter(([, status]) => status < 500))('an error with %s', async (_name, status, body) => {
    const error = await watchFails((response) => response.writeHead(status).end(body));
    expect(error.name).toBe('BackendError');
  });
});

describe('-backend-timeout bounds the whole request', () => {
  /** Sends a piece every 20 ms without end. */
  const drip = (response: NodeJS.WritableStream & { destroyed?: boolean }, piece: string) => {
    const timer = setInterval(() => response.write(piece), 20);
    closers.push(async () => {
      clearInterval(timer);
      return Promise.resolve();
    });
  };
  const slow = 'unreachable: NODE: the answer was not complete after 2 s';

  async function readFrom(urls: readonly string[]): Promise<string> {
    const backend = await etcdBackend(etcdSettings(urls, { limits: hasty }));
    closers.push(() => backend.close());
    const read = readSnapshot(backend, ['/k'], never).then(({ pairs }) => JSON.stringify([...pairs]));
    return read.catch((error: unknown) =>
      `${(error as { code: string }).code}: ${(error as Error).message}`.replaceAll(
        /http:\/\/127\.0\.0\.1:\d+/g,
        'NODE',
      ),
    );
  }

  test.each([
    ['a body that drips', 200, slow],
    ['the body of a refusal', 400, slow],
    ['the body of a 404', 404, slow],
    ['the body of a failure', 503, 'unreachable: NODE: answered 503'],
  ])('%s', async (_name, status, expected) => {
    const url = await toy((response) => {
      drip(response.writeHead(status, index), ' ');
    });
    expect(await readFrom([url])).toMatch(new RegExp(`^(?:${expected}|${slow})$`));
  });

  test('headers that drip', async () => {
    const server = createServer((socket: Socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\n');
      closers.push(() => Promise.resolve(socket.destroy()));
      drip(socket, 'X-A: b\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await readFrom([url])).toBe('unreachable: NODE: no answer within 2 s');
  });

  test('a node that drips leaves the others their share, and is not the first the next time', async () => {
    let drips = 0;
    const bad = await toy((response) => {
      drips += 1;
      drip(response.writeHead(200, index), ' ');
    });
    const good = await toy((response) => response.writeHead(200, index).end('{"node":{"key":"/k","value":"5"}}'));
    expect(await readFrom([bad, good])).toBe('[["/k","5"]]');
    const both = await toy((response) => {
      drip(response.writeHead(200, index), ' ');
    });
    expect(await readFrom([bad, both])).toMatch(/complete after 2 s; NODE: /);
    expect(drips).toBe(2);
  });

  test('the question which API there is', async () => {
    const url = await toy((response) => {
      drip(response.writeHead(404, index), ' ');
    });
    const backend = await eitherEtcd(etcdSettings([url], { limits: hasty }), memoryLog());
    closers.push(() => backend.close());
    await expect(readSnapshot(backend, ['/k'], never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('the refusal of a watch', async () => {
    const error = await watchFails((response) => {
      drip(response.writeHead(400, index), ' ');
    }, hasty);
    expect(error.name).toBe('BackendError');
  });
});

describe('somebody else answers', () => {
  test.each([
    [
      404,
      '<html>',
      'text/html; charset=utf-8',
      'the HTTP server there is not etcd (it answered 404): check the address',
    ],
    [
      200,
      '<html>',
      'text/html; charset=utf-8',
      'the HTTP server there is not etcd (it sent a web page): check the address',
    ],
    [200, 'hello', 'text/plain', 'the answer is not JSON (5 bytes of text/plain)'],
    [405, '', 'text/plain', 'the HTTP server there is not etcd (it answered 405): check the address'],
    [
      400,
      'Client sent an HTTP request to an HTTPS server.\n',
      'text/plain',
      'the server uses TLS on this port: write https://',
    ],
    [
      400,
      '<center>The plain HTTP request was sent to HTTPS port</center>',
      'text/html',
      'the server uses TLS on this port: write https://',
    ],
  ])('%d %s', async (status, body, type, expected) => {
    const url = await toy((response) => response.writeHead(status, { 'Content-Type': type }).end(body));
    const open = [etcdBackend, (settings: Parameters<typeof eitherEtcd>[0]) => eitherEtcd(settings, memoryLog())];
    for (const one of open) {
      const backend = await one(etcdSettings([url], { limits }));
      await expect(readSnapshot(backend, ['/k'], never)).rejects.toThrow(`${url}: ${expected}`);
      await backend.close();
    }
  });
});
