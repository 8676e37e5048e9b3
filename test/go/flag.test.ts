import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fromText, toText } from '../../src/go/bytes.ts';
import type { FlagKind, FlagSpec, FlagValue } from '../../src/go/flag.ts';
import { FlagError, formatValue, parseFlags, parseValue, usageText } from '../../src/go/flag.ts';

interface FlagRow {
  args: string[];
  error?: string;
  help?: boolean;
  set?: Record<string, string | boolean | string[]>;
  rest?: string[];
}
interface UsageRow extends FlagSpec {
  text: string;
}

const rows = JSON.parse(readFileSync(new URL('../golden/flag.json', import.meta.url), 'utf8')) as object[];
const flagRows = rows.filter((row): row is FlagRow => 'args' in row);
const usageRows = rows.filter((row): row is UsageRow => 'usage' in row);

const specs: FlagSpec[] = [
  { name: 'watch', kind: 'bool', default: false, usage: 'watch' },
  { name: 'onetime', kind: 'bool', default: false, usage: 'once' },
  { name: 'interval', kind: 'int', default: 600, usage: 'seconds' },
  { name: 'prefix', kind: 'string', default: '', usage: 'prefix' },
  { name: 'backend', kind: 'string', default: 'etcd', usage: 'backend' },
  { name: 'debounce', kind: 'duration', default: 0, usage: 'wait' },
  { name: 'node', kind: 'list', default: [], usage: 'nodes' },
];

/** A golden value as ours: integers and nanoseconds come as decimals. */
function ours(name: string, value: string | boolean | string[]): FlagValue {
  if (name === 'interval') return Number(value);
  if (name === 'debounce') return Number(value) / 1e6;
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? toText(value) : value.map(toText);
}

/** The error that parsing args throws. */
function refusal(args: readonly string[]): FlagError {
  try {
    parseFlags(args, specs);
  } catch (error) {
    if (error instanceof FlagError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('what Go refuses', () => {
  test.each(flagRows.filter((row) => row.error !== undefined))('$args', ({ args, error }) => {
    const refused = refusal(args.map(toText));
    expect(refused.code).toBe('invalid');
    expect(fromText(refused.message)).toBe(error);
  });
});

describe('what asks for help', () => {
  test.each(flagRows.filter((row) => row.help))('$args', ({ args }) => {
    expect(refusal(args).code).toBe('help');
  });
});

describe('what Go accepts', () => {
  test.each(flagRows.filter((row) => row.error === undefined && !row.help))('$args', ({ args, set, rest }) => {
    const parsed = parseFlags(args.map(toText), specs);
    const expected = Object.entries(set ?? {}).map(([name, value]) => [name, ours(name, value)] as const);
    expect(parsed.set).toEqual(new Map(expected));
    expect(parsed.rest).toEqual((rest ?? []).map(toText));
  });
});

describe('names that mean something to JavaScript', () => {
  test.each(['constructor', 'toString', 'a.b', 'camel-case', 'no-watch', '0'])('%s', (name) => {
    const odd: FlagSpec[] = [{ name, kind: 'list', default: [], usage: '' }];

    expect(parseFlags([`-${name}`, 'x', `--${name}=y`], odd).set).toEqual(new Map([[name, ['x', 'y']]]));
  });
});

test('an accepted line leaves Object alone', () => {
  parseFlags(['-prefix=__proto__', '-node', 'constructor'], specs);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('usage text', () => {
  test.each(usageRows)('-$name $kind $default $usage', (row) => {
    const spec = { ...row, usage: toText(row.usage) };
    expect(fromText(usageText('x', [spec]))).toBe(`Usage of x:\n${row.text}`);
  });

  test('flags are sorted by name', () => {
    const names = usageText('confd', specs).match(/(?<=^ {2})-\w+/gm);
    expect(names).toEqual(['-backend', '-debounce', '-interval', '-node', '-onetime', '-prefix', '-watch']);
  });
});

test.each<[FlagKind, string, FlagValue, string]>([
  ['duration', '1h0m0.5s', 3_600_500, '1h0m0.5s'],
  ['duration', '5ms', 5, '5ms'],
  ['int', '0x10', 16, '16'],
  ['bool', 'T', true, 'true'],
  ['list', 'a,b', ['a,b'], '[a,b]'],
])('%s %s is read and shown', (kind, text, value, shown) => {
  expect(parseValue(kind, text)).toEqual(value);
  expect(formatValue(kind, value)).toBe(shown);
});
