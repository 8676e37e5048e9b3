import { describe, expect, test } from '@jest/globals';
import { printValue, sprint, sprintf, sprintln } from '../../src/go/fmt.ts';
import { storedRows } from '../helpers/go-rows.ts';
import { decode } from '../helpers/go-value.ts';
import type { Encoded } from '../helpers/go-value.ts';
import { testRows } from '../helpers/test-rows.ts';

interface Formatted {
  readonly a: Encoded[];
  readonly f: string;
  readonly w: string;
}
interface Plain {
  readonly a: Encoded[];
  readonly print: string;
  readonly println: string;
}

const rows = storedRows<Formatted | Plain>('fmt');
const formatted = rows.filter((row) => 'f' in row);
const plain = rows.filter((row) => 'print' in row);

describe('what Go prints', () => {
  test('there are enough rows', () => {
    expect(rows.length).toBeGreaterThan(3000);
  });

  testRows('under a format', formatted, (row) => {
    expect({ ...row, w: sprintf(row.f, row.a.map(decode)) }).toEqual(row);
  });

  testRows('without a format', plain, (row) => {
    const args = row.a.map(decode);
    expect({ ...row, print: sprint(args), println: sprintln(args) }).toEqual(row);
  });
});

testRows(
  'a value alone prints as %v',
  formatted.filter((row) => row.f === '%v'),
  (row) => {
    expect(printValue(decode(row.a[0]!))).toBe(row.w);
  },
);

test('a format is compiled once and holds no state of its last run', () => {
  const format = '%[2]*[1]d|%-5s|';
  expect(sprintf(format, [1n, 4n, 'x'])).toBe(sprintf(format, [1n, 4n, 'x']));
});
