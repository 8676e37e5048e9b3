import { describe, expect, test } from '@jest/globals';
import { decode, encode } from '../../src/go/base64.ts';
import { callRows, outcome } from '../helpers/goRows.ts';

describe('as Go does it', () => {
  test.each(Object.entries({ decode, encode }))('%s', (name, run) => {
    const rows = callRows('base64').filter((row) => row.fn === name);
    expect(rows.length).toBeGreaterThan(200);
    for (const row of rows) expect([row.args, outcome(run, row)]).toEqual([row.args, row.wanted]);
  });
});
