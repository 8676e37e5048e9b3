import { expect, test } from '@jest/globals';
import { limited, reserve, reserveNext, reserveText, spend } from '../../src/go/budget.ts';

/** What a tick is called with while work is done. */
function asked(work: () => void): unknown[][] {
  const calls: unknown[][] = [];
  limited((...args) => calls.push(args), work);
  return calls;
}

test('steps are counted until a tick is due', () => {
  expect(asked(() => undefined)).toEqual([]);
  const few = asked(() => {
    for (let i = 0; i < 100_000; i++) spend(1);
  });
  expect(few.length).toBeGreaterThanOrEqual(5);
  expect(few.length).toBeLessThanOrEqual(8);
});

test('much memory is asked for, and said to be a text where it is', () => {
  const work = () => {
    reserve(10);
    reserve(1_000_000);
    reserveText(2_000_000);
    for (let length = 0; length < 20_000; length++) reserveNext(length);
  };
  expect(asked(work)).toEqual([[1_000_000], [2_000_000, true], [131_072], [262_144], [524_288]]);
});

test('what a tick throws ends the work, and the clock before it is there again', () => {
  const late = new Error('late');
  const inner: number[] = [];
  const outer = asked(() => {
    expect(() => {
      limited(
        () => {
          throw late;
        },
        () => {
          for (;;) spend(1);
        },
      );
    }).toThrow(late);
    limited(undefined, () => {
      reserve(1_000_000);
    });
    limited(
      (bytes) => inner.push(bytes!),
      () => {
        reserve(2_000_000);
      },
    );
    reserve(3_000_000);
  });
  expect(outer).toEqual([[1_000_000], [3_000_000]]);
  expect(inner).toEqual([2_000_000]);
});
