import type * as re2js from 're2js';
import { fromText, toText } from '../go/bytes.ts';
import { decodeRune, RuneError } from '../go/strings.ts';
import { isDigit, isLetter } from '../go/unicode.ts';
import { BoolType, func, GoError, StringType } from '../go/value.ts';
import type { Func } from '../go/value.ts';
import { Suspend } from './engine.ts';

/** Functions on regular expressions: RE2's syntax, and time that grows with the text and not faster. */
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
const mostCompiled = 500;

function compile(expression: string): Pattern {
  if (library === null) throw new Suspend(import('re2js').then((loaded) => (library = loaded)));
  let pattern = compiled.get(expression);
  if (pattern === undefined) {
    if (compiled.size === mostCompiled) compiled.clear();
    compiled.set(expression, (pattern = parse(expression, library)));
  }
  if (pattern instanceof GoError) throw pattern;
  return pattern;
}

function parse(expression: string, library: Library): Pattern | GoError {
  for (let at = 0; at < expression.length;) {
    const [rune, size] = decodeRune(expression, at);
    if (rune === RuneError && size === 1) {
      return new GoError(`error parsing regexp: invalid UTF-8: \`${expression.slice(at)}\``);
    }
    at += size;
  }
  return parseText(toText(expression), new Map(), library);
}

/** `names` gives the real names of groups that were renamed. */
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
    // Go shows what is left of the expression, even where that is nothing.
    return new GoError(fromText(message.replace(/(at end of expression)$/, '$1: ``')));
  }
}

type GroupNames = ReadonlyMap<string, string>;

/** The name of a group; quoted text, escapes and classes are stepped over. */
const groupName = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*\]|(\(\?P?<)(\w+)>/gs;

/** Gives each group a name of its own: Go lets several have one, the library does not. */
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

/** Where a match and its groups are, in pairs of byte offsets; -1 for a group that took no part. */
type Match = readonly number[];

class Pattern {
  readonly #regex: Compiled;
  /** The groups of each name, in their order. */
  readonly #groupsOf = new Map<string, number[]>();

  constructor(regex: Compiled, names: GroupNames) {
    this.#regex = regex;
    for (const [own, group] of Object.entries(regex.namedGroups()).sort(([, a], [, b]) => a - b)) {
      const name = names.get(own) ?? own;
      this.#groupsOf.set(name, [...(this.#groupsOf.get(name) ?? []), group]);
    }
  }

  test(text: string): boolean {
    return this.#regex.matcher(new Runes(text).text).find();
  }

  find(text: string): string {
    const runes = new Runes(text);
    const matcher = this.#regex.matcher(runes.text);
    return matcher.find() ? text.slice(runes.offset(matcher.start()), runes.offset(matcher.end())) : '';
  }

  /** Go's ReplaceAllString: an empty match right behind another match is none. */
  replaceAll(text: string, by: string): string {
    const runes = new Runes(text);
    const matcher = this.#regex.matcher(runes.text);
    const insert = template(by, this.#groupsOf);
    let out = '';
    let end = 0; // of the last match
    for (let at = 0; at <= runes.text.length && matcher.find(at);) {
      const last = matcher.end();
      out += text.slice(runes.offset(end), runes.offset(matcher.start()));
      if (last > end || matcher.start() === 0) out += insert(text, this.#groups(matcher, runes));
      end = last;
      at = Math.max(last, at + ((runes.text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
    }
    return out + text.slice(runes.offset(end));
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

/** A byte string as text that knows its bytes' places; a byte that is no UTF-8 is U+FFFD, as in Go. */
class Runes {
  readonly text: string;
  readonly #offsets: Uint32Array | null = null; // by UTF-16 unit; null where they are the same

  constructor(bytes: string) {
    if (/^[\x00-\x7f]*$/.test(bytes)) {
      this.text = bytes;
      return;
    }
    const offsets = new Uint32Array(bytes.length + 1);
    let text = '';
    for (let at = 0; at < bytes.length;) {
      const [rune, size] = decodeRune(bytes, at);
      offsets[text.length] = at;
      text += String.fromCodePoint(rune);
      at += size;
      offsets[text.length] = at;
    }
    this.text = text;
    this.#offsets = offsets;
  }

  /** The byte at which a UTF-16 unit begins. */
  offset(unit: number): number {
    return this.#offsets === null ? unit : this.#offsets[unit]!;
  }
}

/** What a replacement comes to for a match: $1, $name, ${name} and $$ as Go's Expand has them. */
function template(by: string, groupsOf: GroupsOf): (text: string, match: Match) => string {
  const parts: (string | readonly number[])[] = [];
  let rest = by;
  for (;;) {
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
  return (text, match) => parts.map((part) => shown(part, text, match)).join('');
}

type GroupsOf = ReadonlyMap<string, readonly number[]>;

/** The groups of which the first that took part is shown. */
function groupsNamed(name: string, groupsOf: GroupsOf): readonly number[] {
  return /^(0|[1-9][0-9]{0,8})$/.test(name) ? [Number(name)] : (groupsOf.get(toText(name)) ?? []);
}

const underscore = 0x5f;

/** The longest run of letters, digits and underscores behind a $, maybe in braces; null where there is none. */
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
