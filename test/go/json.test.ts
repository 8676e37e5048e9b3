import { describe, expect, test } from '@jest/globals';
import { sprintf } from '../../src/go/fmt.ts';
import { decodeArray, decodeObject, decodeValue, encode } from '../../src/go/json.ts';
import { GoError } from '../../src/go/value.ts';
import type { Value } from '../../src/go/value.ts';
import { callRows } from '../helpers/go-rows.ts';
import type { CallRow } from '../helpers/go-rows.ts';
import { testRows } from '../helpers/test-rows.ts';

/** Values as one text that shows their types, too. */
function shown(run: (text: never) => Value, { args }: CallRow): string {
  try {
    return sprintf('%#v', [run(args[0] as never)]);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    return `error: ${error.message}`;
  }
}

function wanted({ want, error }: CallRow): string {
  return error === null ? sprintf('%#v', [want]) : `error: ${error}`;
}

const rows = callRows('json');

describe('as Go does it', () => {
  for (const [name, run] of Object.entries({ decodeValue, decodeObject, decodeArray, encode })) {
    const own = rows.filter((row) => row.fn === name);
    testRows(name, own, (row) => {
      expect([row.args, shown(run, row)]).toEqual([row.args, wanted(row)]);
    });
  }
});

test('nesting goes as deep as in Go and no deeper', () => {
  for (const row of rows.filter(({ fn }) => fn === 'depth')) {
    const [open, depth] = row.args as [string, bigint];
    expect(() => decodeValue(open.repeat(Number(depth)))).toThrow(row.error!);
  }
});

test('names of members are only names', () => {
  const map = decodeObject('{"__proto__":1,"constructor":2,"hasOwnProperty":3}');
  expect([...map.entries!]).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
    ['hasOwnProperty', 3],
  ]);
});
