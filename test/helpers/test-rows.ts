import { test } from '@jest/globals';

/**
 * One test over many rows, which tells all that fail: a test for each would cost jest more than the checking.
 * A mutation run takes each row as a test of its own.
 */
export function testRows<Row>(name: string, rows: readonly Row[], check: (row: Row) => void): void {
  test(name, () => {
    const failures = rows.flatMap((row) => failure(check, row));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${rows.length} rows`);
  });
}

function failure<Row>(check: (row: Row) => void, row: Row): unknown[] {
  try {
    check(row);
    return [];
  } catch (error) {
    return [error];
  }
}
