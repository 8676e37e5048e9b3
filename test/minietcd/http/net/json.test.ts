import { describe, expect, test } from '@jest/globals';
import { EtcdError } from '../../../../src/minietcd/state/errors.ts';
import { jsonString } from '../../../../src/minietcd/http/net/escapes.ts';
import { errorJson, eventJson } from '../../../../src/minietcd/http/net/json.ts';
import type { NodeImage } from '../../../../src/minietcd/state/event.ts';

// How strings are escaped is held by keys.test.ts, against etcd's own answers; here only that nothing is lost.
test('what is text stays readable as JSON', () => {
  for (const text of ['', 'a"b\\c', '\0\b\f\n\r\t\x7f', '<&>\u2028\u2029', 'é😀\uffff', '\ufffd']) {
    const bytes = Buffer.from(text, 'utf8').toString('latin1');
    const json = Buffer.from(jsonString(bytes), 'latin1').toString('utf8');
    expect(JSON.parse(json)).toBe(text);
  }
});

test.each([
  ['\xff\xfe', 2],
  ['\xe4\xb8', 2],
  ['\xed\xa0\x80', 3],
  ['\xc0\x80', 2],
  ['\xf0\x9f\x98', 3],
])('every byte of %j that is not UTF-8 shows', (bytes, count) => {
  expect(jsonString(bytes)).toBe(`"${'\\ufffd'.repeat(count)}"`);
});

test('an error without a cause says none', () => {
  expect(errorJson(new EtcdError(102, '', 3))).toBe('{"errorCode":102,"message":"Not a file","index":3}\n');
});

const image: NodeImage = { key: '/a', value: '1', dir: false, expires: undefined, ttl: 0, modified: 5, created: 4 };

describe('events', () => {
  test.each([
    [{ expires: 0, ttl: 3 }, '"expiration":"1970-01-01T00:00:00Z","ttl":3'],
    [{ expires: 1_000_000_000_120, ttl: 0 }, '"expiration":"2001-09-09T01:46:40.12Z"'],
    [{ expires: 1_000_000_000_007, ttl: -1 }, '"expiration":"2001-09-09T01:46:40.007Z","ttl":-1'],
  ])('%j', (expiry, json) => {
    expect(eventJson({ action: 'set', node: { ...image, ...expiry }, prevNode: undefined, refresh: false })).toBe(
      `{"action":"set","node":{"key":"/a","value":"1",${json},"modifiedIndex":5,"createdIndex":4}}\n`,
    );
  });
});
