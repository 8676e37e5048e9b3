import { expect, test } from '@jest/globals';
import { fromText } from '../../../src/go/bytes.ts';
import { codeFrame } from '../../../src/template/hints/code-frame.ts';

const show = (text: string, line: number, column: number | null, word = '') =>
  codeFrame({ path: '/t/x.tmpl', text }, { line, column }, word);

test.each<[string, string, number, number | null, string, string[]]>([
  ['a line', 'one\ntwo {{x}}\n', 2, 6, '', ['  2 | two {{x}}', '    |       ^']],
  ['a word behind the caret', 'one {{x}}', 1, 6, 'why?', ['  1 | one {{x}}', '    |       ^ why?']],
  ['no column', 'one', 1, null, '', ['  1 | one']],
  ['no column, and a word', 'one', 1, null, 'why?', ['  1 | one', '    | why?']],
  ['a number of two digits', '\n'.repeat(11) + 'x', 12, 0, '', ['  12 | x', '     | ^']],
  ['a line that is not there', 'one', 5, 0, '', ['  5 | ', '    | ^']],
  ['tabs', 'a\t\t{{x}}', 1, 5, '', ['  1 | a       {{x}}', '    |           ^']],
  ['CRLF', 'a {{x}}\r\nb', 1, 4, '', ['  1 | a {{x}}', '    |     ^']],
  ['wide characters', fromText('日本😀 {{x}}'), 1, 13, '', ['  1 | 日本😀 {{x}}', '    |          ^']],
  ['marks', fromText('e\u0301 {{x}}'), 1, 6, '', ['  1 | e\u0301 {{x}}', '    |     ^']],
  ['what is no UTF-8', '\xff\xfe {{x}}', 1, 5, '', ['  1 | \ufffd\ufffd {{x}}', '    |      ^']],
  [
    'what steers terminals',
    `\x1b[31m${fromText('\u202e')}{{x}}`,
    1,
    10,
    '',
    ['  1 | \ufffd[31m\ufffd{{x}}', '    |         ^'],
  ],
  [
    'the middle of a long line',
    'a'.repeat(500) + '{{x}}' + 'b'.repeat(500),
    1,
    502,
    '',
    [`  1 | …${'a'.repeat(58)}{{x}}${'b'.repeat(37)}…`, `    | ${' '.repeat(61)}^`],
  ],
  [
    'the end of a line that fits',
    'a'.repeat(95) + '{{x}}',
    1,
    97,
    '',
    [`  1 | ${'a'.repeat(95)}{{x}}`, `    | ${' '.repeat(97)}^`],
  ],
  [
    'the end of a line that does not fit',
    'a'.repeat(96) + '{{x}}',
    1,
    98,
    '',
    [`  1 | …${'a'.repeat(58)}{{x}}`, `    | ${' '.repeat(61)}^`],
  ],
  ['a carriage return inside', 'a\rb\r\n', 1, 2, '', ['  1 | a\ufffdb', '    |   ^']],
  ['the start of a long line', '{{x}}' + 'b'.repeat(500), 1, 2, '', [`  1 | {{x}}${'b'.repeat(95)}…`, '    |   ^']],
])('%s', (_name, text, line, column, word, lines) => {
  const [place, ...rest] = show(text, line, column, word);
  expect(place).toBe(`  --> /t/x.tmpl:${line}`);
  expect(rest).toEqual(lines);
});

test('a line of a megabyte', () => {
  const line = fromText('日'.repeat(300_000)) + '{{x}}';
  const [, shown, caret] = show(line, 1, line.length - 3);
  expect(shown).toBe(`  1 | …${'日'.repeat(29)}{{x}}`);
  expect(caret).toBe(`    | ${' '.repeat(61)}^`);
});
