import { statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { PassTracker, stopping } from '../../../src/agent/pipeline/pass-record.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { renderingOf, resourceOf } from '../../helpers/pipeline.ts';

const running = new AbortController().signal;

test('a record holds each step with its time, and plain data only', async () => {
  const clock = new FakeClock();
  await clock.advance(1000);
  const tracker = new PassTracker(resourceOf('/d'), 'change', { clock, signal: running });
  await clock.advance(3);
  tracker.enter('render');
  await clock.advance(5);
  tracker.enter('compare');
  const wished = { mode: 0o644, uid: 1, gid: 2 };
  const present = { md5: 'old', stat: Object.assign(statSync('/'), { mode: 0o100600, uid: 3, gid: 4 }) };
  tracker.compared(renderingOf(''), { changed: true, lines: [], problem: null, wished, present });
  tracker.enter('reload');
  await clock.advance(7);
  const record = tracker.end({ status: 'updated', reloaded: true }, { seen: 3, used: 2 });
  expect(record).toEqual({
    ...{ file: '/conf.d/r.toml', dest: '/d', trigger: 'change', startedAt: 1000, durationMs: 15 },
    keys: { seen: 3, used: 2 },
    comparison: {
      found: { md5: 'old', mode: 0o600, uid: 3, gid: 4 },
      wanted: { md5: renderingOf('').md5, mode: 0o644, uid: 1, gid: 2 },
      changed: true,
    },
    steps: [
      { step: 'render', ms: 5 },
      { step: 'compare', ms: 0 },
      { step: 'reload', ms: 7 },
    ],
    outcome: { status: 'updated', reloaded: true },
  });
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
});

test.each([
  ['read', true],
  ['render', true],
  ['compare', true],
  ['stage', true],
  ['check', true],
  ['swap', true],
  ['reload', false],
] as const)('when the agent is stopping, %s is not entered: %s', (step, isStopped) => {
  const tracker = new PassTracker(resourceOf('/d'), 'start', { clock: new FakeClock(), signal: AbortSignal.abort() });
  const entered = () => {
    tracker.enter(step);
  };
  if (!isStopped) entered();
  else {
    let thrown: unknown;
    try {
      entered();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(stopping);
  }
  const { steps } = tracker.end({ status: 'stopped' }, null);
  expect(steps.map((entry) => entry.step)).toEqual(isStopped ? [] : [step]);
});
