import { fromText, toText } from '../../go/bytes.ts';
import { quote } from '../../go/strconv.ts';
import { GoMap, mapOf, StringType } from '../../go/value.ts';
import { type Template, TemplateError } from '../../template/engine/engine.ts';
import { compileTemplate } from '../../template/gotext/template.ts';
import type { Command, CommandFiles } from './command.ts';
import { AgentError } from './error.ts';

/** A compiled command and its warnings. */
export interface CompiledCommand {
  /** Null for an empty text. */
  readonly command: Command | null;
  readonly warnings: readonly string[];
}

/**
 * Compiles a check_cmd or reload_cmd. {{.src}} and {{.dest}} are replaced, with Go's spaces and trim markers; other
 * braces reach the shell unchanged. A check_cmd that Go can run as a template over these two names is a template, as in
 * confd. Throws AgentError for a check_cmd that seems to misspell a name; `text` throws AgentError for a path that
 * could become code or two words.
 */
export function compileCommand(key: Command['key'], text: string, timeoutMs: number | null): CompiledCommand {
  if (text === '') return { command: null, warnings: [] };
  const pieces = split(text);
  const rest = pieces.map((piece) => (typeof piece === 'string' ? piece : '\0')).join('');
  const template = key === 'check_cmd' && rest.includes('{{') ? templateOf(text) : null;
  if (template !== null)
    return { command: { key, timeoutMs, text: (files) => run(key, template, files) }, warnings: [] };
  const positions = positionsOf(rest);
  const fill = (files: CommandFiles): string => {
    let next = 0;
    return pieces
      .map((piece) => (typeof piece === 'string' ? piece : put(key, piece, files, positions[next++]!)))
      .join('');
  };
  return { command: { key, timeoutMs, text: fill }, warnings: misspelt(key, rest) };
}

interface Placeholder {
  readonly name: keyof CommandFiles;
}

const placeholder = /\{\{(-[ \t\r\n]+|[ \t\r\n]*)\.(src|dest)([ \t\r\n]+-|[ \t\r\n]*)\}\}/g;

/** The text around the placeholders, without the white space that their trim markers remove. */
function split(text: string): (string | Placeholder)[] {
  const pieces: (string | Placeholder)[] = [];
  let from = 0;
  let trimsNext = false;
  const add = (piece: string, trimsEnd: boolean) => {
    const begin = trimsNext ? piece.replace(/^[ \t\r\n]+/, '') : piece;
    pieces.push(trimsEnd ? begin.replace(/[ \t\r\n]+$/, '') : begin);
  };
  for (const match of text.matchAll(placeholder)) {
    add(text.slice(from, match.index), match[1]!.startsWith('-'));
    pieces.push({ name: match[2] as keyof CommandFiles });
    from = match.index + match[0].length;
    trimsNext = match[3]!.endsWith('-');
  }
  add(text.slice(from), false);
  return pieces;
}

/** Text in braces that seems to be a misspelt placeholder. */
function misspelt(key: Command['key'], rest: string): string[] {
  const warnings: string[] = [];
  for (const [found, inner] of rest.matchAll(/\{\{([^{}]*)\}{0,2}/g)) {
    const name = meant(inner!);
    if (name === null) continue;
    const shown = toText(quote(fromText(found.trim()))).slice(1, -1);
    if (key === 'check_cmd')
      throw new AgentError(`check_cmd: ${shown} is not replaced by a path; did you mean {{.${name}}}?`);
    warnings.push(`reload_cmd: ${shown} is passed to the shell unchanged; did you mean {{.${name}}}?`);
  }
  return warnings;
}

function meant(inner: string): keyof CommandFiles | null {
  const used = /\.(src|dest)\b/.exec(inner)?.[1];
  if (used !== undefined) return used as keyof CommandFiles;
  const word = /^[-\s.$]*([a-z]+)[-\s]*$/i.exec(inner)?.[1]?.toLowerCase() ?? '';
  return (['src', 'dest'] as const).find((name) => isOneMistakeAway(word, name)) ?? null;
}

/**
 * True for equal words, and for words that differ in one letter that is missing, added, wrong or swapped with the next.
 */
function isOneMistakeAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (left.length <= 1 && right.length <= 1) || (left.length === 2 && left === `${right[1]}${right[0]}`);
}

const filesType = mapOf(StringType, StringType);

/** The text as a Go template over src and dest, or null when it is not a valid one. */
function templateOf(text: string): Template | null {
  try {
    const template = compileTemplate('checkcmd', fromText(text), { funcs: new Map(), missingKey: 'error' });
    render(template, { src: '/', dest: '/' });
    return template;
  } catch (error) {
    if (error instanceof TemplateError) return null;
    throw error;
  }
}

function render(template: Template, { src, dest }: CommandFiles): string {
  const data = new Map([
    ['src', fromText(src)],
    ['dest', fromText(dest)],
  ]);
  let output = '';
  template.render(new GoMap(filesType, data), new Map(), (chunk) => (output += chunk));
  return toText(output);
}

/** The position of a path in the output of a template is unknown, so only a harmless path is allowed. */
function run(key: Command['key'], template: Template, files: CommandFiles): string {
  for (const name of ['src', 'dest'] as const) put(key, { name }, files, 'unsafe');
  return render(template, files);
}

/** How the shell reads a position; 'unsafe' when that is uncertain or when it is read twice. */
type Position = 'plain' | 'double' | 'single' | 'unsafe';

/** Substitutions, here documents and the like contain a text with its own rules, which is not analysed. */
const nested = /`|\$[({'"]|<</;
const pathLike = /^[\w@%+=:,./\0-]*$/;

/** The position of each NUL in a shell text. */
function positionsOf(text: string): Position[] {
  const positions: Position[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '\0') positions.push(/[\\$]/.test(text[at - 1] ?? '') ? 'unsafe' : 'plain');
    if (char === '\\' && text[at + 1] !== '\0') at++;
    const end = endOf(text, at);
    if (end !== null) {
      const inside = text.slice(at + 1, end.at);
      const position = end.position === 'unsafe' || !pathLike.test(inside) ? 'unsafe' : end.position;
      for (const other of inside) if (other === '\0') positions.push(position);
      at = end.at;
    }
    at++;
  }
  return nested.test(text) ? positions.map(() => 'unsafe') : positions;
}

/** The end of the quoted text or comment that begins here; null when none begins. */
function endOf(text: string, at: number): { at: number; position: Position } | null {
  const char = text[at]!;
  if (char === '#' && /^$|[\s;&|()]/.test(text[at - 1] ?? '')) {
    const end = text.indexOf('\n', at);
    return { at: end === -1 ? text.length : end, position: 'unsafe' };
  }
  if (char !== "'" && char !== '"') return null;
  let end = at + 1;
  while (end < text.length && text[end] !== char) end += char === '"' && text[end] === '\\' ? 2 : 1;
  if (end >= text.length) return { at: text.length, position: 'unsafe' };
  return { at: end, position: char === '"' ? 'double' : 'single' };
}

/** Characters without a special meaning for the shell, inside quotes and outside. */
const harmless = /^[\w@%+=:,./\u0080-\u{10ffff}-]*$/u;

/** The path, quoted for its position; unchanged when it is harmless. */
function put(key: Command['key'], { name }: Placeholder, files: CommandFiles, position: Position): string {
  const path = files[name];
  if (harmless.test(path)) return path;
  switch (position) {
    case 'plain':
      return `'${path.replaceAll("'", String.raw`'\''`)}'`;
    case 'single':
      return path.replaceAll("'", String.raw`'\''`);
    case 'double':
      return path.replace(/["$`\\]/g, String.raw`\$&`);
    case 'unsafe': {
      const char = Array.from(path).find((one) => !harmless.test(one))!;
      const variable = `"$CONFD_${name.toUpperCase()}"`;
      throw new AgentError(
        `${key}: a path with ${toText(quote(fromText(char)))} is not safe as {{.${name}}} here, where the shell could ` +
          `read it as code or as two words: write ${variable} instead`,
      );
    }
  }
}
