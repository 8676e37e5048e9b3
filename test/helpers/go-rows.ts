/** Rows of test/golden that are calls: a function, its arguments, and the result or error of real Go. */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { GoError, Num, Slice } from '../../src/go/value.ts';
import type { Value } from '../../src/go/value.ts';
import { decode } from './go-value.ts';
import type { Encoded } from './go-value.ts';
import { testRows } from './test-rows.ts';

export interface CallRow {
  readonly fn: string;
  readonly args: readonly Value[];
  readonly want: Value;
  /** The text of the error that Go gave instead of a value. */
  readonly error: string | null;
  /** What outcome gives when we do as Go does. */
  readonly wanted: unknown;
}

interface StoredCall {
  readonly fn: string;
  readonly args: readonly Encoded[];
  readonly want?: Encoded;
  readonly err?: string;
}

/** The rows of test/golden/<name>.json as they were written. */
export function storedRows<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as T[];
}

/** The rows of test/golden/<name>.json, if they are calls. */
export function callRows(name: string): CallRow[] {
  return storedRows<StoredCall>(name).map(({ fn, args, want: encoded, err: error = null }) => {
    const want = decode(encoded ?? null);
    return { fn, args: args.map(decode), want, error, wanted: error === null ? { value: bare(want) } : { error } };
  });
}

/** Tests functions of ours, by their names in the rows: each gives what it gives in Go. */
export function testCalls(name: string, functions: ReadonlyMap<string, (...args: never[]) => unknown>): void {
  const rows = callRows(name);
  for (const [fn, run] of functions) {
    const own = rows.filter((row) => row.fn === fn);
    if (own.length < 10) throw new Error(`few rows of ${fn}`);
    testRows(fn, own, (row) => {
      expect([row.args, outcome(run, row)]).toEqual([row.args, row.wanted]);
    });
  }
}

/** What a function of ours makes of a row. */
function outcome(run: (...args: never[]) => unknown, row: CallRow): unknown {
  try {
    return { value: bare(run(...(row.args as never[]))) };
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    return { error: error.message };
  }
}

/** Values as the functions of src/go hand them to each other: bare numbers, arrays for lists. */
function bare(value: unknown): unknown {
  if (value instanceof Num) return value.value;
  if (value instanceof Slice) return (value.array ?? []).map(bare);
  return value;
}
