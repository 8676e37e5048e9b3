import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { builtins } from '../../../src/template/gotext/builtins.ts';
import { printNode } from '../../../src/template/gotext/node.ts';
import type { CommandNode, ListNode, OperandNode, PipeNode, StatementNode } from '../../../src/template/gotext/node.ts';
import { parse } from '../../../src/template/gotext/parse.ts';

const braces = { left: '{{', right: '}}' };
const pos = 0;
const names = ['a', 'b', 'Key', '_x', '__proto__', 'end1'];
const numbers = [
  '0',
  '1',
  '-3',
  '1_000',
  '0x1F',
  '1.5',
  '1e3',
  '.5',
  "'a'",
  "'\\n'",
  '1i',
  '1+2i',
  '18446744073709551615',
];
const strings = ['""', '"a b"', '"\\n"', '"\\""', '`raw`', '`a\nb`', '"\xc3\xa9"', '"\xff"', '"}}"', '"{{"', '`{{/*`'];
const texts = ['a', ' ', 'b c', '\n', '}', '\xff', '/* no comment */', '-', '%'];

/** What a text parses to, without positions. */
function shape(text: string): string {
  const trees = parse({ name: 'x', text, delims: braces }, (name) => builtins.has(name));
  return shapeOf(trees.get('x')!);
}

const shapeOf = (list: ListNode): string =>
  JSON.stringify(list, (key, value: unknown) =>
    key === 'pos' ? undefined : typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value,
  );

/** A literal as the parser reads it. */
function literal(text: string): OperandNode {
  const [action] = parse({ name: 'x', text: `{{${text}}}`, delims: braces }, () => false).get('x')!.nodes;
  if (action?.kind !== 'action') throw new Error(`${text} is no literal`);
  return action.pipe.commands[0]!.args[0];
}

const fields = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });
const constant = fc.constantFrom(...[...numbers, ...strings, 'true', 'false', 'nil', '.'].map(literal));
const identifier = fc
  .constantFrom('print', 'len', 'index', 'and')
  .map((name): OperandNode => ({ kind: 'identifier', pos, name }));
const field = fields.map((path): OperandNode => ({ kind: 'field', pos, fields: path }));
const variable = fc
  .tuple(fc.constantFrom('$', '$v'), fc.oneof(fc.constant([]), fields))
  .map(([name, path]): OperandNode => ({ kind: 'variable', pos, name, fields: path }));

const { pipe } = fc.letrec<{ pipe: PipeNode; callable: OperandNode; operand: OperandNode; command: CommandNode }>(
  (tie) => {
    const chain = fc
      .tuple(fc.oneof(identifier, tie('pipe')), fields)
      .map(([head, path]): OperandNode => ({ kind: 'chain', pos, head, fields: path }));
    const command = (first: fc.Arbitrary<OperandNode>) =>
      fc
        .tuple(first, fc.array(tie('operand'), { maxLength: 3 }))
        .map(([head, rest]): CommandNode => ({ kind: 'command', pos, args: [head, ...rest] }));
    return {
      callable: fc.oneof({ maxDepth: 4 }, identifier, field, variable, chain, tie('pipe')),
      operand: fc.oneof({ maxDepth: 4 }, constant, tie('callable')),
      command: command(tie('callable')),
      pipe: fc
        .tuple(command(tie('operand')), fc.array(tie('command'), { maxLength: 2 }))
        .map(([first, rest]): PipeNode => ({
          kind: 'pipe',
          pos,
          assigns: false,
          decl: [],
          commands: [first, ...rest],
        })),
    };
  },
);

const assigned = pipe.map((value): PipeNode => ({
  ...value,
  assigns: true,
  decl: [{ kind: 'variable', pos, name: '$v', fields: [] }],
}));

/** Statements without two texts beside each other, which would be read as one. */
function listOf(statement: fc.Arbitrary<StatementNode>): fc.Arbitrary<ListNode> {
  return fc.array(statement, { maxLength: 4 }).map((nodes) => {
    const apart = nodes.filter((node, i) => node.kind !== 'text' || nodes[i - 1]?.kind !== 'text');
    return {
      kind: 'list',
      pos,
      nodes: apart.filter((node, i) => node.kind !== 'text' || apart[i - 1]?.kind !== 'text'),
    };
  });
}

const { list } = fc.letrec<{ list: ListNode; looped: ListNode }>((tie) => {
  const statement = (inner: 'list' | 'looped'): fc.Arbitrary<StatementNode> => {
    const elseList = fc.option(tie(inner), { nil: null });
    const branch = (kind: 'if' | 'with' | 'range', body: 'list' | 'looped'): fc.Arbitrary<StatementNode> =>
      fc.record({ kind: fc.constant(kind), pos: fc.constant(pos), pipe, list: tie(body), elseList });
    return fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(...texts).map((text): StatementNode => ({ kind: 'text', pos, text })),
      fc.oneof(pipe, assigned).map((value): StatementNode => ({ kind: 'action', pos, pipe: value })),
      fc
        .tuple(fc.constantFrom('t', 'a "b"', '\n'), fc.option(pipe, { nil: null }))
        .map(([name, data]): StatementNode => ({ kind: 'template', pos, name, pipe: data })),
      ...(inner === 'looped'
        ? [fc.constantFrom('break' as const, 'continue' as const).map((kind): StatementNode => ({ kind, pos }))]
        : []),
      branch('if', inner),
      branch('with', inner),
      branch('range', 'looped'),
    );
  };
  return { list: listOf(statement('list')), looped: listOf(statement('looped')) };
});

describe('printed trees', () => {
  test('parse to themselves', () => {
    const declaration = literalStatement('{{$v := 1}}');
    const property = fc.property(list, ({ nodes }) => {
      const tree: ListNode = { kind: 'list', pos, nodes: [declaration, ...nodes] };
      const printed = printNode(tree);
      // A text behind an action that ends in a brace, or before one, is no delimiter: none of the texts has two.
      expect(shape(printed)).toBe(shapeOf(tree));
    });
    fc.assert(property, { numRuns: 1500 });
  });
});

function literalStatement(text: string): StatementNode {
  return parse({ name: 'x', text, delims: braces }, () => false).get('x')!.nodes[0]!;
}

describe('random bytes', () => {
  const seed = Date.now() % 1_000_000;
  const random = fc.sample(fc.integer({ min: 0, max: 255 }), { numRuns: 300_000, seed });

  test(`neither crash nor stop the parser (seed ${seed})`, () => {
    for (let at = 0; at < random.length;) {
      const length = 1 + random[at]!;
      const bytes = String.fromCharCode(...random.slice(at, at + length));
      at += length;
      for (const text of [bytes, `{{${bytes}}}`, `{{if ${bytes}}}{{else}}${bytes}{{end}}`]) {
        try {
          parse({ name: 'x', text, delims: braces }, (name) => builtins.has(name));
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }
    }
  });
});
