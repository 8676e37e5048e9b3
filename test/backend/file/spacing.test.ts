import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import yaml from 'yaml';
import { respace } from '../../../src/backend/file/spacing.ts';

describe('what yaml.v2 takes and the library does not', () => {
  test.each([
    ['a: [1,\n2\n]\nb: 1', 'a: [1,\n 2\n ]\nb: 1'],
    ['- - k: {\n}', '- - k: {\n     }'],
    ['a: "x\ny"', 'a: "x\n y"'],
    ["a: 'it''s\n\n- x'", "a: 'it''s\n\n - x'"],
    ['a: "x"#c', 'a: "x" #c'],
    ['a: [#c\n"x"#d\n]#e', 'a: [ #c\n "x" #d\n ] #e'],
    ['*x: 1\n&y:1', '*x : 1\n&y :1'],
    ['a: [b:, -]', "a: ['b:', '-']"],
    ['a: "it\\\'s"', 'a: "it\'s"'],
    ['a: |+\n  b', 'a: |-\n  b'],
    ['{a: 1}\n{b: 2}', '{a: 1}'],
    ['a: [\n---\nb', 'a: [\n---\nb'],
  ])('%j', (text, expected) => {
    expect(respace(text)).toBe(expected);
  });
});

describe('what looks like it, and is text', () => {
  test.each([
    'a: |\n  "x\n [\n  y"#c\nb: 1\n',
    'a: x "y\n  [z\nb: 1\n',
    'a: b#c\nd: 1\n',
    "a: it's\nb: 1\n",
    '# "\na: 1\n',
    'a: >-\n\n\n   "x\n\n  #y\nb: "z"\n',
    '- |\n "x\n- y\n',
    '- - |\n   "x\n  - y\n',
    'a:\n  |\n  "x\nb: 1\n',
    '--- |\n"x\n',
    'a: "\\"#"\nb: [x#y, "#"]\n',
    '? |\n  "x\n: - "y"\n',
    'a: x # "\n  y\nb: 1\n',
  ])('%j stays', (text) => {
    expect(respace(text)).toBe(text);
  });

  test('whatever the library writes says the same afterwards', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('a', ' ', '\n', '"', "'", '#', ': ', '- ', '[', ']', '{', '|', '>', '&x', '*x', '---'))
        .map((parts) => parts.join('')),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, text, fc.array(tie('tree')), fc.dictionary(text, tie('tree'))),
    }));
    fc.assert(
      fc.property(fc.dictionary(text, tree), fc.constantFrom(20, 80), (value, lineWidth) => {
        const written = yaml.stringify(value, { lineWidth });
        const again: unknown = yaml.parse(respace(written));
        expect(again).toEqual(yaml.parse(written));
      }),
      { numRuns: 200 },
    );
  });
});
