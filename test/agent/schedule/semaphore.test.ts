import { expect, test } from '@jest/globals';
import { Semaphore } from '../../../src/agent/schedule/semaphore.ts';
import { settle } from '../../helpers/fake-clock.ts';

test('no more holders than slots, and the waiting ones come in order', async () => {
  const slots = new Semaphore(2);
  const order: number[] = [];
  const holders: (() => void)[] = [];
  for (let i = 0; i < 4; i++) {
    void slots.acquire().then((release) => {
      order.push(i);
      holders.push(release);
    });
  }
  await settle();
  expect(order).toEqual([0, 1]);
  holders[1]!();
  holders[1]!(); // giving back twice frees one slot only
  await settle();
  expect(order).toEqual([0, 1, 2]);
  holders[0]!();
  await settle();
  expect(order).toEqual([0, 1, 2, 3]);
});
