import { expect, test } from '@jest/globals';
import { isMemoryFull } from '../../../src/agent/render/memory-limit.ts';

test('there is room', () => {
  expect(isMemoryFull()).toBe(false);
});
