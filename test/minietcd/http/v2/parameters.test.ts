import { describe, expect, test } from '@jest/globals';
import { parseWrite, parseRead } from '../../../../src/minietcd/http/v2/parameters.ts';
import { parseForm } from '../../../../src/minietcd/http/net/form.ts';
import { atOnce } from '../../../../src/minietcd/state/steps.ts';

const ask = (method: string, query: string) => {
  const form = atOnce(parseForm('', query));
  return method === 'GET' || method === 'HEAD' ? parseRead(method, '/k', form) : parseWrite(method, '/k', form, 1000);
};

// The words and the order of refusals are held by keys.test.ts, against etcd's own answers.
test.each(['prevIndex=-1', 'waitIndex=1e3', 'ttl=9000000001', 'recursive=', 'prevExist=', 'prevValue=', 'refresh=1'])(
  '%s is refused on every method',
  (query) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])
      expect(() => ask(method, query)).toThrow(expect.objectContaining({ index: 0 }));
  },
);

describe('which change a request asks for', () => {
  test.each([
    ['PUT', '', 'set'],
    ['PUT', 'prevIndex=0', 'set'],
    ['PUT', 'prevIndex=1', 'compareAndSwap'],
    ['PUT', 'prevValue=a&prevExist=true', 'compareAndSwap'],
    ['PUT', 'prevExist=true', 'update'],
    ['PUT', 'prevExist=false&prevValue=a', 'create'],
    ['POST', 'prevExist=true&prevIndex=3', 'createInOrder'],
    ['DELETE', 'prevExist=true', 'delete'],
    ['DELETE', 'prevIndex=3', 'compareAndDelete'],
  ])('%s %s: %s', (method, query, action) => {
    expect(ask(method, query)).toMatchObject({ request: { action, path: '/k', at: 1000 } });
  });

  test('a TTL becomes an instant', () => {
    expect(ask('PUT', 'ttl=5')).toMatchObject({ request: { write: { expires: 6000 } } });
    expect(ask('PUT', 'ttl=')).toMatchObject({ request: { write: { expires: undefined } } });
  });
});

describe('reading', () => {
  test.each([
    ['GET', '', { kind: 'get', path: '/k', recursive: false }],
    ['GET', 'recursive=true', { kind: 'get', path: '/k', recursive: true }],
    ['HEAD', 'waitIndex=5', { kind: 'get', path: '/k', recursive: false }],
    ['GET', 'wait=true&quorum=true', { kind: 'get', path: '/k', recursive: false }],
    ['GET', 'wait=true&stream=1&waitIndex=5', { kind: 'watch', path: '/k', recursive: false, stream: true, since: 5 }],
  ])('%s %s', (method, query, wanted) => {
    expect(ask(method, query)).toEqual(wanted);
  });
});
