import { expect, test } from '@jest/globals';
import { StoreStats } from '../../../src/minietcd/state/stats.ts';

test('an in-order create counts as a create, and every counter begins at zero', () => {
  const stats = new StoreStats();
  stats.countChange('createInOrder', true);
  stats.countChange('create', false);
  stats.countExpired(3);
  const counted = JSON.parse(stats.toJson(7)) as Record<string, number>;
  expect(Object.entries(counted).filter(([, n]) => n > 0)).toEqual([
    ['createSuccess', 1],
    ['createFail', 1],
    ['expireCount', 3],
    ['watchers', 7],
  ]);
});
