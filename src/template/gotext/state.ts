import type { Func, Type, Value } from '../../go/value.ts';
import { execError } from './errors.ts';
import type { Source } from './errors.ts';
import type { Node } from './node.ts';

/** The result of a missing map key: no value, the zero value of the map's elements, or an error. */
export type MissingKey = 'default' | 'zero' | 'error';

/** The state of one render. */
export interface RenderState {
  readonly source: Source;
  readonly missingKey: MissingKey;
  readonly funcs: readonly (Func | undefined)[]; // by slot
  readonly write: (chunk: string) => void;
  out: string; // not yet written
  node: Node; // the current node, for errors
  template: string; // the name of the template that runs
  depth: number; // of template calls
  vars: Value[]; // of the template that runs, by slot
  known: Type | undefined; // the interface type in which the last chain of fields found its value
  statics: (Type | undefined)[]; // by slot: set if a variable or dot is an element of interface type
}

/** A compiled operand, command or pipeline; `final` is the result of the previous command in the pipeline. */
export type Eval = (state: RenderState, dot: Value, final?: Value) => Value;

/** How a statement ended: 0 normally, otherwise what the innermost range must do. */
export type Signal = 0 | typeof breakSignal | typeof continueSignal;
export const breakSignal = 1;
export const continueSignal = 2;

/** A compiled statement. */
export type Exec = (state: RenderState, dot: Value) => Signal;

/** A compiled statement that yields at a call of a template, and continues after it: see recursion.ts. */
export type Steps = (state: RenderState, dot: Value) => Generator<Generator<unknown, unknown>, Signal>;

/** The body of a template, compiled or being compiled; others may call it before it is. */
export interface Body {
  exec: Exec;
  steps: Steps | null; // for a template that can end up calling itself
}

const chunkLength = 32 * 1024;

/** Adds output; passes it on in large pieces, since a long rope of small strings is slow. */
export function emit(state: RenderState, text: string): void {
  if ((state.out += text).length >= chunkLength) flush(state);
}

/** Writes the buffered output. */
export function flush(state: RenderState): void {
  const { out } = state;
  state.out = '';
  if (out === '') return;
  out.charCodeAt(0); // joins the thousands of pieces, so that they can be freed
  state.write(out);
}

/** The cost of an iteration of a range, and of a call of a template, in steps. */
export const stepsPerTurn = 16;

/** Throws a TemplateError about the current node. */
export function fail(state: RenderState, format: string, ...args: Value[]): never {
  throw execError(state, format, args);
}
