import { describe, expect, test } from '@jest/globals';
import { countChanges } from '../../../src/agent/pipeline/line-count.ts';

const lines = (text: string) => Array.from(text);

describe('countChanges', () => {
  test.each([
    ['', '', 0, 0],
    ['abc', 'abc', 0, 0],
    ['', 'abc', 3, 0],
    ['abc', '', 0, 3],
    ['abc', 'axc', 1, 1],
    ['abcabba', 'cbabac', 2, 3],
    ['ab', 'ba', 1, 1],
    ['aaa', 'aa', 0, 1],
    ['xaby', 'xbay', 1, 1],
  ])('%j → %j', (before, after, added, removed) => {
    expect(countChanges(lines(before), lines(after))).toEqual({ added, removed, isExact: true });
  });

  test('is the difference of lengths and longest common subsequence, at random', () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`); // eslint-disable-line no-console
    let state = seed;
    const next = (below: number) => ((state = (state * 48271 + 11) % 2147483647) >> 4) % below;
    for (let round = 0; round < 300; round++) {
      const text = () => Array.from({ length: next(14) }, () => 'abc'[next(3)]!);
      const [a, b] = [text(), text()];
      const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
      for (let i = 1; i <= a.length; i++) {
        for (let j = 1; j <= b.length; j++) {
          const same = a[i - 1] === b[j - 1];
          table[i]![j] = same ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
        }
      }
      const common = table[a.length]![b.length]!;
      expect([a.join(''), b.join(''), countChanges(a, b)]).toEqual([
        ...[a.join(''), b.join('')],
        { added: b.length - common, removed: a.length - common, isExact: true },
      ]);
    }
  });

  test('texts that have nothing in common are not searched for ever', () => {
    const text = (name: string) => Array.from({ length: 100_000 }, (_, i) => `${name}${i}`);
    const { added, removed, isExact } = countChanges(text('a'), [...text('b'), 'more']);
    expect([added, removed, isExact]).toEqual([100_001, 100_000, false]);
  });
});
