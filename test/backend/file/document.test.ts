import { describe, expect, test } from '@jest/globals';
import type { BackendError } from '../../../src/backend/contract/backend.ts';
import { flatten } from '../../../src/backend/file/document.ts';

/** How many keys a file has, or why it is refused. */
async function read(text: string | Buffer, name = '/f.yaml'): Promise<number | string> {
  const pairs = new Map<string, string>();
  try {
    await flatten(name, Buffer.from(text as string), pairs);
  } catch (error) {
    return (error as BackendError).message;
  }
  return pairs.size;
}

const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');
const list = (count: number, item: string): string => `[${Array<string>(count).fill(item).join(', ')}]`;

describe('nested thousands deep', () => {
  const n = 20_000;
  test.each([
    ['JSON arrays', `{"a": ${'['.repeat(n)}${']'.repeat(n)}}`, '/f.yaml: it is nested more than 200 levels deep'],
    ['JSON objects', `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`, '/f.yaml: it is nested more than 200 levels deep'],
    [
      'brackets',
      `b: 1\na: ${'['.repeat(n)}${']'.repeat(n)}`,
      /^\/f.yaml: line 2: it is nested more than 200 levels deep$/,
    ],
    ['brackets without end', `b: 1\na: ${'['.repeat(n)}`, /^\/f.yaml: line 2: /],
    [
      'braces',
      `b: 1\na: ${'{a: '.repeat(n)}${'}'.repeat(n)}`,
      /^\/f.yaml: line 2: it is nested more than 200 levels deep$/,
    ],
    ['dashes', `a:\n  ${'- '.repeat(n)}x`, /^\/f.yaml: line 2: it is nested more than 200 levels deep$/],
    ['question marks', `a:\n  ${'? '.repeat(n)}x`, /^\/f.yaml: line 2: /],
    ['lines', lines(2000, (i) => `${' '.repeat(i)}a:`), /^\/f.yaml: line \d+: it is nested more than 200 levels deep$/],
    ['200 levels and one', `a: ${'['.repeat(201)}${']'.repeat(201)}`, /nested more than 200 levels deep$/],
    [
      'aliases',
      `a0: &a0 x\n${lines(300, (i) => `a${i + 1}: &a${i + 1} [*a${i}]`)}`,
      /nested more than 200 levels deep$/,
    ],
  ])('%s', async (_name, text, message) => {
    expect(await read(text)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test('what is less deep is read', async () => {
    expect(await read(`{"a": ${'['.repeat(150)}1${']'.repeat(150)}}`)).toBe(1);
    expect(await read(`a: ${'['.repeat(150)}1${']'.repeat(150)}`)).toBe(1);
  });
});

describe('aliases that multiply', () => {
  const bomb = (first: string, next: (n: number) => string): string => `a0: &a0 ${first}\n${lines(12, next)}`;
  const lists = (n: number): string => `a${n + 1}: &a${n + 1} ${list(9, `*a${n}`)}`;
  test.each([
    ['values', bomb('x', lists)],
    ['empty lists', bomb('[]', lists)],
    ['empty mappings', bomb('{}', (n) => `a${n + 1}: &a${n + 1} {a: *a${n}, b: *a${n}, c: *a${n}, d: *a${n}}`)],
    ['nothing', bomb('', lists)],
    ['merged mappings', bomb('{x: 1}', (n) => `a${n + 1}: &a${n + 1}\n  <<: ${list(9, `*a${n}`)}`)],
    ['one large list, often', `a: &a ${list(1000, '1')}\nb: ${list(1000, '*a')}`],
  ])('%s', async (_name, text) => {
    expect(await read(text)).toMatch(/^\/f\.yaml: line \d+: its aliases expand to more than 400000 values$/);
  });

  test('as many as Go takes', async () => {
    expect(await read(`a: &a ${list(1000, '1')}\nb: ${list(390, '*a')}`)).toBe(391_000);
  });

  test('fifty thousand anchors and aliases are found in one pass', async () => {
    expect(await read(lines(50_000, (n) => `a${n}: &x${n} 1\nb${n}: *x${n}`))).toBe(100_000);
  });

  test.each([
    ['in a list', 'a: &x [*x]'],
    ['in a mapping', 'a: &x {b: {c: *x}}'],
    ['merged', 'a: &x\n  <<: *x'],
    ['merged below', 'a: &x\n  b:\n    <<: *x'],
  ])('an anchor in itself, %s', async (_name, text) => {
    expect(await read(text)).toMatch(/^\/f\.yaml: line \d: an anchor contains itself$/);
  });

  test('the last anchor of a name counts, from there on', async () => {
    const pairs = new Map<string, string>();
    await flatten('/f', Buffer.from('a: &x 1\nb: *x\nc: &x 2\nd: *x\n'), pairs);
    expect([...pairs]).toEqual([
      ['/a', '1'],
      ['/b', '1'],
      ['/c', '2'],
      ['/d', '2'],
    ]);
  });
});

describe('what is too much', () => {
  test('a long key above many values', async () => {
    const text = JSON.stringify({ ['k'.repeat(1_000_000)]: Array<number>(150).fill(1) });
    expect(await read(text)).toBe('/f.yaml: its keys take more than 134217728 bytes');
  });

  test('two million values', async () => {
    expect(await read(`{"a": [${'1,'.repeat(2_000_000)}1]}`)).toBe('/f.yaml: it has more than 2000000 values');
  });
});

describe('bytes', () => {
  test.each<[string, Buffer, number | string]>([
    ['UTF-16, the lower byte first', Buffer.from('\ufeffa: é\n', 'utf16le'), 1],
    ['UTF-16, the higher byte first', Buffer.from('\ufeffa: é\n', 'utf16le').swap16(), 1],
    ['no UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), '/f.yaml: it is not UTF-8 text'],
    ['a control character', Buffer.from('a: 1\nb: \x1b[0m\n'), '/f.yaml: line 2: control characters are not allowed'],
  ])('%s', async (_name, bytes, expected) => {
    expect(await read(bytes)).toBe(expected);
  });
});
