import { TemplateError } from '../engine.ts';
import type { Node, Program } from './ast.ts';

/** What the handlebars package makes of a text: a tree, with the whitespace that its rules take away taken away. */
export type Parse = (text: string) => unknown;

// The byte 0xa0 is white space to JavaScript's regular expressions, and would be stripped out of a letter like à; while
// the package reads a text, a character that is none stands for it.
const [blank, mark] = ['\xa0', '\ue0a0'];

/** The tree of a text that is a byte string; name is for messages. Throws TemplateError. */
export function parseTemplate(parse: Parse, name: string, text: string): Program {
  try {
    if (!text.includes(blank)) return parse(text) as Program;
    return restore(parse(text.replaceAll(blank, mark))) as Program;
  } catch (error) {
    throw parseError(name, error as PackageError);
  }
}

function restore(tree: unknown): unknown {
  if (typeof tree === 'string') return tree.replaceAll(mark, blank);
  if (Array.isArray(tree)) return tree.map(restore);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, restore(value)]));
}

interface PackageError extends Error {
  readonly lineNumber?: number;
  readonly column?: number;
}

/** The package's message on one line: it draws the text above its reason, and says the place here or there. */
function parseError(name: string, { message, lineNumber, column }: PackageError): TemplateError {
  const [, line, reason] = /^Parse error on line (\d+):\n[^]*\n-*\^\n([^]*)$/.exec(message) ?? [];
  if (line !== undefined && reason !== undefined) {
    return new TemplateError(`template: ${name}:${line}: ${reason[0]!.toLowerCase()}${reason.slice(1)}`, {
      at: { line: Number(line), column: null },
    });
  }
  if (lineNumber === undefined) return new TemplateError(`template: ${name}: ${message.replaceAll('\n', ' ')}`);
  const fact = message.replace(/ - \d+:\d+$/, '');
  return errorAt(name, { loc: { start: { line: lineNumber, column: column ?? 0 } } }, fact);
}

/** An error at a place of a template, in the form of Go's. */
export function errorAt(name: string, { loc }: Node, message: string): TemplateError {
  const { line, column } = loc.start;
  return new TemplateError(`template: ${name}:${line}:${column}: ${message}`, { at: { line, column } });
}
