import { describe, expect, test } from '@jest/globals';
import { callOf, readShell } from '../../src/lint/shell.ts';

/** Its commands as lists of words, each with the operator in front. */
const read = (text: string) => readShell(text).commands.map(({ before, words }) => [before, ...words]);

test.each<[string, string[][]]>([
  ['', []],
  [' \n # nothing', []],
  ["'", [['', '']]],
  ['"a', [['', 'a']]],
  ['$(a; (b', [['', '$(a; (b']]],
  ['`a; b', [['', '`a; b']]],
  ['a\\', [['', 'a']]],
  ['|| && ;', []],
  ['{{', [['', '{{']]],
  ['a b', [['', 'a', 'b']]],
  ['a \'b; c\' "d | e" f\\;g', [['', 'a', 'b; c', 'd | e', 'f;g']]],
  [
    'a;b\nc&&d||e|f&g',
    [
      ['', 'a'],
      [';', 'b'],
      ['\n', 'c'],
      ['&&', 'd'],
      ['||', 'e'],
      ['|', 'f'],
      ['&', 'g'],
    ],
  ],
  [
    'a &&\n\n b',
    [
      ['', 'a'],
      ['&&', 'b'],
    ],
  ],
  ['a >out 2>&1 <in &>all >>more b', [['', 'a', 'b']]],
  ['a $(b; c "d)" ) ${e:-f;} `g;h` $i', [['', 'a', '$(b; c "d)" )', '${e:-f;}', '`g;h`', '$i']]],
  ['a "$(b; c)" "\\"d\\""', [['', 'a', '$(b; c)', '"d"']]],
  ['a {{ .src }}x "{{- .dest -}}" {{.scr}}', [['', 'a', '{{.src}}x', '{{.dest}}', '{{.scr}}']]],
  ['a#b # c; d', [['', 'a#b']]],
  ['a \\\n b', [['', 'a', 'b']]],
])('%j', (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test.each([
  ['a; b', false],
  ['a if b', false],
  ['if a; then b; fi', true],
  ['for x in a; do b; done', true],
  ['(a)', true],
  ['{ a; }', true],
  ['f() { a; }', true],
  ['trap a EXIT; b', true],
  ['cat <<x\nx', true],
])('%j is compound: %j', (text, isCompound) => {
  expect(readShell(text).isCompound).toBe(isCompound);
});

describe('what a command runs', () => {
  test.each<[string, string | null]>([
    ['A=1 B=2', null],
    ['sudo', null],
    ['a b', 'a b'],
    ['/usr/sbin/a b', 'a b'],
    ['A=1 a', 'a'],
    ['sudo -n -u root a -b', 'a -b'],
    ['sudo -uroot -- a', 'a'],
    ['env -i A=1 nice -n 5 a', 'a'],
    ['timeout -k 5 10s a 7', 'a 7'],
    ['! exec nohup a', 'a'],
  ])('%j: %j', (text, expected) => {
    const call = callOf(readShell(text).commands[0]!);
    expect(call === null ? null : [call.program, ...call.args].join(' ')).toBe(expected);
  });
});

test('a long text costs no more than its length', () => {
  for (const piece of ['nginx -t ', '$(', '`', '{{', "'", '"', 'a\\', '2>&1 ', '&& a ', '{{ .src', '#', '1']) {
    expect(readShell(piece.repeat(200_000)).commands.length).toBeLessThanOrEqual(200_000);
  }
});
