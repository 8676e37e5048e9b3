import { describe, expect, test } from '@jest/globals';
import { encodeCommand, RespError, RespReader } from '../../../src/backend/redis/resp.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test.each([
  ['HTTP/1.1 400 Bad Request\r\n'],
  ['\x15\x03\x03\x00\x02'],
  ['$x\r\n'],
  ['$99999999999\r\n'],
  [':1e9\r\n'],
  ['*1\r\n'.repeat(9)],
  [`+${'x'.repeat(70_000)}`],
])('%j is not redis', (text) => {
  expect(() => new RespReader().push(bytes(text))).toThrow('the server there is not redis');
});

const answers = [
  ['+OK\r\n', 'OK'],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['$0\r\n\r\n', ''],
  ['*0\r\n', []],
  [':-7\r\n', -7],
  ['$6\r\n\r\n\x00\xff+1\r\n', '\r\n\x00\xff+1'],
  ['*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$-1\r\n', ['0', ['a', null]]],
] as const;

describe('answers, whole and byte by byte', () => {
  test.each(answers)('%j', (text, value) => {
    expect(new RespReader().push(bytes(text))).toEqual([value]);
    const reader = new RespReader();
    expect(Array.from(text).flatMap((char) => reader.push(bytes(char)))).toEqual([value]);
  });

  test('many in one piece', () => {
    const all = answers.map(([text]) => text).join('');
    expect(new RespReader().push(bytes(all))).toEqual(answers.map(([, value]) => value));
  });

  test('an error is a value with a code', () => {
    const [error] = new RespReader().push(bytes('-NOPERM no rights\r\n'));
    expect(error).toBeInstanceOf(RespError);
    expect((error as RespError).code).toBe('NOPERM');
  });
});

test('a command keeps every byte', () => {
  expect(encodeCommand(['GET', '\r\n\xff']).toString('latin1')).toBe('*2\r\n$3\r\nGET\r\n$3\r\n\r\n\xff\r\n');
});
