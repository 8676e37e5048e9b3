import { describe, expect, test } from '@jest/globals';
import { sprintf } from '../../src/go/fmt.ts';
import { goTime, TimeType } from '../../src/go/time.ts';
import { fixedZone, parseZone, UTC } from '../../src/go/time-zone.ts';
import type { Zone } from '../../src/go/time-zone.ts';
import { typeOf } from '../../src/go/value.ts';
import type { Typed, Value } from '../../src/go/value.ts';
import { decode } from '../helpers/go-value.ts';
import type { Encoded } from '../helpers/go-value.ts';
import { storedRows } from '../helpers/go-rows.ts';
import { testRows } from '../helpers/test-rows.ts';

interface Instant {
  readonly seconds: string;
  readonly nanos: number;
}

type Row = Instant & { readonly fn: string; readonly zone: string; readonly args: readonly (Encoded | Instant)[] } & {
  readonly want: Encoded;
};
type DurationRow = Pick<Row, 'fn' | 'want'> & { readonly args: readonly Encoded[] };

const [first, ...rows] = storedRows<unknown>('time') as [{ zones: Record<string, string> }, ...(Row | DurationRow)[]];
const zones = new Map<string, Zone>(
  Object.entries(first.zones).map(([name, file]) => [
    name,
    name === 'UTC' ? UTC : parseZone(name, Buffer.from(file, 'base64')),
  ]),
);
const nowhere = fixedZone('Nowhere', 0);

/** An instant in a zone that is not the local one. */
function instant({ seconds, nanos }: Instant, zone: Zone): Value {
  const local = goTime(BigInt(seconds) * 1_000_000_000n + BigInt(nanos), nowhere);
  return call(local, 'In', [call(goTime(0n, zone), 'Location', [])]);
}

function call(receiver: Value, name: string, args: readonly Value[]): Value {
  return (receiver as Typed).type.methods!.get(name)!.call(receiver, args);
}

function argument(arg: Encoded | Instant): Value {
  return arg !== null && typeof arg === 'object' && 'seconds' in arg ? instant(arg, UTC) : decode(arg);
}

const timeRows = rows.filter((row) => 'seconds' in row);
const otherRows = rows.filter((row): row is DurationRow => !('seconds' in row));

describe('methods of time.Time, as Go has them', () => {
  for (const fn of new Set(timeRows.map((row) => row.fn))) {
    const own = timeRows.filter((row) => row.fn === fn);
    testRows(fn, own, (row) => {
      const result = call(instant(row, zones.get(row.zone)!), fn, row.args.map(argument));
      const text = typeOf(result) === TimeType ? call(result, 'String', []) : result;
      expect([row, sprintf('%T %d %v', [text, text, text])]).toEqual([row, shown(decode(row.want))]);
    });
  }
});

testRows('methods of Duration, Month and Weekday, as Go has them', otherRows, (row) => {
  const [receiver, ...args] = row.args.map(decode);
  expect([row, shown(call(receiver, row.fn, args))]).toEqual([row, shown(decode(row.want))]);
});

function shown(value: Value): string {
  return sprintf('%T %d %v', [value, value, value]);
}

describe('a time of now', () => {
  const now = goTime(1_000_000_000_123_456_789n, nowhere, 86_822n);

  test('prints with its monotonic reading', () => {
    expect(sprintf('%v', [now])).toBe('2001-09-09 01:46:40.123456789 +0000 Nowhere m=+0.000086822');
  });

  test.each([
    ['UTC', [], false],
    ['Local', [], false],
    ['Round', [decode({ t: 'time.Duration', v: '1' })], false],
    ['AddDate', [0n, 0n, 0n], false],
    ['Add', [decode({ t: 'time.Duration', v: '1' })], true],
  ] as [string, Value[], boolean][])('%s keeps that reading: %j → %s', (name, args, isKept) => {
    expect(sprintf('%v', [call(now, name, args)]).includes(' m=+')).toBe(isKept);
  });

  test('differences go by the monotonic readings', () => {
    const later = goTime(0n, nowhere, 1_000_086_822n);
    expect(sprintf('%v', [call(later, 'Sub', [now])])).toBe('1s');
    expect(call(later, 'After', [now])).toBe(true);
  });

  test('knows its place', () => {
    expect(sprintf('%v', [call(now, 'Location', [])])).toBe('Nowhere');
    expect(call(now, 'Location', [])).toBe(call(now, 'Location', []));
    expect(sprintf('%#v', [now])).toMatch(/time\.Local\)$/);
  });
});
