import { describe, expect, test } from '@jest/globals';
import { parseNode } from '../../../src/backend/net/nodes.ts';

describe('what is no node', () => {
  test.each([
    '',
    'ftp://me:pw@h',
    'http:/me:pw@h',
    'http:me:pw@h',
    'http//me:pw@h',
    'https//me:pw@h',
    'https;//me:pw@h',
    'http;me:pw@h',
    'http:\\\\me:pw@h',
    'h@ttp://me:pw@h',
    'htp://me:pw@h',
    '://me:pw@h',
    'http://me:12/pw@h',
    'http://me:12?pw@h',
    'http://me:12#pw@h',
    'me:12/pw@h',
    'me:12?pw@h',
    'http://h/a@b',
    'http:2379x',
    'http:',
    'http:/h',
  ])('%s', (text) => {
    const refused = () => parseNode(text, 'http');
    expect(refused).toThrow(/^".*" is not a node: expected http:\/\/host:port or host:port$/);
    expect(refused).not.toThrow(/pw|me|12[^:]/);
  });
});

test.each([
  ['h', 'http://h', ''],
  ['h:4001', 'http://h:4001', ''],
  ['http', 'http://http', ''],
  ['http:2379', 'http://http:2379', ''],
  ['https.example:2379/x', 'http://https.example:2379/x', ''],
  ['http-store', 'http://http-store', ''],
  ['[::1]:4001', 'http://[::1]:4001', ''],
  ['HTTPS://h:4001/', 'https://h:4001', ''],
  ['http://me:pw@h:1/a/', 'http://h:1/a', 'me:pw'],
  ['me:p@w@h:1', 'http://h:1', 'me:p@w'],
  ['http://me:p%2Fw@h', 'http://h', 'me:p/w'],
  ['http:///me:pw@h', 'http://h', 'me:pw'],
])('%s', (text, label, userinfo) => {
  expect(parseNode(text, 'http')).toMatchObject({ label, userinfo });
});
