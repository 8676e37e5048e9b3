import { expect, test } from '@jest/globals';
import { isHeapFull } from '../../src/agent/heap.ts';

test('there is room', () => {
  expect(isHeapFull()).toBe(false);
});
