import { TemplateError } from '../engine/engine.ts';
import type { Position } from '../engine/engine.ts';
import type { Node, Program } from './ast.ts';

/** The parser of the handlebars package: returns a tree, after applying its white space rules. */
export type Parse = (text: string) => unknown;

// JavaScript's regular expressions treat the byte 0xa0 as white space and would strip it from a letter like à, and the
// package cannot parse a NUL. While a text is parsed, other characters replace these two.
const marks: ReadonlyMap<string, string> = new Map([
  ['\xa0', '\ue0a0'],
  ['\0', '\ue000'],
]);
const bytes = new Map([...marks].map(([byte, mark]) => [mark, byte]));

/** Parses a text that is a byte string; name is for messages. Throws TemplateError. */
export function parseTemplate(parse: Parse, name: string, text: string): Program {
  refuseDepth(name, text);
  try {
    const marked = text.replace(/[\xa0\0]/g, (byte) => marks.get(byte)!);
    const tree = parse(marked);
    return (marked === text ? tree : restore(tree)) as Program;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw parseError(name, text, error as PackageError);
  }
}

/** No template nests calls this deep on purpose, and the package needs more and more time for each level. */
const maxDepth = 500;

function refuseDepth(name: string, text: string): void {
  for (const [tag] of text.matchAll(/\{\{[^}]*/g)) {
    if (tag.length <= maxDepth) continue;
    let depth = 0;
    for (const char of tag) {
      if (char === '(' && ++depth > maxDepth)
        throw new TemplateError(`template: ${name}: calls are nested deeper than ${maxDepth}`);
      if (char === ')') depth--;
    }
  }
}

function restore(tree: unknown): unknown {
  if (typeof tree === 'string') return tree.replace(/[\ue0a0\ue000]/g, (mark) => bytes.get(mark)!);
  if (Array.isArray(tree)) return tree.map(restore);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, restore(value)]));
}

interface PackageError extends Error {
  readonly lineNumber?: number;
  readonly column?: number;
}

/** The package's message on one line: it shows the text above the reason, and the place in different positions. */
function parseError(name: string, text: string, { message, lineNumber, column }: PackageError): TemplateError {
  const [, line, reason] =
    /^Parse error on line (\d+):\n[^]*\n-*\^\n([^]*)$/.exec(message) ??
    /^Lexical error on line (\d+)\. (Unrecognized text)/.exec(message) ??
    [];
  if (line !== undefined && reason !== undefined) {
    return new TemplateError(`template: ${name}:${line}: ${reason[0]!.toLowerCase()}${reason.slice(1)}`, {
      at: (reason.endsWith("got 'EOF'") ? unclosed(text) : null) ?? { line: Number(line), column: null },
    });
  }
  if (lineNumber === undefined) return new TemplateError(`template: ${name}: ${message.replaceAll('\n', ' ')}`);
  const fact = message.replace(/ - \d+:\d+$/, '');
  return errorAt(name, { loc: { start: { line: lineNumber, column: column ?? 0 } } }, fact);
}

/** Comments, escaped tags, the opening of a block, its end, and any other tag. */
const tags =
  /\{\{~?!--[^]*?(?:--~?\}\}|$)|\{\{~?![^}]*|\\\{\{|\{\{(?:(?<opens>\{\{(?!\/)|~?#|~?\^(?!~?\}\}))|(?<ends>\{\{\/|~?\/)|(?<other>))/g;

/** The place of the innermost block or tag without an end. */
function unclosed(text: string): Position | null {
  const lastEnd = text.lastIndexOf('}}');
  const open: number[] = [];
  for (const { index, groups } of text.matchAll(tags)) {
    if (groups?.['opens'] !== undefined || (groups?.['other'] !== undefined && index > lastEnd)) open.push(index);
    else if (groups?.['ends'] !== undefined) open.pop();
  }
  const at = open.at(-1);
  if (at === undefined) return null;
  const lines = text.slice(0, at).split('\n');
  return { line: lines.length, column: lines.at(-1)!.length };
}

/** An error at a place of a template, in Go's form. */
export function errorAt(name: string, { loc }: Node, message: string): TemplateError {
  const { line, column } = loc.start;
  return new TemplateError(`template: ${name}:${line}:${column}: ${message}`, { at: { line, column } });
}
