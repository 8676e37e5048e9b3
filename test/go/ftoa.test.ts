import { describe, expect, test } from '@jest/globals';
import { formatFloat } from '../../src/go/ftoa.ts';
import { parseFloat } from '../../src/go/strconv.ts';
import { testCalls } from '../helpers/go-rows.ts';

describe('as Go writes them', () => {
  const ours = (x: number, format: string, precision: bigint, bits: bigint) =>
    formatFloat(x, format, Number(precision), Number(bits));
  testCalls('strconv', new Map([['formatFloat', ours]]));
});

test('a format that does not exist shows itself', () => {
  expect(formatFloat(1, 'y', -1, 64)).toBe('%y');
});

test('random floats read back as they were', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 5000; i++) {
    view.setUint32(0, next());
    view.setUint32(4, next());
    // Every tenth one a subnormal: chance alone gives one in two thousand.
    if (i % 10 === 0) view.setUint32(0, view.getUint32(0) & 0x800f_ffff);
    const x = view.getFloat64(0);
    if (!Number.isFinite(x)) continue;
    for (const format of ['e', 'f', 'g', 'x']) {
      expect([seed, x, parseFloat(formatFloat(x, format, -1, 64))]).toEqual([seed, x, x]);
    }
    const single = Math.fround(x);
    if (Number.isFinite(single)) {
      expect([seed, single, parseFloat(formatFloat(single, 'g', -1, 32), 32)]).toEqual([seed, single, single]);
    }
  }
});
