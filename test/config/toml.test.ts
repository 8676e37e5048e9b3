import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config/error.ts';
import { parseToml, type TomlEntry, type TomlTable } from '../../src/config/toml.ts';

/** The error for bytes that are no TOML. */
function refusal(bytes: Uint8Array): ConfigError {
  try {
    parseToml('/x.toml', bytes);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('accepted');
}

/** Values without their lines and types. */
function plain(value: TomlEntry['value']): unknown {
  if (value instanceof Map) {
    return new Map([...(value as TomlTable)].map(([key, entry]) => [key, plain(entry.value)]));
  }
  return Array.isArray(value) ? (value as readonly TomlEntry[]).map((item) => plain(item.value)) : value;
}

const read = (text: string) => parseToml('/x.toml', Buffer.from(text)).table;

describe('what is no TOML', () => {
  test.each<[string, number]>([
    ['a', 1],
    ['a =', 1],
    ['a = 1\nb', 2],
    ['a = "x\ny"', 1],
    ['a = 1\n\n[t\nb = 2', 3],
    ['a = 1\na = 2', 2],
    ['[t]\nx = 1\n[t]\ny = 2', 3],
    ['password = hunter2', 1],
    ['password = "hunter2\\q"', 1],
    ['password = "hunter2"\nbad', 2],
    ['a = 1\r\nb = \r\n', 2],
    ['a = "\x00"', 1],
    ['a = [1,\n2\n3]', 3],
    ['= 1', 1],
    ['[]', 1],
  ])('%j at line %i', (text, line) => {
    const error = refusal(Buffer.from(text));
    expect(error.file).toBe('/x.toml');
    expect(error.line).toBe(line);
    expect(error.message).toMatch(new RegExp(`^/x\\.toml: toml: line ${line}: .`));
    expect(error.message).not.toContain('hunter2');
    expect(String(error.cause)).not.toContain('hunter2');
  });

  test.each<[string, number]>([
    ['a = 2020-13-45T99:99:99Z', 1],
    ['a = 1\n\nb = 2020-13-45', 3],
    ['a = 1\nb = 25:00:00', 2],
    ['a = [2020-01-01,\n2020-00-10]', 2],
    ['a = 1\nb = 2020-02-30', 2],
    ['[t]\nb = 2021-02-29T10:00:00Z', 2],
    ['a = 2021-04-31T23:00:00+01:00', 1],
  ])('%j is no date, at line %i', (text, line) => {
    const error = refusal(Buffer.from(text));
    expect(error.message).toMatch(/^\/x\.toml: toml: line \d+.*: there is no such date or time$/);
    expect(error.line).toBe(line);
  });

  test.each([
    'a = 1979-05-27T00:32:00-07:00',
    'a = 2020-02-29 # leap',
    'a = 2000-02-29T23:59:59.999999+23:59',
    'a = 23:59:59',
    'a = 2020-12-31 23:59:59',
    '2020-02-30 = 1',
  ])('%j is fine', (text) => {
    expect(() => read(text)).not.toThrow();
  });

  test.each<[string, string]>([
    ['9223372036854775808', 'int64'],
    ['-9223372036854775809', 'int64'],
    ['18446744073709551616', 'int64'],
    ['99_999_999_999_999_999_999', 'int64'],
    ['0xffffffffffffffffff', 'int64'],
    ['0x8000000000000000', 'int64'],
    ['0o7777777777777777777777777', 'int64'],
    [`0b1${'0'.repeat(63)}`, 'int64'],
    ['1e400', 'float64'],
    ['-1e400', 'float64'],
  ])('%s is beyond 64 bits', (number, type) => {
    const error = refusal(Buffer.from(`[t]\n\na.b = ${number}`));
    expect(error.message).toBe(`/x.toml: toml: line 3 (last key "t.a.b"): the number is out of range for ${type}`);
  });

  test('a number beyond 64 bits in an array', () => {
    const error = refusal(Buffer.from('a = 1\nb = [\n1,\n[18446744073709551616]]'));
    expect(error.message).toBe('/x.toml: toml: line 4 (last key "b"): the number is out of range for int64');
  });

  test('bytes that are not UTF-8', () => {
    const error = refusal(Buffer.from('a = 1\nb = "\xe9"\n', 'latin1'));
    expect(error.message).toBe('/x.toml: toml: line 2: invalid UTF-8 byte');
  });

  test.each(['mode=0644', 'mode = -0644 # x'])('%s gets a hint', (text) => {
    expect(refusal(Buffer.from(text)).message).toContain('cannot have leading zeroes: put the value in quotes');
  });
});

describe('what is TOML', () => {
  test.each<[string, string, unknown]>([
    ['a byte order mark', '\ufeffa = 1', new Map([['a', 1]])],
    ['CRLF', 'a = 1\r\nb = "x"\r\n', new Map<string, unknown>([['a', 1], ['b', 'x']])], // prettier-ignore
    ['nothing', '', new Map()],
    ['a comment', '# x\r\n#\ty', new Map()],
    ['a trailing comma', 'a = ["x",]', new Map([['a', ['x']]])],
    ['a big integer', 'a = 9223372036854775807', new Map([['a', 9223372036854775807n]])],
    ['the least integer', 'a = -9223372036854775808', new Map([['a', -9223372036854775808n]])],
    ['a hexadecimal integer', 'a = 0x1f', new Map([['a', 31]])],
    ['JavaScript names', '__proto__ = 1\nconstructor = 2', new Map([['__proto__', 1], ['constructor', 2]])], // prettier-ignore
    ['a table called __proto__', '[__proto__]\nx = 1', new Map([['__proto__', new Map([['x', 1]])]])],
  ])('%s', (_, text, expected) => {
    expect(plain(read(text))).toEqual(expected);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each([
    ['a = "x"', 'string'],
    ['a = 10', 'int64'],
    ['a = 0x1e', 'int64'],
    ['a = 10.0', 'float64'],
    ['a = 1e3', 'float64'],
    ['a = 0.5', 'float64'],
    ['a = inf', 'float64'],
    ['a = true', 'bool'],
    ['a = 1979-05-27', 'time.Time'],
    ['a = [1]', '[]interface {}'],
    ['[[a]]', '[]map[string]interface {}'],
    ['[a]', 'map[string]interface {}'],
    ['a = {}', 'map[string]interface {}'],
  ])('%s is of type %s', (text, type) => {
    expect(read(text).get('a')!.type).toBe(type);
  });
});
