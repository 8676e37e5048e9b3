import { expect, test } from '@jest/globals';
import { parse } from '../../../src/template/gotext/parse.ts';
import { visitNodes } from '../../../src/template/gotext/visit.ts';

test.each([
  ['{{f 1 | g (h "a").b}}', ['f', 'g', 'h']],
  ['{{if f}}{{g}}{{else if h}}{{i}}{{else}}{{j}}{{end}}', ['f', 'g', 'h', 'i', 'j']],
  ['{{range $x := f}}{{g $x}}{{else}}{{h}}{{end}}{{with f}}{{i}}{{end}}', ['f', 'g', 'h', 'f', 'i']],
  ['{{template "t" f}}{{(f).x.y}}{{break | f}}', ['f', 'f', 'break', 'f']],
])('%s: every function, in the order of the text', (text, expected) => {
  const trees = parse({ name: 't', text, delims: { left: '{{', right: '}}' } }, () => true);
  const found: string[] = [];
  for (const tree of trees.values())
    visitNodes(tree, (node) => {
      if (node.kind === 'identifier') found.push(node.name);
    });
  expect(found).toEqual(expected);
});

test('a body of very many nodes', () => {
  const trees = parse({ name: 't', text: '{{f}}'.repeat(150_000), delims: { left: '{{', right: '}}' } }, () => true);
  let count = 0;
  visitNodes(trees.get('t')!, ({ kind }) => (count += kind === 'identifier' ? 1 : 0));
  expect(count).toBe(150_000);
});
