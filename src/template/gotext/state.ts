import type { Func, Type, Value } from '../../go/value.ts';
import { execError } from './errors.ts';
import type { Source } from './errors.ts';
import type { Node } from './node.ts';

/** What a missing map key gives: no value, the zero value of the map's elements, or an error. */
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
  known: Type | undefined; // the interface type that the last chain of fields found its value in
  statics: (Type | undefined)[]; // by slot: set if a variable or dot comes from an element of interface type
}

/** A compiled operand, command or pipeline; `final` is what the command before it in the pipeline gave. */
export type Eval = (state: RenderState, dot: Value, final?: Value) => Value;

/** How a statement ended: 0 normally, else what the innermost range is to do. */
export type Signal = 0 | typeof breakSignal | typeof continueSignal;
export const breakSignal = 1;
export const continueSignal = 2;

/** A compiled statement. */
export type Exec = (state: RenderState, dot: Value) => Signal;

/** A compiled statement that stops where it calls a template, and goes on when that has run: see recursion.ts. */
export type Steps = (state: RenderState, dot: Value) => Generator<Generator<unknown, unknown>, Signal>;

/** The body of a template, under compilation or compiled; others may call it before it is. */
export interface Body {
  exec: Exec;
  steps: Steps | null; // for a template that can end up calling itself
}

const chunkLength = 32 * 1024;

/** Adds output; hands it on in large pieces, since a long rope of small strings is slow. */
export function emit(state: RenderState, text: string): void {
  if ((state.out += text).length >= chunkLength) flush(state);
}

/** Writes the output that waits. */
export function flush(state: RenderState): void {
  const { out } = state;
  state.out = '';
  if (out === '') return;
  out.charCodeAt(0); // makes one piece of the thousands that it was put together from: they need not be kept any longer
  state.write(out);
}

/** What a turn of a range costs, and the call of a template, in steps. */
export const stepsPerTurn = 16;

/** Throws a TemplateError about the current node. */
export function fail(state: RenderState, format: string, ...args: Value[]): never {
  throw execError(state, format, args);
}
