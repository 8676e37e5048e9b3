import { describe, expect, test } from '@jest/globals';
import { Lexer } from '../../../src/template/gotext/lex.ts';

const braces = { left: '{{', right: '}}' };
const words = { break: true, continue: true };

/** The tokens of a text as `kind@pos:line text`, up to the end or the first error. */
function tokens(text: string, delims = braces): string[] {
  const lexer = new Lexer(text, delims, words);
  const all: string[] = [];
  for (;;) {
    const token = lexer.next();
    all.push(`${token.kind}@${token.pos}:${token.line} ${token.text}`);
    if (token.kind === 'eof' || token.kind === 'error') return all;
  }
}

describe('errors', () => {
  test.each([
    ['{{', 'error@2:1 unclosed action'],
    ['\n{{"a', 'error@3:2 unterminated quoted string'],
    ['{{/* a', 'error@2:1 unclosed comment'],
    ['{{\n(1}}', 'error@5:2 unclosed left paren'],
    ['{{)', 'error@2:1 unexpected right paren'],
    ['{{3-}}', 'error@2:1 bad number syntax: "3-"'],
    ['{{.a-b}}', "error@2:1 bad character U+002D '-'"],
    ['{{\x01}}', 'error@2:1 unrecognized character in action: U+0001'],
  ])('%j', (text, last) => {
    expect(tokens(text).at(-1)).toBe(last);
  });
});

describe('tokens', () => {
  test.each([
    ['', ['eof@0:1 ']],
    ['a\nb', ['text@0:1 a\nb', 'eof@3:2 ']],
    [
      'a {{- 1 -}}\n b',
      ['text@0:1 a', 'leftDelim@2:1 {{', 'number@6:1 1', 'rightDelim@9:1 }}', 'text@13:2 b', 'eof@14:2 '],
    ],
    ['{{/*\n*/}}x', ['text@9:2 x', 'eof@10:2 ']],
    [
      '{{$x.y:=.z|f}}',
      [
        'leftDelim@0:1 {{',
        'variable@2:1 $x',
        'field@4:1 .y',
        'declare@6:1 :=',
        'field@8:1 .z',
        'pipe@10:1 |',
        'identifier@11:1 f',
        'rightDelim@12:1 }}',
        'eof@14:1 ',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test('a function named break takes the word', () => {
    const lexer = new Lexer('{{break}}', braces, { break: false, continue: true });
    lexer.next();
    expect(lexer.next().kind).toBe('identifier');
  });

  test('other delimiters', () => {
    expect(tokens('{{<<1>>', { left: '<<', right: '>>' })).toEqual([
      'text@0:1 {{',
      'leftDelim@2:1 <<',
      'number@4:1 1',
      'rightDelim@5:1 >>',
      'eof@7:1 ',
    ]);
  });

  test('a long text is read in one pass', () => {
    const lexer = new Lexer('{{1}}'.repeat(100_000), braces, words);
    let count = 0;
    while (lexer.next().kind !== 'eof') count++;
    expect(count).toBe(300_000);
  });
});
