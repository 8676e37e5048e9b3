import { expect, test } from '@jest/globals';
import { isLinearizable, type Operation } from './register.mjs';

const read = (result: string, start: number, end: number): Operation => ({ kind: 'read', result, start, end });
const write = (to: string, start: number, end?: number): Operation =>
  end === undefined ? { kind: 'write', to, start } : { kind: 'write', to, start, end };
const swap = (from: string, to: string, result: boolean, times: [number, number]): Operation => ({
  ...{ kind: 'swap', from, to, result, start: times[0], end: times[1] },
});

test.each<[string, boolean, readonly Operation[]]>([
  ['a read of what was never written', false, [read('b', 0, 1)]],
  ['a read of what is not yet written', false, [read('b', 0, 1), write('b', 2, 3)]],
  ['a write that is lost', false, [write('b', 0, 1), read('a', 2, 3)]],
  ['two swaps from one value', false, [swap('a', 'b', true, [0, 9]), swap('a', 'c', true, [0, 9])]],
  ['a swap refused for no reason', false, [swap('a', 'b', false, [0, 1])]],
  ['a value that comes back', false, [write('b', 0, 1), read('b', 2, 3), read('a', 4, 5)]],
  ['an unanswered write seen and then not', false, [write('b', 0), read('b', 2, 3), read('a', 4, 5)]],
  ['nothing', true, []],
  ['reads around a write', true, [write('b', 0, 9), read('a', 1, 2), read('b', 3, 4)]],
  ['one swap of two', true, [swap('a', 'b', true, [0, 9]), swap('a', 'c', false, [0, 9]), read('b', 10, 11)]],
  ['an unanswered write that came to nothing', true, [write('b', 0), read('a', 2, 3)]],
  ['an unanswered write that came late', true, [write('b', 0), read('a', 2, 3), read('b', 4, 5)]],
])('%s: %s', (_what, expected, history) => {
  expect(isLinearizable(history, 'a')).toBe(expected);
});

test('a long history of many clients', () => {
  const history: Operation[] = [];
  for (let i = 0; i < 3000; i++) history.push(write(`v${i}`, i, i + 6), read(`v${i}`, i + 0.5, i + 0.9));
  expect(isLinearizable(history, 'a')).toBe(true);
  expect(isLinearizable([...history, read('a', 4000, 4001)], 'a')).toBe(false);
});
