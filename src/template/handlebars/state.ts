import type { FuncMap, Value } from '../../go/value.ts';

/** Where partials come from; find throws what is wrong with one, and Suspend for one that is not read yet. */
interface Files {
  find(name: string): HbsExec | null;
}

/** The state of one render. */
export interface HbsState {
  readonly funcs: FuncMap;
  readonly files: Files;
  readonly write: (chunk: string) => void;
  /** White space that the partials under way put before their lines, outermost first. */
  readonly indents: Indent[];
  out: string; // not yet written
  depth: number; // of partials
}

interface Indent {
  readonly text: string;
  isLineStart: boolean;
}

/** What names mean at a place of a template while it runs. */
export interface HbsFrame {
  readonly context: Context;
  readonly vars: Vars;
  readonly params: Params | null;
  readonly inlines: Inlines | null;
  /** What `{{> @partial-block}}` gives. */
  readonly block: HbsExec | null;
}

/** `this`, and what `../` leads to. */
interface Context {
  readonly value: Value;
  readonly outer: Context | null;
}

/** What begins with an @: the root, and in an each the turn. */
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

/** Partials that a template defines itself. */
export interface Inlines {
  readonly bodies: ReadonlyMap<string, HbsExec>;
  readonly outer: Inlines | null;
}

/** A compiled statement or program. */
export type HbsExec = (state: HbsState, frame: HbsFrame) => void;

/** A program and the partials that it defines: they hold in all of it, wherever they stand. */
export interface HbsBody {
  readonly exec: HbsExec;
  readonly define: ((state: HbsState, frame: HbsFrame) => Inlines) | null;
}

/** A compiled expression. */
export type HbsEval = (state: HbsState, frame: HbsFrame) => Value;

/** The frame of a block over a value; a value that is the one outside adds no step to `../`. */
export function at(frame: HbsFrame, value: Value): HbsFrame {
  return value === frame.context.value ? frame : { ...frame, context: { value, outer: frame.context } };
}

const chunkLength = 32 * 1024;

/** Adds output, behind the indents of the partials that it comes from. */
export function emit(state: HbsState, text: string): void {
  let shown = text;
  for (let i = state.indents.length - 1; i >= 0; i--) shown = indented(state.indents[i]!, shown);
  if ((state.out += shown).length >= chunkLength) flush(state);
}

/** Every line that has begun gets the indent, an empty one too; what comes after the last line feed has not begun. */
function indented(indent: Indent, text: string): string {
  if (text === '') return '';
  const { isLineStart } = indent;
  indent.isLineStart = text.endsWith('\n');
  const lines = text.replace(/\n(?!$)/g, `\n${indent.text}`);
  return isLineStart ? indent.text + lines : lines;
}

/** Writes the output that waits. */
export function flush(state: HbsState): void {
  const { out } = state;
  state.out = '';
  if (out !== '') state.write(out);
}

/** What a turn of an each costs, and the call of a partial, in steps. */
export const stepsPerTurn = 32;
