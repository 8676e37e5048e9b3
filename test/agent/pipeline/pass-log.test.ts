import { expect, test } from '@jest/globals';
import type { Failure, Outcome } from '../../../src/agent/pipeline/outcome.ts';
import { passLog } from '../../../src/agent/pipeline/pass-log.ts';
import { RepeatLog } from '../../../src/agent/pipeline/repeat-log.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { recordOf } from '../../helpers/pipeline.ts';

const failure = (parts: Partial<Failure>): Failure => ({
  ...{ status: 'failed', step: 'check', message: 'exit status 1', hints: [], pending: false, isBug: false },
  ...parts,
});
const rows: readonly (readonly [Outcome, readonly string[]])[] = [
  [
    failure({ step: 'check', pending: false }),
    ['ERROR exit status 1', 'WARNING Target config /d not updated: failed at check (/conf.d/r.toml)'],
  ],
  [
    failure({ step: 'render', pending: true, hints: ['  | a', 'is b meant?'] }),
    [
      ...['ERROR exit status 1', 'ERROR   | a', 'ERROR is b meant?'],
      'WARNING Target config /d not updated: failed at render; a reload is pending (/conf.d/r.toml)',
    ],
  ],
  [
    failure({ step: 'reload', pending: true }),
    [
      'ERROR exit status 1',
      'WARNING Target config /d is in place, but its reload failed and is pending (/conf.d/r.toml)',
    ],
  ],
  [
    failure({ step: 'read', message: 'Cannot process template resource x - down' }),
    ['ERROR Cannot process template resource x - down'],
  ],
  [failure({ isBug: true, message: 'Internal error' }), ['ERROR Internal error']],
  [{ status: 'unchanged', reloaded: false }, ['DEBUG Target config /d in sync']],
  [
    { status: 'unchanged', reloaded: true },
    ['INFO Target config /d in sync; its pending reload has been run and succeeded'],
  ],
  [{ status: 'updated', reloaded: true }, ['INFO Target config /d has been updated']],
  [{ status: 'updated', reloaded: false }, ['INFO Target config /d has been updated']],
  [{ status: 'noop', changed: true }, ['WARNING Noop mode enabled. /d will not be modified']],
  [{ status: 'kept', message: 'Target config /d not updated: why' }, ['WARNING Target config /d not updated: why']],
  [{ status: 'stopped' }, ['DEBUG Target config /d left as it was: stopping']],
];

test.each(rows)('%j', (outcome, lines) => {
  const log = memoryLog();
  const repeats = new RepeatLog(log);
  repeats.begin();
  passLog(repeats, new FakeClock())(recordOf(outcome));
  expect(log.lines).toEqual(lines);
});

test('too few keys are told once a minute, everything else each time', async () => {
  const clock = new FakeClock();
  const log = memoryLog();
  const report = passLog(new RepeatLog(log), clock);
  for (let second = 0; second < 90; second++) {
    report(recordOf({ status: 'kept', message: 'few' }));
    await clock.advance(1000);
  }
  expect(log.lines).toEqual(['WARNING few', 'WARNING few']);
  report(recordOf({ status: 'stopped' }));
  report(recordOf({ status: 'stopped' }));
  expect(log.lines).toHaveLength(4);
});

test('a failure that comes again is one line with a count, until something is new', () => {
  const log = memoryLog();
  const repeats = new RepeatLog(log);
  const report = passLog(repeats, new FakeClock());
  const pass = (status: 'failed' | 'unchanged', said: readonly string[]): readonly string[] => {
    log.lines.length = 0;
    repeats.begin();
    for (const line of said) repeats.error(line);
    report(recordOf(status === 'failed' ? failure({}) : { status, reloaded: false }));
    return log.lines.filter((line) => !line.startsWith('DEBUG'));
  };
  const closing = 'Target config /d not updated: failed at check';
  const whole = (said: string) => [`ERROR ${said}`, 'ERROR exit status 1', `WARNING ${closing} (/conf.d/r.toml)`];
  const again = (times: number) => [
    `ERROR ${closing} (/conf.d/r.toml), ${times} times in a row for the same reason: exit status 1`,
  ];
  expect(pass('failed', ['check_cmd of /d: pid 17 says no'])).toEqual(whole('check_cmd of /d: pid 17 says no'));
  expect(pass('failed', ['check_cmd of /d: pid 18 says no'])).toEqual(again(2));
  expect(pass('failed', ['check_cmd of /d: pid 19 says no'])).toEqual(again(3));
  expect(pass('failed', ['check_cmd of /d: pid 20 says yes'])).toEqual(whole('check_cmd of /d: pid 20 says yes'));
  expect(pass('failed', ['check_cmd of /d: pid 21 says yes'])).toEqual(again(2));
  expect(pass('unchanged', [])).toEqual([]);
  expect(pass('failed', ['check_cmd of /d: pid 22 says yes'])).toEqual(whole('check_cmd of /d: pid 22 says yes'));
});

test('a bug is told whole each time', () => {
  const log = memoryLog();
  const repeats = new RepeatLog(log);
  const report = passLog(repeats, new FakeClock());
  for (let i = 0; i < 3; i++) {
    repeats.begin();
    report(recordOf(failure({ isBug: true, message: 'Internal error' })));
  }
  expect(log.lines).toEqual(Array(3).fill('ERROR Internal error'));
});
