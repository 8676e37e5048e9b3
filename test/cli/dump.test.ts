import { describe, expect, test } from '@jest/globals';
import { printDump, readDump } from '../../src/cli/dump.ts';

describe('texts that are no dump', () => {
  test.each([
    ['', 'neither JSON nor a list of keys'],
    ['{', 'neither JSON nor a list of keys'],
    ['3', 'a JSON object is expected'],
    ['{}', 'neither "format" and "nodes" nor "node"'],
    ['{"format":"x","nodes":[]}', 'a dump of another format: "x"'],
    ['{"format":"mini-etcd dump 1","nodes":3}', '"nodes" is no list'],
    ['{"format":"mini-etcd dump 1","nodes":[null]}', 'nodes[0] has no "key"'],
    ['{"format":"mini-etcd dump 1","nodes":[{"key":"/a"}]}', 'nodes[0]: /a has no "value"'],
    ['{"format":"mini-etcd dump 1","nodes":[{"key":"/a","value":"","ttl":-1}]}', '/a has a bad "ttl"'],
    ['{"node":{"nodes":{}}}', 'its nodes are no list'],
    ['/a\nb', 'not a key: "b"'],
  ])('%s', (text, message) => {
    expect(() => readDump(text)).toThrow(message);
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
    warnings: ['1 keys come without a value, and are made empty: a listing holds none'],
  });
});
