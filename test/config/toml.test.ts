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

  test('a date that is none, of which the parser does not tell the line', () => {
    expect(refusal(Buffer.from('a = 2020-13-45T99:99:99Z')).message).toMatch(/^\/x\.toml: toml: ./);
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
