import { toText } from '../../go/bytes.ts';
import { sprintf } from '../../go/fmt.ts';
import type { Value } from '../../go/value.ts';
import { TemplateError } from '../engine/engine.ts';
import type { Position } from '../engine/engine.ts';
import { printNode } from './node.ts';
import type { Delims, Node } from './node.ts';

/** The source of a template. */
export interface Source {
  readonly name: string;
  readonly text: string;
  readonly delims: Delims;
}

/** Where parsing stopped: the line of the last token; `at`, if the error is shown elsewhere. */
export interface ParsePlace {
  readonly name: string;
  readonly line: number;
  readonly at?: Position;
}

/** An error of a template that does not parse. */
export function parseError({ name, line, at }: ParsePlace, format: string, args: readonly Value[]): TemplateError {
  // The name is part of the format: Go does not escape a % in it.
  const text = toText(sprintf(`template: ${name}:${line}: ${format}`, args));
  return new TemplateError(text, { at: at ?? { line, column: null } });
}

/** The place of a byte of a text. */
export function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - (before.lastIndexOf('\n') + 1) };
}

/** The place in an execution error: the source, the template that runs, and the current node. */
export interface Place {
  readonly source: Source;
  readonly template: string;
  readonly node: Node;
}

/** An error of a running template; cause is the error of a function. */
export function execError(place: Place, format: string, args: readonly Value[], cause?: Error): TemplateError {
  const { source, template, node } = place;
  const { line, column } = positionAt(source.text, node.pos);
  // Template name and context are quoted, the location is not, as in Go.
  const executing = sprintf('executing %q at <', [template.replaceAll('%', '%%')]);
  const context = printNode(node, source.delims).replaceAll('%', '%%');
  const whole = `template: ${source.name}:${line}:${column}: ${executing}${context}>: ${format}`;
  return new TemplateError(toText(shorten(wrapf(whole, args))), { cause, at: { line, column } });
}

/** Nobody reads a longer message; a quoted value can have any size. */
const longest = 64 * 1024;

function shorten(message: string): string {
  if (message.length <= longest) return message;
  return `${message.slice(0, longest / 2)} ... ${message.slice(-longest / 2)}`;
}

/** sprintf with %w for an error at the end, which is visible only when a % in a name has taken the argument. */
function wrapf(format: string, args: readonly Value[]): string {
  if (!format.endsWith('%w')) return sprintf(format, args);
  const before = sprintf(format.slice(0, -2), args);
  return before.includes('%!(EXTRA') ? sprintf(`${format.slice(0, -1)}s`, args) : `${before}%!w(MISSING)`;
}

/** Whether the stack of this process is full: nesting that fits into Go's larger stack may be too deep here. */
export function isOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded';
}
