import type { FuncMap, Value } from '../../go/value.ts';

/** The partials; find throws the error of a partial, or Suspend when it has not been read yet. */
interface Files {
  find(name: string): HbsExec | null;
}

/** The state of one render. */
export interface HbsState {
  readonly funcs: FuncMap;
  readonly files: Files;
  readonly write: (chunk: string) => void;
  /** The indents of the current partials, outermost first. */
  readonly indents: Indent[];
  out: string; // not yet written
  depth: number; // of partials
}

interface Indent {
  readonly text: string;
  isLineStart: boolean;
}

/** The meaning of names at a place of a running template. */
export interface HbsFrame {
  readonly context: Context;
  readonly vars: Vars;
  readonly params: Params | null;
  readonly inlines: Inlines | null;
  /** The content of `{{> @partial-block}}`. */
  readonly block: HbsExec | null;
}

/** `this`, and the context of `../`. */
interface Context {
  readonly value: Value;
  readonly outer: Context | null;
}

/** The names that begin with @: the root, and in an each the iteration. */
export interface Vars {
  readonly root: Value;
  readonly iteration: Iteration | null;
  readonly outer: Vars | null;
}

interface Iteration {
  readonly index: bigint;
  readonly key: Value;
  readonly first: boolean;
  readonly last: boolean;
}

/** The values of one `as |a b|`. */
export interface Params {
  readonly values: readonly Value[];
  readonly outer: Params | null;
}

/** The inline partials of a template. */
export interface Inlines {
  readonly bodies: ReadonlyMap<string, HbsExec>;
  readonly outer: Inlines | null;
}

/** A compiled statement or program. */
export type HbsExec = (state: HbsState, frame: HbsFrame) => void;

/** A program and its inline partials, which are valid in all of the program. */
export interface HbsBody {
  readonly exec: HbsExec;
  readonly define: ((state: HbsState, frame: HbsFrame) => Inlines) | null;
}

/** A compiled expression. */
export type HbsEval = (state: HbsState, frame: HbsFrame) => Value;

/** The frame of a block over a value; a value that equals the outer one adds no level for `../`. */
export function at(frame: HbsFrame, value: Value): HbsFrame {
  return value === frame.context.value ? frame : { ...frame, context: { value, outer: frame.context } };
}

const chunkLength = 32 * 1024;

/** Adds output, after the indents of the partials that it comes from. */
export function emit(state: HbsState, text: string): void {
  let shown = text;
  for (let i = state.indents.length - 1; i >= 0; i--) shown = indented(state.indents[i]!, shown);
  if ((state.out += shown).length >= chunkLength) flush(state);
}

/** Every line that has begun gets the indent, also an empty one; after the last line feed no line has begun. */
function indented(indent: Indent, text: string): string {
  if (text === '') return '';
  const { isLineStart } = indent;
  indent.isLineStart = text.endsWith('\n');
  const lines = text.replace(/\n(?!$)/g, `\n${indent.text}`);
  return isLineStart ? indent.text + lines : lines;
}

/** Writes the buffered output. */
export function flush(state: HbsState): void {
  const { out } = state;
  state.out = '';
  if (out !== '') state.write(out);
}

/** The cost of an iteration of an each, and of a call of a partial, in steps. */
export const stepsPerTurn = 32;
