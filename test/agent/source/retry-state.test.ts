import { expect, test } from '@jest/globals';
import { RetryState, storeFailure } from '../../../src/agent/source/retry-state.ts';
import { BackendError } from '../../../src/backend/contract/backend.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

const down = new BackendError('unreachable', 'no answer from http://127.0.0.1:1');

test('says so once and then once a minute, and says when it is over', async () => {
  const clock = new FakeClock();
  const log = memoryLog();
  const outage = new RetryState(clock, log);
  for (let second = 0; second < 130; second++) {
    outage.failed(down);
    await clock.advance(1000);
  }
  expect(log.lines).toEqual(Array(3).fill(`ERROR ${down.message}`));
  outage.over();
  outage.over();
  expect(log.lines.slice(3)).toEqual(['INFO The backend answers again']);
});

test('waits longer each time, up to a cap, and begins anew after an answer', () => {
  const outage = new RetryState(new FakeClock(), memoryLog());
  const waits = Array.from({ length: 12 }, () => outage.failed(down));
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  expect(waits.at(-1)).toBeGreaterThan(waits[0]!);
  outage.over();
  expect(outage.failed(down)).toBeLessThanOrEqual(2_000);
});

test('a mistake of this program is a failure of the store like any other, and says where it is', () => {
  expect(storeFailure(down)).toBe(down);
  const bug = storeFailure(new TypeError('x is null'));
  expect(bug).toMatchObject({
    name: 'BackendError',
    message: /^Internal error .*please report it: TypeError: x is null/,
  });
  expect(storeFailure('?').message).toContain('?');
});
