import { expect, test } from '@jest/globals';
import { formatTime } from '../../src/go/time-format.ts';
import type { WallTime } from '../../src/go/time-format.ts';
import { storedRows } from '../helpers/go-rows.ts';

// The reference time itself, so that what a layout asks for is what it spells.
const reference: WallTime = {
  year: 2006,
  month: 1,
  day: 2,
  hour: 15,
  minute: 4,
  second: 5,
  nanosecond: 0,
  yearDay: 2,
  weekday: 1,
  abbreviation: 'MST',
  offset: -7 * 3600,
};

test('the reference time shows every layout as it is written', () => {
  const layouts = storedRows<{ fn?: string; args: unknown[] }>('time').flatMap(({ fn, args }) => {
    return fn === 'Format' ? [args[0] as string] : [];
  });
  expect(layouts.length).toBeGreaterThan(500);
  for (const layout of new Set(layouts)) {
    if (/Z0|9|pm|_|0{10}/.test(layout)) continue; // what these spell depends on the time
    expect(formatTime(reference, layout)).toBe(layout);
  }
});

test('a zone without a name shows its offset', () => {
  expect(formatTime({ ...reference, abbreviation: '' }, 'MST')).toBe('-0700');
});
