import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/agent/outcome.ts';
import { Runner } from '../../src/agent/runner.ts';
import { FakeClock, settle } from '../helpers/fakeClock.ts';

type Result = 'ok' | 'render' | 'check' | 'reload';

/** A runner whose passes end as told, one result after the other, and then well. */
function runner(results: readonly Result[]) {
  const clock = new FakeClock();
  const passes: boolean[] = [];
  const gates: (() => void)[] = [];
  const one = new Runner(async (owed) => {
    const result = results[passes.length] ?? 'ok';
    passes.push(owed);
    await new Promise<void>((resolve) => gates.push(resolve));
    if (result === 'ok') return { status: 'unchanged', reloaded: owed } satisfies Outcome;
    const error = new Error(result);
    return { status: 'failed', room: result, error, owed: owed || result === 'reload' } satisfies Outcome;
  }, clock);
  const finish = async () => {
    gates.shift()!();
    await settle();
  };
  return { one, passes, clock, finish };
}

describe('runner', () => {
  test('kicks during a pass make one more pass, not many', async () => {
    const { one, passes, finish } = runner([]);
    one.kick();
    one.kick();
    one.kick();
    await settle();
    expect(passes).toHaveLength(1);
    await finish();
    expect(passes).toHaveLength(2);
    await finish();
    expect(passes).toHaveLength(2);
  });

  const owes: readonly (readonly [string, readonly Result[], readonly boolean[]])[] = [
    ['a failed render owes nothing', ['render'], [false, false]],
    ['a failed reload is owed until it is made', ['reload', 'reload'], [false, true, true]],
    ['a render that fails meanwhile does not pay the debt', ['reload', 'render'], [false, true, true]],
    ['a paid debt is gone', ['reload', 'ok', 'check'], [false, true, false, false]],
  ];
  test.each(owes)('%s', async (_name, results, expected) => {
    const { one, passes, clock, finish } = runner(results);
    one.kick();
    await settle();
    for (let i = 1; i < expected.length; i++) {
      await finish();
      await clock.advance(120_000);
      if (results[i - 1] === 'ok') one.kick();
      await settle();
    }
    expect(passes).toEqual(expected);
  });

  test('stop waits for the pass in hand, and nothing runs after it', async () => {
    const { one, passes, clock, finish } = runner(['render']);
    one.kick();
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
