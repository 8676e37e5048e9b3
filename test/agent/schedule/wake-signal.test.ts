import { describe, expect, test } from '@jest/globals';
import { WakeSignal } from '../../../src/agent/schedule/wake-signal.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';

describe('bell', () => {
  test('what is rung before the wait is there at once, each reason once', async () => {
    const bell = new WakeSignal();
    bell.notify('change');
    bell.notify('edit');
    bell.notify('change');
    expect([...(await bell.next(1000, new FakeClock()))]).toEqual(['change', 'edit']);
  });

  test('a ring ends the wait and leaves no timer behind', async () => {
    const bell = new WakeSignal();
    const clock = new FakeClock();
    const next = bell.next(1000, clock);
    await settle();
    bell.notify('hangup');
    expect([...(await next)]).toEqual(['hangup']);
    expect(clock.pending).toEqual([]);
  });

  test('silence is a timer', async () => {
    const bell = new WakeSignal();
    const clock = new FakeClock();
    const next = bell.next(1000, clock);
    await clock.advance(1000);
    expect([...(await next)]).toEqual(['timer']);
  });

  test('what is rung while nobody waits is kept for the next wait', async () => {
    const bell = new WakeSignal();
    const clock = new FakeClock();
    const first = bell.next(1000, clock);
    bell.notify('change');
    await first;
    bell.notify('edit');
    expect([...(await bell.next(1000, clock))]).toEqual(['edit']);
  });
});
