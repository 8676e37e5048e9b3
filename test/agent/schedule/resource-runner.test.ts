import { describe, expect, test } from '@jest/globals';
import type { PassRecord, Trigger } from '../../../src/agent/pipeline/pass-record.ts';
import { ResourceRunner } from '../../../src/agent/schedule/resource-runner.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';
import { failedCheck, recordOf } from '../../helpers/pipeline.ts';

/** A runner whose passes end as told, one after the other, and then well. */
function runner(results: readonly ('ok' | 'failed')[], ready = Promise.resolve()) {
  const clock = new FakeClock();
  const passes: number[] = [];
  const triggers: Trigger[] = [];
  const gates: (() => void)[] = [];
  const pass = async (trigger: Trigger): Promise<PassRecord> => {
    const result = results[passes.length] ?? 'ok';
    passes.push(clock.now());
    triggers.push(trigger);
    await new Promise<void>((resolve) => gates.push(resolve));
    return recordOf(result === 'ok' ? { status: 'unchanged', reloaded: false } : failedCheck);
  };
  const one = new ResourceRunner(pass, clock, ready);
  const finish = async () => {
    gates.shift()!();
    await settle();
  };
  return { one, passes, triggers, clock, finish };
}

describe('runner', () => {
  test.each([
    ['the first of several wakes the next pass', ['start', 'change', 'edit', 'timer'], [], ['start', 'change']],
    ['a failed pass wakes the next one', ['timer'], ['failed', 'failed'], ['timer', 'retry', 'retry']],
  ] as const)('%s', async (_name, asked, results, triggers) => {
    const { one, clock, finish, triggers: seen } = runner(results);
    for (const trigger of asked) {
      one.schedule(trigger);
      await settle();
    }
    for (let i = 0; i < triggers.length; i++) {
      await finish();
      await clock.advance(120_000);
    }
    expect(seen).toEqual(triggers);
  });

  test('kicks during a pass make one more pass, not many', async () => {
    const { one, passes, finish } = runner([]);
    one.schedule('change');
    one.schedule('change');
    one.schedule('change');
    await settle();
    expect(passes).toHaveLength(1);
    await finish();
    expect(passes).toHaveLength(2);
    await finish();
    expect(passes).toHaveLength(2);
  });

  test('a pass that failed is made again, until one does not', async () => {
    const { one, passes, clock, finish } = runner(['failed', 'failed']);
    one.schedule('change');
    await settle();
    for (let i = 0; i < 4 && passes.length > i; i++) {
      await finish();
      await clock.advance(120_000);
    }
    expect(passes).toHaveLength(3);
  });

  test('the first pass waits for whoever had the dest before', async () => {
    let leave: () => void = () => undefined;
    const { one, passes } = runner([], new Promise((resolve) => (leave = resolve)));
    one.schedule('change');
    await settle();
    expect(passes).toHaveLength(0);
    leave();
    await settle();
    expect(passes).toHaveLength(1);
  });

  test('stop waits for the pass in hand, and nothing runs after it', async () => {
    const { one, passes, clock, finish } = runner(['failed']);
    one.schedule('change');
    await settle();
    let stopped = false;
    void one.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    await finish();
    await settle();
    expect(stopped).toBe(true);
    await clock.advance(600_000);
    expect(passes).toHaveLength(1);
  });
});
