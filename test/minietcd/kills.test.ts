import { expect, test } from '@jest/globals';
import { killRounds } from './kills.mjs';

// Many more rounds: npm run faults:minietcd
test('F1: nothing answered is lost by kill -9, and the register stays linearizable', async () => {
  const seed = Date.now() % 1e9;
  const { writes, operations, faults } = await killRounds({ rounds: 4, seed });
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(Math.min(writes, operations)).toBeGreaterThan(0);
});
