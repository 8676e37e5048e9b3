import type * as re2js from 're2js';
import { reserve, spend } from '../../go/budget.ts';
import { Builder } from '../../go/builder.ts';
import { fromText, toText } from '../../go/bytes.ts';
import { decodeRune, RuneError } from '../../go/strings.ts';
import { isDigit, isLetter } from '../../go/unicode.ts';
import { BoolType, func, GoError, StringType } from '../../go/value.ts';
import type { Func } from '../../go/value.ts';
import { Suspend } from '../engine/engine.ts';
import { translateClasses } from './regex-classes.ts';

/** Functions on regular expressions: RE2's syntax, in time that is linear in the text. */
export const regexFuncs: ReadonlyMap<string, Func> = new Map([
  ['regexMatch', func([StringType, StringType], BoolType, (re: string, text: string) => compile(re).test(text))],
  ['regexFind', func([StringType, StringType], StringType, (re: string, text: string) => compile(re).find(text))],
  [
    'regexReplaceAll',
    func([StringType, StringType, StringType], StringType, (re: string, text: string, by: string) =>
      compile(re).replaceAll(text, by),
    ),
  ],
]);

type Library = typeof re2js;
type Compiled = re2js.RE2JS;

let library: Library | null = null;
const compiled = new Map<string, Pattern | GoError>();
const maxCompiled = 500;
/** The size of the cache, in instructions of all expressions: half a kilobyte each. */
const maxInstructions = 100_000;
let instructions = 0;

function compile(expression: string): Pattern {
  if (library === null) throw new Suspend(import('re2js').then((loaded) => (library = loaded)));
  let pattern = compiled.get(expression);
  if (pattern === undefined) {
    pattern = parse(expression, library);
    keep(expression, pattern);
  }
  if (pattern instanceof GoError) throw pattern;
  return pattern;
}

function keep(expression: string, pattern: Pattern | GoError): void {
  const size = pattern instanceof Pattern ? pattern.size : pattern.message.length;
  if (compiled.size === maxCompiled || instructions + size > maxInstructions) {
    compiled.clear();
    instructions = 0;
  }
  if (size > maxInstructions) return;
  compiled.set(expression, pattern);
  instructions += size;
}

function parse(expression: string, library: Library): Pattern | GoError {
  for (let at = 0; at < expression.length;) {
    const [rune, size] = decodeRune(expression, at);
    if (rune === RuneError && size === 1) {
      return new GoError(`error parsing regexp: invalid UTF-8: \`${expression.slice(at)}\``);
    }
    at += size;
  }
  const text = toText(expression);
  if (text.length > highestCost || costOf(text) > highestCost)
    return new GoError(`error parsing regexp: expression too large: \`${expression}\``);
  const { text: translated, original } = translateClasses(text);
  const pattern = parseText(translated, new Map(), library);
  if (pattern instanceof Pattern) return pattern;
  const message = toText(pattern.message).replace(/`([^]*)`$/, (_whole, part: string) => `\`${original(part)}\``);
  return new GoError(fromText(message));
}

/** The library needs about three microseconds and half a kilobyte for each; Go's own limit is ten times as high. */
const highestCost = 300_000;
/** A named class has many ranges. */
const costOfName = 50;

const units =
  /\\Q[^]*?(?:\\E|$)|\\[pP](?:\{[^}]{0,100}\})?|\\[^]|\[\^?\]?(?:\[:\^?\w*:\]|\\[^]|[^\]\\])*(?:\]|$)|\{(\d+)(?:,(\d*))?\}|[^]/g;

/** The maximum of a repetition; the library refuses more. */
const maxRepeats = 1000;

/** The cost of compiling an expression, with its repetitions. */
function costOf(text: string): number {
  const open = [{ sum: 0, last: 0, repeats: 1 }];
  for (const [unit, least, most] of text.matchAll(units)) {
    spend(stepsPerUnit);
    const group = open.at(-1)!;
    if (least !== undefined) {
      const times = Number(most === undefined || most === '' ? least : most);
      group.repeats *= times;
      if (group.repeats > maxRepeats) return 0;
      group.sum += group.last * Math.max(times - 1, 0);
      group.last *= times;
    } else if (unit === '(') open.push({ sum: 0, last: 0, repeats: 1 });
    else if (unit === ')' && open.length > 1) {
      open.pop();
      const outer = open.at(-1)!;
      outer.last = group.sum + 1;
      outer.sum += outer.last;
      outer.repeats = group.repeats;
    } else {
      group.last = unit.startsWith('\\Q') ? unit.length : 1 + (unit.match(/\\[pP]/g) ?? []).length * costOfName;
      group.sum += group.last;
      group.repeats = 1;
    }
  }
  return open.reduce((sum, group) => sum + group.sum, 0);
}

const stepsPerUnit = 8;

/** `names` has the original names of renamed groups. */
function parseText(text: string, names: GroupNames, library: Library): Pattern | GoError {
  try {
    return new Pattern(library.RE2JS.compile(text), names);
  } catch (error) {
    if (!(error instanceof library.RE2JSException)) throw error;
    if (names.size === 0 && error.message.includes('duplicate capture group name')) {
      const renamed = renameGroups(text);
      return parseText(renamed.text, renamed.names, library);
    }
    const message = error.message.replace(/<(\w+)>/g, (_whole, name: string) => `<${names.get(name) ?? name}>`);
    // Go shows the rest of the expression, even if it is empty.
    return new GoError(fromText(message.replace(/(at end of expression)$/, '$1: ``')));
  }
}

type GroupNames = ReadonlyMap<string, string>;

/** The name of a group; quoted text, escapes and classes are skipped. */
const groupName = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*(?:\]|$)|(\(\?P?<)(\w+)>/gs;

/** Gives each group a name of its own: Go allows equal names, the library does not. */
function renameGroups(text: string): { readonly text: string; readonly names: GroupNames } {
  const names = new Map<string, string>();
  const renamed = text.replace(groupName, (whole, open: string | undefined, name: string) => {
    if (open === undefined) return whole;
    let own = name;
    for (let i = names.size; names.has(own); i++) own = `${name}_${i}`;
    names.set(own, name);
    return `${open}${own}>`;
  });
  return { text: renamed, names };
}

/** The positions of a match and its groups, in pairs of byte offsets; -1 for a group without a match. */
type Match = readonly number[];

const stepsPerMatch = 64;
const stepsPerRune = 16;

/** Work that takes less than a millisecond is not counted. */
const minCountedSteps = 50_000;

/**
 * A text that counts each access to its characters: the library has no time limit. The library takes it for a String; a
 * subclass of String would make all strings of the process slower.
 */
class Watched {
  readonly length: number;
  readonly #text: string;
  /** The cost of one character: at worst every instruction is tried. */
  readonly #steps: number;

  constructor(text: string, steps: number) {
    this.#text = text;
    this.length = text.length;
    this.#steps = steps;
  }

  get [Symbol.toStringTag](): string {
    return 'String';
  }

  charCodeAt(index: number): number {
    spend(this.#steps);
    return this.#text.charCodeAt(index);
  }

  indexOf(part: string, from: number): number {
    return this.#text.indexOf(part, from);
  }
}

class Pattern {
  readonly #regex: Compiled;
  /** The number of instructions. */
  readonly size: number;
  /** The groups of each name, in order. */
  readonly #groupsOf = new Map<string, number[]>();

  constructor(regex: Compiled, names: GroupNames) {
    this.#regex = regex;
    this.size = regex.programSize();
    for (const [own, group] of Object.entries(regex.namedGroups()).sort(([, a], [, b]) => a - b)) {
      const name = names.get(own) ?? own;
      this.#groupsOf.set(name, [...(this.#groupsOf.get(name) ?? []), group]);
    }
  }

  test(text: string): boolean {
    return this.#regex.test(this.#watched(new Runes(text)));
  }

  find(text: string): string {
    const runes = new Runes(text);
    const matcher = this.#regex.matcher(this.#watched(runes));
    return matcher.find() ? text.slice(runes.offset(matcher.start()), runes.offset(matcher.end())) : '';
  }

  /** Go's ReplaceAllString: an empty match directly after another match is skipped. */
  replaceAll(text: string, by: string): string {
    const runes = new Runes(text);
    const matcher = this.#regex.matcher(this.#watched(runes));
    const insert = template(by, this.#groupsOf);
    const out = new Builder();
    let end = 0; // of the last match
    for (let at = 0; at <= runes.text.length && matcher.find(at);) {
      const last = matcher.end();
      spend(stepsPerMatch);
      out.add(text.slice(runes.offset(end), runes.offset(matcher.start())));
      if (last > end || matcher.start() === 0) insert(out, text, this.#groups(matcher, runes));
      end = last;
      at = Math.max(last, at + ((runes.text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
    }
    out.add(text.slice(runes.offset(end)));
    return out.toString();
  }

  #watched({ text }: Runes): string {
    return text.length * this.size < minCountedSteps
      ? text
      : (new Watched(text, 2 + (this.size >> 6)) as unknown as string);
  }

  #groups(matcher: ReturnType<Compiled['matcher']>, runes: Runes): Match {
    const match: number[] = [];
    for (let group = 0; group <= matcher.groupCount(); group++) {
      const start = matcher.start(group);
      match.push(...(start < 0 ? [-1, -1] : [runes.offset(start), runes.offset(matcher.end(group))]));
    }
    return match;
  }
}

/** A byte string as text, with a map from text to bytes; a byte that is not UTF-8 is U+FFFD, as in Go. */
class Runes {
  readonly text: string;
  readonly #offsets: Uint32Array | null = null; // by UTF-16 unit; null where they are the same

  constructor(bytes: string) {
    if (/^[\x00-\x7f]*$/.test(bytes)) {
      this.text = bytes;
      return;
    }
    reserve(4 * bytes.length);
    const offsets = new Uint32Array(bytes.length + 1);
    const text = new Builder();
    for (let at = 0; at < bytes.length;) {
      spend(stepsPerRune);
      const [rune, size] = decodeRune(bytes, at);
      offsets[text.length] = at;
      text.add(String.fromCodePoint(rune));
      at += size;
      offsets[text.length] = at;
    }
    this.text = text.toString();
    this.#offsets = offsets;
  }

  /** The byte offset of a UTF-16 unit. */
  offset(unit: number): number {
    return this.#offsets === null ? unit : this.#offsets[unit]!;
  }
}

/** Expands a replacement for a match: $1, $name, ${name} and $$ as in Go's Expand. */
function template(by: string, groupsOf: GroupsOf): (out: Builder, text: string, match: Match) => void {
  const parts: (string | readonly number[])[] = [];
  let rest = by;
  for (;;) {
    spend(stepsPerMatch);
    const dollar = rest.indexOf('$');
    if (dollar < 0) break;
    parts.push(rest.slice(0, dollar));
    rest = rest.slice(dollar + 1);
    if (rest.startsWith('$')) {
      parts.push('$');
      rest = rest.slice(1);
      continue;
    }
    const reference = referenceAt(rest);
    if (reference === null) {
      parts.push('$');
      continue;
    }
    rest = rest.slice(reference.length);
    parts.push(groupsNamed(reference.name, groupsOf));
  }
  parts.push(rest);
  const shown = (part: string | readonly number[], text: string, match: Match) => {
    if (typeof part === 'string') return part;
    const group = part.find((each) => (match[2 * each] ?? -1) >= 0);
    return group === undefined ? '' : text.slice(match[2 * group], match[2 * group + 1]);
  };
  return (out, text, match) => {
    spend(parts.length);
    for (const part of parts) out.add(shown(part, text, match));
  };
}

type GroupsOf = ReadonlyMap<string, readonly number[]>;

/** The groups of a name; the first one that matched is used. */
function groupsNamed(name: string, groupsOf: GroupsOf): readonly number[] {
  return /^(0|[1-9][0-9]{0,8})$/.test(name) ? [Number(name)] : (groupsOf.get(toText(name)) ?? []);
}

const underscore = 0x5f;

/** The longest run of letters, digits and underscores after a $, perhaps in braces; null when there is none. */
function referenceAt(rest: string): { readonly name: string; readonly length: number } | null {
  const brace = rest.startsWith('{') ? 1 : 0;
  let at = brace;
  while (at < rest.length) {
    const [rune, size] = decodeRune(rest, at);
    if (rune !== underscore && !isLetter(rune) && !isDigit(rune)) break;
    at += size;
  }
  if (at === brace) return null;
  const name = rest.slice(brace, at);
  if (brace === 0) return { name, length: at };
  return rest[at] === '}' ? { name, length: at + 1 } : null;
}
