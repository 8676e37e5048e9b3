import { describe, expect, test } from '@jest/globals';
import { DumpError, printDump, readDump } from '../../../src/cli/minietcd/dump.ts';

describe('texts that are no dump', () => {
  test.each([
    ['', 'line 1: neither JSON nor a list of keys'],
    ['{', 'line 1: neither JSON nor a list of keys'],
    ['hello', "line 1: neither JSON nor a list of keys: Unexpected token 'h'"],
    ['{"a":1,\n"b":x}', "line 2: neither JSON nor a list of keys: Unexpected token 'x'"],
    [`{"nodes":[\n{"key":"/a","value":"${'secret'.repeat(9)}"},\n{"key":"/b","value":}\n]}\n`, 'line 3: '],
    ['{"nodes":[\n\n{"key":"/b" "value":"secret"}\n]}', 'line 3: '],
    ['{"nodes":[\n{"key":"/b","value":"secret"}\n', 'line 2: '],
    ['{}\n{}', 'line 2: '],
    ['3', 'a JSON object is expected'],
    ['{}', 'neither "format" and "nodes" nor "node"'],
    ['{"format":"x","nodes":[]}', 'a dump of another format: "x"'],
    [
      `{"format":${'['.repeat(100_000)}${']'.repeat(100_000)},"nodes":[]}`,
      'a dump of another format: its "format" is not a string',
    ],
    ['{"node":null}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":[null]}}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":null}}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":[{"key":7,"value":"1"}]}}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":[{"key":"/a","value":"1","createdIndex":{"valueOf":1}}]}}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":[{"key":"/a","value":"1","createdIndex":1e999}]}}', 'not an answer of etcd'],
    ['{"node":{"dir":true,"nodes":[{"key":"/a","value":{"toString":1}}]}}', '/a has no "value"'],
    ['{"node":{"dir":true,"nodes":[{"key":"/a","value":"1","ttl":1e300}]}}', '/a has a bad "ttl"'],
    ['{"format":"mini-etcd dump 1","nodes":3}', '"nodes" is not a list'],
    ['{"format":"mini-etcd dump 1","nodes":[null]}', 'nodes[0] has no "key"'],
    ['{"format":"mini-etcd dump 1","nodes":[{"key":"/a"}]}', 'nodes[0]: /a has no "value"'],
    ['{"format":"mini-etcd dump 1","nodes":[{"key":"/a","value":"","ttl":-1}]}', '/a has a bad "ttl"'],
    ['{"node":null}', 'one of its nodes has the wrong form'],
    ['{"node":5}', 'one of its nodes has the wrong form'],
    ['{"node":{"nodes":{}}}', 'one of its nodes has the wrong form'],
    ['{"node":{"nodes":[null]}}', 'one of its nodes has the wrong form'],
    ['{"node":{"nodes":[{"key":5}]}}', 'one of its nodes has the wrong form'],
    ['/a\n\nb', 'line 3: not a key: "b"'],
  ])('%s', (text, message) => {
    expect(() => readDump(text)).toThrow(message);
    expect(() => readDump(text)).not.toThrow('secret');
  });

  test.each(['', 'hello', '[]', '{"a":1}', '{"node":1}'])('an answer of something else: %s', (text) => {
    expect(() => printDump(text)).toThrow(DumpError);
  });
});

const answer = JSON.stringify({
  action: 'get',
  node: {
    dir: true,
    nodes: [
      {
        key: '/q',
        dir: true,
        createdIndex: 5,
        nodes: [
          { key: '/q/2', value: 'b', createdIndex: 9 },
          { key: '/q/1', value: 'a', createdIndex: 5 },
        ],
      },
      { key: '/t', value: '', ttl: 7, expiration: 'x', createdIndex: 7 },
      { key: '/__proto__', dir: true, createdIndex: 8 },
    ],
  },
});
const nodes = [
  { key: '/q', value: undefined, ttl: undefined },
  { key: '/q/1', value: 'a', ttl: undefined },
  { key: '/t', value: '', ttl: 7 },
  { key: '/__proto__', value: undefined, ttl: undefined },
  { key: '/q/2', value: 'b', ttl: undefined },
];

test('an answer is read in the order of creation, and our own dump says the same', () => {
  expect(readDump(answer)).toEqual({ nodes, warnings: [] });
  expect(printDump(answer)).toContain('{"key":"/t","value":"","ttl":7},\n{"key":"/__proto__","dir":true}');
  expect(readDump(printDump(answer))).toEqual({ nodes, warnings: [] });
  expect(readDump(printDump('{"action":"get","node":{"dir":true}}'))).toEqual({ nodes: [], warnings: [] });
});

test('a listing holds directories, and values behind tabs', () => {
  expect(readDump('/d/\n/d/a\n/b\tone\ttwo\n')).toEqual({
    nodes: [
      { key: '/d', value: undefined, ttl: undefined },
      { key: '/d/a', value: '', ttl: undefined },
      { key: '/b', value: 'one\ttwo', ttl: undefined },
    ],
    warnings: ['1 key has no value in the file and is imported with an empty one'],
  });
});
