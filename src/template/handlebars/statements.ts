import { printValue } from '../../go/fmt.ts';
import { Pointer } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import type { DecoratorBlock, Mustache, Program, Statement } from './ast.ts';
import { compileBlock } from './blocks.ts';
import { compileCall, compileExpression } from './expressions.ts';
import { compilePartial } from './partials.ts';
import { emit, at } from './state.ts';
import type { HbsBody, HbsEval, HbsExec, HbsFrame, Inlines, HbsState } from './state.ts';
import { failure } from './scope.ts';
import type { Scope } from './scope.ts';

/** Compiles the content between two tags, or a whole file. */
export function compileProgram(scope: Scope, program: Program): HbsBody {
  const names = program.blockParams ?? [];
  const inner = names.length === 0 ? scope : { ...scope, params: [names, ...scope.params] };
  const parts = program.body.flatMap((node) => compileStatement(inner, node) ?? []);
  const inlines = program.body.flatMap((node) => (node.type === 'DecoratorBlock' ? [compileInline(inner, node)] : []));
  const exec: HbsExec = (run, frame) => {
    for (const part of parts) part(run, frame);
  };
  if (inlines.length === 0) return { exec, define: null };
  const define = (run: HbsState, frame: HbsFrame): Inlines => ({
    bodies: new Map(inlines.map((inline) => inline(run, frame))),
    outer: frame.inlines,
  });
  return {
    define,
    exec: (run, frame) => {
      exec(run, { ...frame, inlines: define(run, frame) });
    },
  };
}

function compileStatement(scope: Scope, node: Statement): HbsExec | null {
  switch (node.type) {
    case 'ContentStatement': {
      const { value } = node;
      return (run) => {
        emit(run, value);
      };
    }
    case 'MustacheStatement':
      return compileMustache(scope, node);
    case 'BlockStatement':
      return compileBlock(scope, node, compileProgram);
    case 'PartialStatement':
    case 'PartialBlockStatement':
      return compilePartial(scope, node, compileProgram);
    case 'Decorator':
      throw failure(scope, node, 'the only decorator is {{#*inline "name"}}');
    default:
      return null; // a comment, or an inline partial, which its program defines
  }
}

function compileMustache(scope: Scope, node: Mustache): HbsExec {
  const evaluate = compileCall(scope, node);
  return (run, frame) => {
    const value = evaluate(run, frame);
    emit(run, typeof value === 'string' ? value : textOf(value));
  };
}

/** No value gives no text; numbers are written without an exponent; lists, maps and structs look as in Go. */
function textOf(value: Value): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  if (value instanceof Pointer) return textOf(value.target);
  return printValue(value);
}

type Inline = (run: HbsState, frame: HbsFrame) => readonly [name: string, body: HbsExec];

/** An inline partial; in it, `../` is the context of its definition. */
function compileInline(scope: Scope, node: DecoratorBlock): Inline {
  const [first] = node.params;
  if (node.path.original !== 'inline' || first === undefined) {
    throw failure(scope, node, 'the only decorator is {{#*inline "name"}}');
  }
  const name: HbsEval = compileExpression(scope, first);
  const { exec } = compileProgram(scope, node.program);
  return (run, frame) => [
    printValue(name(run, frame)),
    (called, { context, vars, inlines, block }) => {
      exec(called, { ...at(frame, context.value), vars, inlines, block });
    },
  ];
}
