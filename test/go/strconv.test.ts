import { describe, expect, test } from '@jest/globals';
import {
  atoi,
  canBackquote,
  formatFloat,
  parseBool,
  parseFloat,
  parseInt,
  parseUint,
  quote,
  quoteToASCII,
  unquote,
} from '../../src/go/strconv.ts';
import { callRows, outcome } from '../helpers/goRows.ts';

const functions = new Map<string, (...args: never[]) => unknown>([
  ['atoi', atoi],
  ['parseInt', (text: string, base: bigint, bits: bigint) => parseInt(text, Number(base), Number(bits))],
  ['parseUint', (text: string, base: bigint, bits: bigint) => parseUint(text, Number(base), Number(bits))],
  ['parseFloat', (text: string, bits: bigint) => parseFloat(text, Number(bits))],
  ['parseBool', parseBool],
  ['quote', quote],
  ['quoteToASCII', quoteToASCII],
  ['canBackquote', canBackquote],
  ['unquote', unquote],
  [
    'formatFloat',
    (x: number, format: string, precision: bigint, bits: bigint) => {
      return formatFloat(x, format, Number(precision), Number(bits));
    },
  ],
]);

describe('as Go does it', () => {
  test.each([...functions])('%s', (name, run) => {
    const rows = callRows('strconv').filter((row) => row.fn === name);
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect([row.args, outcome(run, row)]).toEqual([row.args, row.wanted]);
  });
});

test('random floats read back as they were', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 5000; i++) {
    view.setUint32(0, next());
    view.setUint32(4, next());
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
