import { expect, test } from '@jest/globals';
import { loadParse } from '../../../src/template/handlebars/engine.ts';
import { parseTemplate } from '../../../src/template/handlebars/parse.ts';
import { visitProgram } from '../../../src/template/handlebars/visit.ts';

const parse = await loadParse();

test.each([
  ['{{a (b c=(d))}}', ['a', 'b', 'd']],
  ['{{#a}}{{b}}{{else}}{{c}}{{/a}}{{{d}}}', ['a', 'b', 'c', 'd']],
  ['{{> p (a)}}{{> (b)}}{{#> q}}{{c}}{{/q}}', ['> p', 'a', '> ()', 'b', '> q', 'c']],
  ['{{#*inline "x"}}{{a}}{{/inline}}', ['* x', 'a']],
  [
    '{{#each a as |x y|}}{{x}}{{#each b as |z|}}{{z}}{{/each}}{{/each}}{{w}}',
    ['each', 'x x,y', 'each x,y', 'z z x,y', 'w'],
  ],
])('%s: every call, in the order of the text, with the names around it', (text, expected) => {
  const found: string[] = [];
  visitProgram(parseTemplate(parse, 't', text), {
    call: ({ path }, params) =>
      found.push([String(path.type === 'PathExpression' ? path.original : path.value), ...params].join(' ')),
    partial: ({ name }) => found.push(`> ${name.type === 'PathExpression' ? name.original : '()'}`),
    inline: (name) => found.push(`* ${name?.type === 'StringLiteral' ? name.value : '?'}`),
  });
  expect(found).toEqual(expected);
});
