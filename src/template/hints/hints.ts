import { fromText, toText } from '../../go/bytes.ts';
import { quote } from '../../go/strconv.ts';
import { TimeType } from '../../go/time.ts';
import type { Type } from '../../go/value.ts';
import { KVPairType } from '../../mirror/pair.ts';
import { TemplateError } from '../engine/engine.ts';
import type { Position, TemplateFile } from '../engine/engine.ts';
import { codeFrame } from './code-frame.ts';
import { builtins } from '../gotext/builtins.ts';
import { nearest } from '../../go/nearest.ts';
import { SRVPointerType } from '../funcs/srv.ts';

/** Names that a template could have meant, as byte strings. */
export interface Known {
  readonly functions: Iterable<string>;
  readonly keys: Iterable<string>;
  /** A text about a key that the resource does not select; '' for any other key. */
  readonly outside: (key: string) => string;
}

/**
 * Further log lines for an error: the place in the template, or in the file that it includes, and the name that was
 * probably meant. They show the template's own text and names, never a value.
 */
export function hintsOn(error: TemplateError, known: Known): string[] {
  const fault = innermost(error);
  if (fault === null) return [];
  const { at, file } = fault;
  const name = meant(fault.message, file, known);
  const near = name === null ? '' : `did you mean ${toText(quote(name))}?`;
  const missing = missingKey.exec(fault.message)?.[1];
  const outside = missing === undefined ? '' : known.outside(fromText(missing));
  const words = [outside, near, isUnclosed(fault.message) ? 'never closed' : ''].filter((word) => word !== '');
  return codeFrame(file, placeOf(fault.message, at, file), words.join('; '));
}

/** The message of getv and get for a missing key. */
const missingKey = /: key does not exist: (.+)$/;

/** Whether an error is about something that begins at its place and has no end. */
const isUnclosed = (message: string) => /: unexpected EOF$|: unclosed action\b[^"]*$|, got 'EOF'$/.test(message);

/** An error whose place is known. */
type Located = TemplateError & { readonly at: Position; readonly file: TemplateFile };

const isLocated = (error: Error): error is Located =>
  error instanceof TemplateError && error.at !== null && error.file !== null;

/** The error in the innermost included file, following the causes. */
function innermost(error: TemplateError): Located | null {
  let fault: Located | null = null;
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (isLocated(at)) fault = at;
  return fault;
}

/** Go reports no column for a parse error: it is that of the word in the message, if the line has this word once. */
function placeOf(message: string, at: Position, { text }: TemplateFile): Position {
  if (at.column !== null) return at;
  const word = /"([^"]+)" not defined$|undefined variable "([^"]+)"$|unexpected "([^"]+)"/.exec(message);
  const sought = fromText(word?.[1] ?? word?.[2] ?? word?.[3] ?? '');
  const line = text.split('\n', at.line)[at.line - 1] ?? '';
  const isWord = (place: number) =>
    !/^\w/.test(sought) || !/\w/.test(line.charAt(place - 1) + line.charAt(place + sought.length));
  const places = sought === '' ? [] : placesOf(sought, line).filter(isWord);
  return { line: at.line, column: places.length === 1 ? places[0]! : null };
}

function placesOf(word: string, line: string): number[] {
  const places: number[] = [];
  for (let at = line.indexOf(word); at >= 0; at = line.indexOf(word, at + 1)) places.push(at);
  return places;
}

/** The known name that is nearest to the one in a message. */
function meant(message: string, { text }: TemplateFile, known: Known): string | null {
  const candidates: readonly (readonly [RegExp, (type: string) => Iterable<string>])[] = [
    [/: function "([^"]+)" not defined$/, () => [...known.functions, ...builtins.keys()]],
    [/: undefined variable "([^"]+)"$/, () => namesIn(text, /(\$\w+)\s*(?::=|,|=)/g)],
    [/: template "([^"]+)" not defined$/, () => namesIn(text, /\b(?:define|block)\s+"([^"]+)"/g)],
    [missingKey, () => known.keys],
    [/: can't evaluate field (\S+) in type (\S+)$/, (type) => membersOf(type)],
  ];
  for (const [pattern, names] of candidates) {
    const [, name, type = ''] = pattern.exec(message) ?? [];
    if (name !== undefined) return nearest(fromText(name), names(type));
  }
  return null;
}

function namesIn(text: string, pattern: RegExp): Set<string> {
  return new Set([...text.matchAll(pattern)].map((match) => match[1]!));
}

const types: ReadonlyMap<string, Type> = new Map(
  [KVPairType, SRVPointerType.elem!, TimeType].map((type) => [type.name, type]),
);

/** The fields and methods of a type that templates use, by its name. */
function membersOf(name: string): string[] {
  const type = types.get(name.replace(/^\*/, ''));
  return [
    ...(type?.fields ?? []).map((field) => field.name).filter((field) => /^[A-Z]/.test(field)),
    ...(type?.methods?.keys() ?? []),
  ];
}
