import { describe, expect, test } from '@jest/globals';
import { Bell } from '../../src/agent/bell.ts';
import { FakeClock, settle } from '../helpers/fakeClock.ts';

describe('bell', () => {
  test('what is rung before the wait is there at once, each reason once', async () => {
    const bell = new Bell();
    bell.ring('change');
    bell.ring('edit');
    bell.ring('change');
    expect([...(await bell.next(1000, new FakeClock()))]).toEqual(['change', 'edit']);
  });

  test('a ring ends the wait and leaves no timer behind', async () => {
    const bell = new Bell();
    const clock = new FakeClock();
    const next = bell.next(1000, clock);
    await settle();
    bell.ring('hangup');
    expect([...(await next)]).toEqual(['hangup']);
    expect(clock.pending).toEqual([]);
  });

  test('silence is a timer', async () => {
    const bell = new Bell();
    const clock = new FakeClock();
    const next = bell.next(1000, clock);
    await clock.advance(1000);
    expect([...(await next)]).toEqual(['timer']);
  });

  test('what is rung while nobody waits is kept for the next wait', async () => {
    const bell = new Bell();
    const clock = new FakeClock();
    const first = bell.next(1000, clock);
    bell.ring('change');
    await first;
    bell.ring('edit');
    expect([...(await bell.next(1000, clock))]).toEqual(['edit']);
  });
});
