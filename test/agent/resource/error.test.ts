import { open } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { AgentError, attempt, isErrno } from '../../../src/agent/resource/error.ts';

describe('attempt', () => {
  test('tells a system’s refusal in Go’s words', async () => {
    const opening = attempt('open', '/no/x', () => open('/no/x'));
    await expect(opening).rejects.toBeInstanceOf(AgentError);
    await expect(opening).rejects.toMatchObject({
      message: 'open /no/x: no such file or directory',
      touched: false,
      cause: { code: 'ENOENT' },
    });
  });

  test('lets a bug through as it is', async () => {
    const bug = new TypeError('x is not a function');
    await expect(attempt('open', '/x', () => Promise.reject(bug))).rejects.toBe(bug);
  });

  test('gives what the call gives', async () => {
    expect(await attempt('open', '/x', () => Promise.resolve(3))).toBe(3);
  });
});

test.each([
  [null, false],
  ['EBUSY', false],
  [new Error('EBUSY'), false],
  [Object.assign(new Error('x'), { code: 'EBUSY' }), false],
  [Object.assign(new Error('x'), { errno: -2, code: 'ENOENT' }), false],
  [Object.assign(new Error('x'), { errno: -16, code: 'EBUSY' }), true],
])('isErrno %#', (error, is) => {
  expect(isErrno(error, 'EBUSY')).toBe(is);
});
