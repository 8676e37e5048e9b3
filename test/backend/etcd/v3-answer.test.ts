import { createRequire } from 'node:module';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Backend, readSnapshot } from '../../../src/backend/contract/backend.ts';
import type { HttpLimits } from '../../../src/backend/net/http.ts';
import { Credentials } from '../../../src/backend/net/credentials.ts';
import { etcd3Backend } from '../../../src/backend/etcd/v3.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';

// Whatever a server answers by gRPC, what comes of it is a BackendError: the agent waits and asks again.

const proto = join(dirname(createRequire(import.meta.url).resolve('etcd3/package.json')), 'proto', 'rpc.proto');
const definition = loadSync(proto, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const method = (service: string, name: string) =>
  (definition[`etcdserverpb.${service}`] as ServiceDefinition)[name] as MethodDefinition<object, object>;
const txn = method('KV', 'Txn');
const watch = method('Watch', 'Watch');
const authenticate = method('Auth', 'Authenticate');

const never = new AbortController().signal;
/** What the toy answers counts, however late a busy machine lets it do that. */
const limits = { headersMs: 60_000, totalMs: 60_000, maxBytes: 1_000_000 };
/** For streams that are not answered. */
const hasty = { ...limits, headersMs: 2000, totalMs: 2000 };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Bytes as they go over the wire, or an object of the protocol. */
type Said = Buffer | object;

interface Answers {
  readonly txn?: () => Said;
  /** Everything that a watch stream is told when it is asked for a watch. */
  readonly watch?: () => readonly Said[];
  readonly authenticate?: () => Said;
}

/** An etcd whose every answer the test writes; a backend that asks it. */
async function toy(answers: Answers, allowed: HttpLimits = limits): Promise<Backend> {
  const { txn: onTxn, watch: onWatch, authenticate: onAuth } = answers;
  const raw = (of: MethodDefinition<object, object>) => ({
    path: of.path,
    requestStream: of.requestStream,
    responseStream: of.responseStream,
    requestSerialize: of.requestSerialize,
    requestDeserialize: of.requestDeserialize,
    responseSerialize: (said: Said) => (Buffer.isBuffer(said) ? said : of.responseSerialize(said)),
    responseDeserialize: of.responseDeserialize,
  });
  const server = new grpc.Server();
  server.addService(
    { txn: raw(txn), watch: raw(watch), authenticate: raw(authenticate) },
    {
      txn: (_call: unknown, done: grpc.sendUnaryData<Said>) => {
        done(null, (onTxn ?? (() => answerOf([pair('/k', '5')])))());
      },
      authenticate: (_call: unknown, done: grpc.sendUnaryData<Said>) => {
        done(null, (onAuth ?? (() => ({ token: 't' })))());
      },
      watch: (stream: grpc.ServerDuplexStream<object, Said>) => {
        stream.on('error', () => undefined);
        stream.on('data', () => {
          for (const said of onWatch?.() ?? []) stream.write(said);
        });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  closers.push(() => {
    server.forceShutdown();
    return Promise.resolve();
  });
  const auth =
    onAuth === undefined
      ? null
      : await Credentials.open({ basicAuth: true, username: 'u', password: 'p', passwordFile: '' });
  const backend = await etcd3Backend(
    etcdSettings([`http://127.0.0.1:${port}`], { limits: allowed, auth, silenceMs: 200 }),
  );
  closers.push(() => backend.close());
  return backend;
}

const header = { cluster_id: '7', member_id: '7', revision: '9', raft_term: '2' };
const pair = (key: string, value: string, more: object = {}) => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  create_revision: '5',
  mod_revision: '5',
  version: '1',
  ...more,
});
/** The answer to the two reads of which a key is asked: itself, and what is below. */
const answerOf = (kvs: readonly object[], below: readonly object[] = [], more: object = {}) => ({
  header,
  succeeded: true,
  responses: [{ response_range: { header, kvs } }, { response_range: { header, kvs: below } }],
  ...more,
});

const junk = Buffer.from('this is no message of a protocol', 'latin1');
/** A message in messages, ten thousand deep: each is field 15 of the one around it. */
const deepMessage = () => {
  let bytes = Buffer.alloc(0);
  for (let i = 0; i < 10_000; i++) bytes = Buffer.concat([Buffer.from([0x7a]), varint(bytes.length), bytes]);
  return bytes;
};
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}

async function failureOf(work: Promise<unknown>): Promise<{ name: string; code: string; message: string }> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as { name: string; code: string; message: string },
  );
}

describe('a read answered by', () => {
  const whole = Buffer.from(txn.responseSerialize(answerOf([pair('/k', '5')])));

  test.each([
    ['nothing', {}],
    ['bytes of something else', junk],
    ['a message cut short', whole.subarray(0, whole.length - 3)],
    ['a message in messages', deepMessage()],
    ['no header', { ...answerOf([pair('/k', '5')]), header: null }],
    ['too few results', { header, responses: [{ response_range: { header, kvs: [] } }] }],
    ['too many results', { header, responses: Array.from({ length: 3 }, () => ({ response_range: { header } })) }],
    ['results of something else', { header, responses: [{ response_put: {} }, { response_delete_range: {} }] }],
    ['results that are none', { header, responses: [{}, {}] }],
    ['another key', answerOf([pair('/other', '5')])],
    ['an empty key', answerOf([{ value: Buffer.from('5') }])],
    ['keys that are not below', answerOf([], [pair('/kk/a', '1')])],
    ['keys out of order', answerOf([], [pair('/k/b', '1'), pair('/k/a', '1')])],
    [
      'more, of which there is nothing',
      answerOf([], [], { responses: [{ response_range: { more: true } }, { response_range: {} }] }),
    ],
  ] as [string, Said][])('%s', async (_name, said) => {
    const error = await failureOf(readSnapshot(await toy({ txn: () => said }), ['/k'], never));
    expect(error.name).toBe('BackendError');
    expect(error.message).toMatch(/^http:\S+: the answer (is not a valid etcd answer|does not fit the request)$/);
  });

  test('a token that is none', async () => {
    const backend = await toy({ authenticate: () => junk });
    expect(await failureOf(readSnapshot(backend, ['/k'], never))).toMatchObject({ name: 'BackendError' });
  });
});

describe('a watch answered by', () => {
  const created = { header, watch_id: '0', created: true };
  const told = (...events: object[]) => [created, { ...created, watch_id: '1' }, { header, watch_id: '0', events }];

  test.each([
    ['nothing', [{}]],
    ['bytes of something else', [junk]],
    ['no header', [{ ...created, header: null }]],
    ['more watches than were asked for', [created, created, created]],
    ['an event without a key', told({ type: 'Put', kv: null })],
    ['an event of an unknown kind', told({ type: 7, kv: pair('/k', '6', { mod_revision: '10' }) })],
    ['an event of no revision', told({ type: 'Put', kv: pair('/k', '6', { mod_revision: '0' }) })],
    ['an event before all time', told({ type: 'Put', kv: pair('/k', '6', { mod_revision: '-5' }) })],
    ['an event of a watch that is not there', [created, { header, watch_id: '99', events: [{ kv: pair('/k', '6') }] }]],
  ] as [string, Said[]][])('%s', async (_name, said) => {
    let asked = 0;
    const backend = await toy({ watch: () => ((asked += 1) === 1 ? said : []) }, hasty);
    const { cursor } = await readSnapshot(backend, ['/k'], never);
    const drain = async () => {
      for await (const change of backend.open(['/k'], AbortSignal.timeout(20_000), cursor)) {
        if (change.kind === 'resync') throw Object.assign(new Error('read anew'), { name: 'BackendError' });
      }
    };
    expect((await failureOf(drain())).name).toBe('BackendError');
  });
});

describe('somebody else answers', () => {
  const html: RequestListener = (_request, response) =>
    response.writeHead(404, { 'Content-Type': 'text/html' }).end('<html>');

  test.each([
    ['a web server', html, 'the HTTP server there is not etcd (it answered 404): check the address'],
    [
      'an etcd of old',
      (_request, response) => response.end('etcd 0.4.6'),
      'this etcd does not offer the v3 API; use -backend etcdv2',
    ],
    [
      'a server that speaks TLS',
      (_request, response) => response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n'),
      'the server uses TLS on this port: write https://',
    ],
  ])('%s', async (_name, listener, expected) => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const backend = await etcd3Backend(etcdSettings([url], { limits }));
    closers.push(() => backend.close());
    await expect(readSnapshot(backend, ['/k'], never)).rejects.toThrow(`${url}: ${expected}`);
  });
});
