import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { printValue, sprint, sprintf, sprintln } from '../../src/go/fmt.ts';
import { decode } from '../helpers/goValue.ts';
import type { Encoded } from '../helpers/goValue.ts';

type Row = { a: Encoded[] } & ({ f: string; w: string } | { print: string; println: string });

const rows = JSON.parse(readFileSync(new URL('../golden/fmt.json', import.meta.url), 'utf8')) as Row[];

describe('what Go prints', () => {
  test('there are enough rows', () => {
    expect(rows.length).toBeGreaterThan(3000);
  });

  test('under a format', () => {
    const wrong = rows.flatMap((row) => {
      if (!('f' in row)) return [];
      const got = sprintf(row.f, row.a.map(decode));
      return got === row.w ? [] : [{ format: row.f, args: JSON.stringify(row.a), want: row.w, got }];
    });
    expect(wrong).toEqual([]);
  });

  test('without a format', () => {
    for (const row of rows) {
      if (!('print' in row)) continue;
      const args = row.a.map(decode);
      expect([row.a, sprint(args), sprintln(args)]).toEqual([row.a, row.print, row.println]);
    }
  });
});

test('a value alone prints as %v', () => {
  for (const row of rows) if ('f' in row && row.f === '%v') expect(printValue(decode(row.a[0]!))).toBe(row.w);
});

test('a format is compiled once and holds no state of its last run', () => {
  const format = '%[2]*[1]d|%-5s|';
  expect(sprintf(format, [1n, 4n, 'x'])).toBe(sprintf(format, [1n, 4n, 'x']));
});
