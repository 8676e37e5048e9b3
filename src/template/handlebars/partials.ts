import { spend } from '../../go/budget.ts';
import { toText } from '../../go/bytes.ts';
import { GoError } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import { TemplateError } from '../engine/engine.ts';
import type { Partial, PartialBlock } from './ast.ts';
import type { CompileProgram } from './blocks.ts';
import { compileExpression, compileHash } from './expressions.ts';
import { at, stepsPerTurn } from './state.ts';
import type { HbsBody, HbsEval, HbsExec, HbsFrame, Inlines, HbsState } from './state.ts';
import { failure } from './scope.ts';
import type { Scope } from './scope.ts';

/** No template nests partials this deep on purpose; the stack of the process has room for a few more. */
const maxDepth = 500;

/** Compiles the call of a partial: of an inline one, of `@partial-block`, or of a file below templates. */
export function compilePartial(scope: Scope, node: Partial | PartialBlock, compileProgram: CompileProgram): HbsExec {
  if (node.params.length > 1) {
    throw failure(scope, node, `a partial takes one context, and then named arguments: got ${node.params.length}`);
  }
  const name = compileName(scope, node);
  const context = compileContext(scope, node);
  const body = node.type === 'PartialBlockStatement' ? compileProgram(scope, node.program) : null;
  const indent = node.type === 'PartialStatement' ? node.indent : '';
  return (run, frame) => {
    const inner = frameFor(run, frame, { value: context(run, frame), body });
    const called = name(run, frame);
    const exec = find(scope, node, { run, frame: inner, name: called }) ?? (body === null ? null : inner.block);
    if (exec === null)
      throw failure(scope, node, `partial "${called}" not defined: there is no ${called}.hbs below templates`);
    spend(stepsPerTurn);
    if (++run.depth > maxDepth) throw failure(scope, node, `partials are nested deeper than ${maxDepth}`);
    if (indent !== '') run.indents.push({ text: indent, isLineStart: true });
    try {
      exec(run, inner);
    } catch (error) {
      throw error instanceof TemplateError && called !== '@partial-block' ? inside(scope, node, called, error) : error;
    }
    if (indent !== '') run.indents.pop();
    run.depth--;
  };
}

function compileName(scope: Scope, { name: node }: Partial | PartialBlock): (run: HbsState, frame: HbsFrame) => string {
  if (node.type === 'SubExpression') {
    const evaluate = compileExpression(scope, node);
    return (run, frame) => {
      const name = evaluate(run, frame);
      if (typeof name !== 'string') throw failure(scope, node, 'the name of a partial is a string');
      return name;
    };
  }
  const name = String(node.original);
  return () => name;
}

function compileContext(scope: Scope, { params, hash }: Partial | PartialBlock): HbsEval {
  const [first] = params;
  const context: HbsEval = first === undefined ? (_run, frame) => frame.context.value : compileExpression(scope, first);
  if (hash === undefined) return context;
  const extend = compileHash(scope, hash);
  return (run, frame) => extend(run, frame, context(run, frame));
}

interface PartialArguments {
  readonly value: Value;
  readonly body: HbsBody | null;
}

/** The frame of a partial. Its block, if any, uses the frame of the call. */
function frameFor(run: HbsState, frame: HbsFrame, { value, body }: PartialArguments): HbsFrame {
  const inner = { ...at(frame, value), params: null };
  if (body === null) return inner;
  const inlines: Inlines | null = body.define?.(run, frame) ?? frame.inlines;
  const block: HbsExec = (called, { context, vars, inlines: known }) => {
    body.exec(called, { ...at(frame, context.value), vars, inlines: known });
  };
  return { ...inner, inlines, block };
}

interface PartialCall {
  readonly run: HbsState;
  readonly frame: HbsFrame;
  readonly name: string;
}

function find(scope: Scope, node: Partial | PartialBlock, { run, frame, name }: PartialCall): HbsExec | null {
  if (name === '@partial-block') return frame.block;
  for (let level = frame.inlines; level !== null; level = level.outer) {
    const own = level.bodies.get(name);
    if (own !== undefined) return own;
  }
  try {
    return run.files.find(name);
  } catch (error) {
    if (error instanceof GoError) throw failure(scope, node, error.message);
    throw error instanceof TemplateError ? inside(scope, node, name, error) : error;
  }
}

/** An error inside a partial, with the place of the call. */
function inside(scope: Scope, node: Partial | PartialBlock, name: string, cause: TemplateError): TemplateError {
  const { line, column } = node.loc.start;
  const message = `template: ${scope.compilation.name}:${line}:${column}: partial "${toText(name)}": ${cause.message}`;
  return new TemplateError(message, { cause, at: { line, column } });
}
