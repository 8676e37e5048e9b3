import { expect, test } from '@jest/globals';
import { decodeRequest, encodeRequest } from '../../../src/minietcd/storage/codec.ts';
import type { Request } from '../../../src/minietcd/state/request.ts';

const bytes = String.fromCharCode(...Array(256).keys());
const write = { value: bytes, dir: false, expires: 1e13, refresh: true };
const guard = { prevValue: 'é', prevIndex: 2n ** 64n - 1n };

const requests: readonly Request[] = [
  { action: 'set', path: bytes, write, at: 1.5 },
  { action: 'create', path: '/', write: { value: '', dir: true, expires: undefined, refresh: false }, at: 0 },
  { action: 'createInOrder', path: '/q', write, at: 1 },
  { action: 'update', path: '/u', write, at: 1 },
  { action: 'compareAndSwap', path: '/c', guard, write, at: 1 },
  { action: 'compareAndDelete', path: '/c', guard, at: 1 },
  { action: 'delete', path: '/d', reach: { dir: true, recursive: false }, at: 1 },
  { action: 'delete', path: '/d', reach: { dir: false, recursive: true }, at: 1 },
  { action: 'sync', at: 1_700_000_000_000 },
];

test.each(requests.map((request) => [request.action, request] as const))(
  '%s comes back as it was',
  (_action, request) => {
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  },
);

test('bytes that are no request are refused', () => {
  const whole = encodeRequest(requests[0]!);
  for (let size = 0; size < whole.length; size++) {
    expect(() => decodeRequest(whole.subarray(0, size))).toThrow(RangeError);
  }
  expect(() => decodeRequest(Buffer.alloc(20, 200))).toThrow('does not exist');
});
