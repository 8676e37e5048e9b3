import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { etcdBackend, type EtcdSettings } from '../../../src/backend/etcd/v2.ts';
import { toldBy } from '../../contract/backend.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { ToyServer } from '../../helpers/toy-server.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The first change, or the error, that a watch on /k from index 7 brings when the server answers so, one by one. */
async function firstChange(...answers: Answer[]): Promise<unknown> {
  return firstChangeOf({}, ...answers);
}

async function firstChangeOf(more: Partial<EtcdSettings>, ...answers: Answer[]): Promise<unknown> {
  let next = 0;
  const toy = await ToyServer.start((request, response) => {
    answers[Math.min(next++, answers.length - 1)]!(request, response);
  });
  const backend = await etcdBackend(etcdSettings([toy.url], more));
  const stop = new AbortController();
  try {
    for await (const change of backend.open(['/k'], stop.signal, new Map([['/k', 7n]]))) {
      const told = toldBy(change);
      if (told.length === 0) continue; // a sign of life
      const place = change.kind === 'resync' ? null : change.cursor.get('/k');
      return [told, place, ...toy.seen.map((request) => request.url!.split('waitIndex=')[1])];
    }
  } catch (error) {
    return (error as Error).message.replace(toy.url, 'NODE');
  } finally {
    await backend.close();
    await toy.close();
  }
  return undefined;
}

const say =
  (status: number, index: number, body: string): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'X-Etcd-Index': String(index) }).end(body);
  };
const event = say(200, 8, '{"action":"set","node":{"key":"/k","value":"new","modifiedIndex":9,"createdIndex":9}}');
const cut: Answer = (_request, response) => {
  response.writeHead(200, { 'X-Etcd-Index': '8' }).write('{"act', () => response.destroy());
};

test.each([
  ['garbled', [say(200, 8, 'x')], 'NODE: the answer is not JSON (1 byte)'],
  ['cut for ever', [cut], 'NODE: the connection broke several times in a row'],
  ['denied', [say(401, 0, '{"errorCode":110}')], 'NODE: access denied (401); check the user name and the password'],
  ['an event', [event], [[{ key: '/k', value: 'new' }], 9n, '8']],
  ['cut once', [cut, event], [[{ key: '/k', value: 'new' }], 9n, '8', '8']],
  ['ended without an event', [say(200, 8, ''), event], [[{ key: '/k', value: 'new' }], 9n, '8', '8']],
  ['history cleared', [say(400, 2000, '{"errorCode":401,"index":2000}')], ['resync', null, '8']],
  ['an event without a node', [say(200, 8, '{"action":"set"}')], 'NODE: the answer to a watch has no event'],
  ['an unknown action', [say(200, 8, '{"action":"x","node":{"key":"/k","modifiedIndex":9}}')], ['resync', null, '8']],
  ['a counter that is behind', [say(200, 3, '')], ['resync', null, '8', undefined]],
  [
    'a member that lags',
    [say(200, 3, ''), say(200, 7, '{}'), event],
    [[{ key: '/k', value: 'new' }], 9n, '8', undefined, '8'],
  ],
] as [string, Answer[], unknown][])('%s', async (_name, answers, expected) => {
  expect(await firstChange(...answers)).toEqual(expected);
});

test('a poll that stands is a sign of life, before anything happens', async () => {
  const toy = await ToyServer.start((_request, response) => {
    response.writeHead(200, { 'X-Etcd-Index': '7' }).flushHeaders();
  });
  const backend = await etcdBackend(etcdSettings([toy.url]));
  const stop = new AbortController();
  for await (const change of backend.open(['/k'], stop.signal, new Map([['/k', 7n]]))) {
    expect(change).toEqual({ kind: 'edits', cursor: new Map([['/k', 7n]]), edits: [] });
    break;
  }
  await backend.close();
  await toy.close();
});

describe('a history that others have filled', () => {
  const standing =
    (index: number): Answer =>
    (_request, response) => {
      response.writeHead(200, { 'X-Etcd-Index': String(index) }).flushHeaders();
    };
  const late: Answer = (request, response) => {
    setTimeout(() => {
      standing(3000)(request, response);
    }, 1300);
  };
  const beginning: Answer = (_request, response) => {
    response.writeHead(200, { 'X-Etcd-Index': '3000' }).write('{"act');
  };
  const cleared = say(400, 5000, '{"errorCode":401,"index":5000}');
  const written = say(200, 5001, '{"action":"set","node":{"key":"/k","value":"v","modifiedIndex":5001}}');
  const edits = [{ key: '/k', value: 'v' }];

  test.each<[string, Answer[], unknown]>([
    ['nothing stood here before', [cleared], ['resync', null, '8']],
    ['a poll stood in silence', [standing(3000), cleared, written], [edits, 5001n, '8', '8', '3001']],
    ['more than once', [standing(9), standing(3000), cleared, written], [edits, 5001n, '8', '8', '8', '3001']],
    ['and more since', [standing(3000), cleared, cleared], ['resync', null, '8', '8', '3001']],
    ['the silence was short', [late, cleared], ['resync', null, '8', '8']],
    ['an event had begun to come', [beginning, cleared], ['resync', null, '8', '8']],
    ['the poll that stood was broken off', [cut, cleared], ['resync', null, '8', '8']],
    [
      'it stood before a store that was set back',
      [standing(3000), say(200, 3, ''), say(200, 3, '{}'), cleared],
      ['resync', null, '8', '8', undefined],
    ],
  ])('%s', async (_name, answers, expected) => {
    expect(await firstChangeOf({ silenceMs: 1500 }, ...answers)).toEqual(expected);
  });
});
