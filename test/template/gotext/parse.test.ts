import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { builtins } from '../../../src/template/gotext/builtins.ts';
import { printNode } from '../../../src/template/gotext/node.ts';
import { parse } from '../../../src/template/gotext/parse.ts';
import type { Trees } from '../../../src/template/gotext/parse.ts';
import { templateFuncs } from '../../helpers/template-funcs.ts';

const braces = { left: '{{', right: '}}' };
const isKnown = (name: string) => builtins.has(name) || templateFuncs.has(name);

function parseText(text: string): Trees | TemplateError {
  try {
    return parse({ name: 'x', text, delims: braces }, isKnown);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}

/** A tree without its positions, which printing does not keep. */
function shape(trees: Trees): string {
  return JSON.stringify([...trees], (key, value: unknown) =>
    key === 'pos' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
  );
}

const golden = JSON.parse(readFileSync(new URL('../../golden/template.json', import.meta.url), 'utf8')) as {
  t: string;
}[];

describe('what is nested more than 400 levels deep is an error', () => {
  test.each([
    ['parentheses', (n: number) => `{{${'('.repeat(n)}1${')'.repeat(n)}}}`],
    ['fields of calls', (n: number) => `{{${'(print 1 '.repeat(n)}1${').X'.repeat(n)}}}`],
    ['branches', (n: number) => '{{if 1}}'.repeat(n) + '{{end}}'.repeat(n)],
    ['blocks', (n: number) => Array.from({ length: n }, (_, i) => `{{block "${i}" .}}`).join('') + '{{end}}'.repeat(n)],
    ['both', (n: number) => '{{with (1)}}'.repeat(n - 2) + '{{((1))}}' + '{{end}}'.repeat(n - 2)],
  ])('%s', (_what, text) => {
    expect(parseText(text(400))).not.toBeInstanceOf(TemplateError);
    for (const depth of [401, 50_000]) {
      expect(parseText(text(depth))).toMatchObject({
        message: 'template: x:1: max expression depth exceeded: more than 400 levels',
      });
    }
  });
});

describe('printed templates', () => {
  test('parse to the same tree', () => {
    let compared = 0;
    for (const { t } of golden.filter((row) => row.t.length < 5000)) {
      const trees = parseText(t);
      // Text next to a printed action may look like a delimiter or a trim marker; comments split texts; definitions print apart.
      if (trees instanceof TemplateError || trees.size !== 1 || /\}\}\}|\{\{\{|\/\*/.test(t)) continue;
      const printed = [...trees.values()].map((node) => printNode(node)).join('');
      const again = parseText(printed);
      if (again instanceof TemplateError) throw new Error(`${t} prints as ${printed}`, { cause: again });
      expect(shape(again)).toBe(shape(trees));
      compared++;
    }
    expect(compared).toBeGreaterThan(2000);
  });
});

describe('random texts', () => {
  const pieces = [
    '{{',
    '}}',
    '{{- ',
    ' -}}',
    '/*',
    '*/',
    '(',
    ')',
    '|',
    ':=',
    '=',
    ',',
    '$x',
    '$',
    '.',
    '.a',
    '"',
    '`',
    "'",
    '\\',
    '\n',
    ' ',
  ];
  const more = [
    'if',
    'else',
    'end',
    'range',
    'with',
    'define',
    'template',
    'block',
    'break',
    'nil',
    'true',
    'print',
    '1',
    '0x',
    '1i',
    '\xff',
    'é',
  ];
  const all = [...pieces, ...more, '{{if 1}}', '{{end}}', '{{else}}', '{{range $i, $e := ', ' '];
  const seed = Date.now() % 1_000_000;

  test(`never crash the parser (seed ${seed})`, () => {
    let state = seed;
    const random = (n: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    for (let i = 0; i < 5000; i++) {
      const length = random(20);
      const text = Array.from({ length }, () =>
        random(10) === 0 ? String.fromCharCode(random(256)) : all[random(all.length)]!,
      ).join('');
      const result = parseText(text);
      if (result instanceof TemplateError) expect(result.message).toMatch(/^template: x:\d+: /);
    }
  });
});
