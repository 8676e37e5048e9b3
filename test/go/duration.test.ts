import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from '../../src/go/duration.ts';

interface Row {
  duration: string;
  nanos?: string;
  string?: string;
  error?: string;
}
const all = JSON.parse(readFileSync(new URL('../golden/flag.json', import.meta.url), 'utf8')) as object[];
const rows = all.filter((row): row is Row => 'duration' in row);

describe('what Go refuses', () => {
  test.each(rows.filter((row) => row.error !== undefined))('$duration', ({ duration, error }) => {
    expect(() => parseDuration(duration)).toThrow(new Error(error));
  });
});

describe('what Go accepts', () => {
  test.each(rows.filter((row) => row.error === undefined))('$duration', ({ duration, nanos, string }) => {
    const value = parseDuration(duration);
    expect(value.toString()).toBe(nanos);
    expect(formatDuration(value)).toBe(string);
  });
});
