import type { Call, Expression, Hash, Node, Partial, PartialBlock, Program, Statement, SubExpression } from './ast.ts';

/** Gets the nodes, each with the names of the block parameters around it. */
export interface Visitor {
  /** A mustache, a block or a sub-expression. */
  call(node: Call & { readonly type: string }, params: readonly (readonly string[])[]): void;
  partial(node: Partial | PartialBlock): void;
  /** `{{#*inline "name"}}`. */
  inline(name: Expression | undefined): void;
}

type Params = readonly (readonly string[])[];

/** Visits all calls of a program, in the order of the text. */
export function visitProgram(program: Program, visitor: Visitor, params: Params = []): void {
  const names = program.blockParams ?? [];
  const inner = names.length === 0 ? params : [names, ...params];
  for (const node of program.body) visitStatement(node, visitor, inner);
}

function visitStatement(node: Statement, visitor: Visitor, params: Params): void {
  switch (node.type) {
    case 'MustacheStatement':
      visitCall(node, visitor, params);
      break;
    case 'BlockStatement':
      visitCall(node, visitor, params);
      if (node.program !== undefined) visitProgram(node.program, visitor, params);
      if (node.inverse !== undefined) visitProgram(node.inverse, visitor, params);
      break;
    case 'PartialStatement':
    case 'PartialBlockStatement':
      visitor.partial(node);
      if (node.name.type === 'SubExpression') visitCall(node.name, visitor, params);
      visitArguments(node, visitor, params);
      if (node.type === 'PartialBlockStatement') visitProgram(node.program, visitor, params);
      break;
    case 'DecoratorBlock':
      visitor.inline(node.params[0]);
      visitProgram(node.program, visitor, params);
      break;
    default:
  }
}

function visitCall(node: Call & { readonly type: string }, visitor: Visitor, params: Params): void {
  visitor.call(node, params);
  visitArguments(node, visitor, params);
}

interface Arguments extends Node {
  readonly params: readonly Expression[];
  readonly hash?: Hash;
}

function visitArguments(node: Arguments, visitor: Visitor, params: Params): void {
  const values = [...node.params, ...(node.hash?.pairs.map(({ value }) => value) ?? [])];
  const calls = values.filter((value): value is SubExpression => value.type === 'SubExpression');
  for (const call of calls) visitCall(call, visitor, params);
}
