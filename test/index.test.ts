import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compile, type Plain, templateFunc, variadicTemplateFunc } from '../src/index.ts';

const root = join(import.meta.dirname, '..');

/** The examples of docs/library.md, each with what its last comment says that it prints. */
function examples(): (readonly [string, string])[] {
  const blocks = readFileSync(join(root, 'docs/library.md'), 'utf8').matchAll(/```js\n([^]*?)```/g);
  return [...blocks].map(([, code]) => [code!, /\/\/ prints: (.*)\n$/.exec(code!)![1]!] as const);
}

describe('the examples of docs/library.md print what they say', () => {
  test('there are some', () => {
    expect(examples().length).toBeGreaterThanOrEqual(2);
  });
  test.each(examples().map(([code, printed], i) => [i, code, printed] as const))('example %d', (i, code, printed) => {
    // In the package's own folder, so that its name resolves to itself.
    const file = join(root, 'dist', `example-${i}.mjs`);
    writeFileSync(file, code);
    try {
      expect(execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim()).toBe(printed);
    } finally {
      rmSync(file);
    }
  });
});

describe('compile', () => {
  const bad: readonly (readonly [string, string, Plain, string])[] = [
    ['does not parse', '{{if}}', null, 'template: t:1: missing value for if'],
    ['calls nobody', '{{nobody}}', null, 'template: t:1: function "nobody" not defined'],
    [
      'wrong argument',
      '{{len 3}}',
      null,
      'template: t:1:2: executing "t" at <len 3>: error calling len: len of type int',
    ],
    [
      'reaches for a property',
      '{{.constructor}}',
      'text',
      'template: t:1:2: executing "t" at <.constructor>: can\'t evaluate field constructor in type string',
    ],
  ];
  test.each(bad)('%s', (_name, text, data, message) => {
    expect(() => compile('t', text).render(data)).toThrow(expect.objectContaining({ name: 'TemplateError', message }));
  });

  const good: readonly (readonly [string, string, Plain, string])[] = [
    ['text', '{{.}} {{len .}}', 'é', 'é 2'],
    ['a whole number is an int', '{{eq . 3}} {{printf "%T" .}}', 3, 'true int'],
    ['another number is a float64', '{{.}} {{printf "%T" .}}', 1.5, '1.5 float64'],
    ['a bigint wraps to 64 bits', '{{.}}', 2n ** 63n, '-9223372036854775808'],
    ['an object', '{{range $k, $v := .}}{{$k}}={{$v}} {{end}}', { b: 1, a: [true, null] }, 'a=[true <nil>] b=1 '],
    ['a Map', '{{.x.y}}', new Map([['x', { y: 'z' }]]), 'z'],
    [
      'a name from outside is only a name',
      '{{.__proto__}} {{.toString}}',
      JSON.parse('{"__proto__":"p"}') as Plain,
      'p <no value>',
    ],
    ['nothing', '{{.}}', undefined, '<no value>'],
  ];
  test.each(good)('%s', (_name, text, data, output) => {
    expect(compile('t', text).render(data)).toBe(output);
  });

  test('delimiters and missing keys', () => {
    const options = { delims: { left: '<%', right: '%>' }, missingKey: 'error' } as const;
    expect(() => compile('t', '<% .x %>', options).render({})).toThrow(/map has no entry for key "x"/);
  });

  test('bytes come out as they went in', () => {
    expect(compile('t', '{{printf "\\xff%s" .}}').renderBytes('é')).toEqual(Buffer.from([0xff, 0xc3, 0xa9]));
  });
});

describe('functions', () => {
  const funcs = new Map([
    ['add', templateFunc(['int', 'int'], 'int', (a, b) => a + b)],
    ['words', templateFunc(['string'], 'strings', (text) => text.split(' '))],
    ['join', variadicTemplateFunc('string', 'string', (...texts) => texts.join('-'))],
    ['half', templateFunc(['float64'], 'float64', (x) => x / 2)],
    ['keys', templateFunc(['map'], 'list', (map) => [...map.keys()])],
    [
      'fail',
      templateFunc([], 'any', () => {
        throw new Error('no such luck');
      }),
    ],
  ]);
  const bad: readonly (readonly [string, RegExp])[] = [
    ['{{add 1}}', /wrong number of args for add: want 2 got 1/],
    ['{{add 1 "x"}}', /expected integer; found "x"/],
    ['{{fail}}', /error calling fail: no such luck$/],
  ];
  test.each(bad)('%s', (text, message) => {
    expect(() => compile('t', text, { funcs }).render()).toThrow(message);
  });

  const good: readonly (readonly [string, string])[] = [
    ['{{add 1 2}}', '3'],
    ['{{range words "a b"}}[{{.}}]{{end}}', '[a][b]'],
    ['{{join "a" "b" "c"}}', 'a-b-c'],
    ['{{half 4}} {{printf "%T" (half 4)}}', '2 float64'],
    ['{{keys .}}', '[one]'],
  ];
  test.each(good)('%s', (text, output) => {
    expect(compile('t', text, { funcs }).render({ one: 1 })).toBe(output);
  });
});
