/** Go's path package: slash-separated names, on byte strings. */
import { spend } from './budget.ts';
import { decodeRune, RuneError } from './strings.ts';
import { GoError } from './value.ts';

const stepsPerName = 16;

/** The shortest name of the same place: without `//` and `.`, and with `..` only at the start of a relative name. */
export function clean(path: string): string {
  const isRooted = path.startsWith('/');
  const kept: string[] = [];
  for (const name of path.replace(/\/{2,}/g, '/').split('/')) {
    spend(stepsPerName);
    if (name === '' || name === '.') continue;
    if (name !== '..') kept.push(name);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!isRooted) kept.push(name);
  }
  const joined = kept.join('/');
  return isRooted ? '/' + joined : joined || '.';
}

/** True for a clean absolute path; faster than cleaning it. */
export function isClean(path: string): boolean {
  if (!path.startsWith('/') || path.includes('//') || (path.endsWith('/') && path !== '/')) return false;
  return !path.includes('/.') || clean(path) === path;
}

/** The last name of a path: `.` for an empty one, `/` for nothing but slashes. */
export function base(path: string): string {
  if (path === '') return '.';
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return end === 0 ? '/' : path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** All but the last name of a path, cleaned. */
export function dir(path: string): string {
  return clean(path.slice(0, path.lastIndexOf('/') + 1));
}

/** The elements as one cleaned path; empty ones are ignored, and without any the result is ''. */
export function join(...elements: readonly string[]): string {
  const joined = elements.filter((element) => element !== '').join('/');
  return joined === '' ? '' : clean(joined);
}

/** A class such as [^a-z]; the ranges are of runes. */
interface CharClass {
  readonly isNegated: boolean;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

const anyRune = Symbol('?');

/** Literal text, `?`, or a class. */
type Term = string | typeof anyRune | CharClass;

/** A part of a pattern without stars, and whether a star is before it. */
interface Chunk {
  readonly hasStar: boolean;
  readonly terms: readonly Term[];
}

const cache = new Map<string, readonly Chunk[]>();
/** No real pattern is longer. */
const maxPatternLength = 64 * 1024;
const cacheLimit = 1000;

/** Whether a shell pattern matches the whole of name; `*` and `?` stop at slashes. Throws for a malformed pattern. */
export function match(pattern: string, name: string): boolean {
  if (pattern.length > maxPatternLength) {
    throw new GoError(`a pattern of ${pattern.length} bytes is longer than ${maxPatternLength}`);
  }
  let chunks = cache.get(pattern);
  if (chunks === undefined) {
    // Patterns can be built from values, so the cache must not grow with them.
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(pattern, (chunks = compile(pattern)));
  }
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    at = matchChunk(chunks[i]!, name, at, i === chunks.length - 1);
    if (at < 0) return false;
  }
  return at === name.length;
}

/** Like match, for many names: nearly every pattern is a fixed text and a star, which has a fast path. */
export function matcher(pattern: string): (name: string) => boolean {
  const fixed = literalPrefix(pattern);
  if (pattern !== `${fixed}*`) return (name) => match(pattern, name);
  return (name) => name.startsWith(fixed) && !name.includes('/', fixed.length);
}

/** The text with which every matching name begins. */
export function literalPrefix(pattern: string): string {
  const end = pattern.search(/[*?[\\]/);
  return end < 0 ? pattern : pattern.slice(0, end);
}

/** The end of the first match of the chunk at or after `at`, or -1; the last chunk must match at the end. */
function matchChunk(chunk: Chunk, name: string, at: number, isLast: boolean): number {
  if (chunk.hasStar && isLast && chunk.terms.length === 0) return name.includes('/', at) ? -1 : name.length;
  for (let start = at; ; start++) {
    const end = matchTerms(chunk, name, start);
    if (end >= 0 && (!isLast || end === name.length)) return end;
    if (!chunk.hasStar || start >= name.length || name[start] === '/') return -1;
  }
}

function matchTerms({ terms }: Chunk, name: string, start: number): number {
  let at = start;
  spend(terms.length);
  for (const term of terms) {
    if (typeof term === 'string') {
      if (!name.startsWith(term, at)) return -1;
      at += term.length;
    } else {
      if (at >= name.length) return -1;
      const [rune, size] = decodeRune(name, at);
      if (term === anyRune ? name[at] === '/' : isInClass(term, rune) === term.isNegated) return -1;
      at += size;
    }
  }
  return at;
}

function isInClass({ ranges }: CharClass, rune: number): boolean {
  spend(ranges.length >> 2);
  return ranges.some(([low, high]) => low <= rune && rune <= high);
}

function compile(pattern: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < pattern.length;) {
    const start = at;
    while (pattern[at] === '*') at++;
    const end = chunkEnd(pattern, at);
    chunks.push({ hasStar: at > start, terms: compileTerms(pattern.slice(at, end)) });
    at = end;
  }
  return chunks;
}

/** The position of the next star that is neither escaped nor inside brackets. */
function chunkEnd(pattern: string, start: number): number {
  let isInBrackets = false;
  for (let i = start; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '[') isInBrackets = true;
    else if (char === ']') isInBrackets = false;
    else if (char === '*' && !isInBrackets) return i;
  }
  return pattern.length;
}

function compileTerms(chunk: string): Term[] {
  const terms: Term[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') terms.push(literal);
    literal = '';
  };
  for (let at = 0; at < chunk.length; at++) {
    const char = chunk[at]!;
    if (char === '?') {
      flush();
      terms.push(anyRune);
    } else if (char === '[') {
      flush();
      const [term, end] = compileClass(chunk, at + 1);
      terms.push(term);
      at = end;
    } else if (char === '\\') {
      if (++at === chunk.length) throw badPattern();
      literal += chunk[at]!;
    } else literal += char;
  }
  flush();
  return terms;
}

/** The class after a bracket, and the position of its closing bracket. */
function compileClass(chunk: string, start: number): [CharClass, end: number] {
  const isNegated = chunk[start] === '^';
  const ranges: [number, number][] = [];
  let at = isNegated ? start + 1 : start;
  while (chunk[at] !== ']' || ranges.length === 0) {
    const [low, next] = readMember(chunk, at);
    if (chunk[next] === '-') {
      const [high, end] = readMember(chunk, next + 1);
      ranges.push([low, high]);
      at = end;
    } else {
      ranges.push([low, low]);
      at = next;
    }
  }
  return [{ isNegated, ranges }, at];
}

/** One rune of a class, perhaps escaped; an error at the end of the chunk. */
function readMember(chunk: string, start: number): [rune: number, next: number] {
  const first = chunk[start];
  if (first === '-' || first === ']') throw badPattern();
  const at = first === '\\' ? start + 1 : start;
  const [rune, size] = decodeRune(chunk, at);
  if (rune === RuneError && size < 2) throw badPattern();
  return [rune, at + size];
}

function badPattern(): GoError {
  return new GoError('syntax error in pattern');
}
