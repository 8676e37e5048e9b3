import { expect, test } from '@jest/globals';
import { backoffMs, jitterMs } from '../../../src/backend/contract/backoff.ts';

test.each([
  [0, 0, 500],
  [1, 0, 500],
  [1, 1, 1000],
  [3, 0.5, 3000],
  [7, 1, 60_000],
  [1e9, 1, 60_000],
])('attempt %d with chance %d waits %d ms', (attempt, chance, expected) => {
  expect(backoffMs(attempt, () => chance)).toBe(expected);
});

test.each([
  [0, 100],
  [0.5, 600],
  [1, 1100],
])('with chance %d a moment is %d ms', (chance, expected) => {
  expect(jitterMs(() => chance)).toBe(expected);
});
