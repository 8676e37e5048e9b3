import { expect, test } from '@jest/globals';
import { dayOfYear, fromDays, toDays, weekday } from '../../src/go/time-calendar.ts';

test('days and dates are those of JavaScript, as far as it goes back', () => {
  for (let days = -100_000_000; days <= 100_000_000; days += 99_991) {
    const date = new Date(days * 86_400_000);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    expect([days, fromDays(days), weekday(days)]).toEqual([days, { year, month, day }, date.getUTCDay()]);
    expect(toDays(year, month, day)).toBe(days);
    expect(dayOfYear(days)).toBe(days - toDays(year, 1, 0));
  }
});

test.each([
  [
    [2024, 13, 1],
    [2025, 1, 1],
  ],
  [
    [2024, 0, 1],
    [2023, 12, 1],
  ],
  [
    [2024, -11, 31],
    [2023, 1, 31],
  ],
  [
    [2023, 2, 29],
    [2023, 3, 1],
  ],
  [
    [2024, 3, 0],
    [2024, 2, 29],
  ],
] as [[number, number, number], [number, number, number]][])('%j runs over to %j', (from, [year, month, day]) => {
  expect(fromDays(toDays(...from))).toEqual({ year, month, day });
});
