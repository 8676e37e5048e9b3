import { expect, test } from '@jest/globals';
import { LogThrottle } from '../../src/obs/log-throttle.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

test('the same news is due at once and then once a minute, until it is forgotten', async () => {
  const clock = new FakeClock();
  const reminder = new LogThrottle(clock);
  const due: number[] = [];
  for (let second = 0; second < 130; second++) {
    if (second === 10) reminder.reset();
    if (reminder.isDue()) due.push(second);
    await clock.advance(1000);
  }
  expect(due).toEqual([0, 10, 70]);
});
