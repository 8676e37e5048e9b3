/** One simple command of a text for the shell, as far as it can be seen without a shell. */
export interface ShellCommand {
  /** The operator in front of it; '' for the first. */
  readonly before: string;
  /** Its words without quotes; redirections are left out, substitutions stay as they are written. */
  readonly words: readonly string[];
  readonly inBackground: boolean;
}

/** The commands of a text for the shell. */
export interface ShellText {
  readonly commands: readonly ShellCommand[];
  /** Whether it has what joins commands in other ways than in a row: if, loops, functions, here documents. */
  readonly isCompound: boolean;
}

const operator = /&&|\|\||\|&|;;|&(?!>)|[;|\n()]/y;
const redirection = /\d*(?:&>>?|>>|>&|>\||<<<|<&|<>|[<>])/y;
const hereDocument = /\d*<<(?!<)/y;
const placeholder = /\{\{-?\s*\.(src|dest)\s*-?\}\}/y;
const plain = /[^\s'"\\$`{;&|()<>#]+/y;
const keywords: ReadonlySet<string> = new Set([
  ...['if', 'then', 'else', 'elif', 'fi', 'for', 'while', 'until', 'do', 'done', 'case', 'in', 'esac'],
  ...['{', '}', 'function', 'trap'],
]);

/** Reads a text for the shell; what no shell would take is read somehow. */
export function readShell(text: string): ShellText {
  return new Reading(text).read();
}

class Reading {
  private at = 0;
  private readonly commands: { before: string; words: string[]; inBackground: boolean }[] = [];
  private words: string[] = [];
  private before = '';
  private isCompound = false;
  private dropsNext = false;

  constructor(private readonly text: string) {}

  read(): ShellText {
    while (this.at < this.text.length) this.step();
    this.end('');
    return { commands: this.commands, isCompound: this.isCompound };
  }

  private step(): void {
    if (this.take(/[^\S\n]+|\\\n/y) !== null) return;
    if (this.take(/#[^\n]*/y) !== null) return;
    if (this.take(hereDocument) !== null) {
      this.isCompound = true;
      this.at = this.text.length;
      return;
    }
    if (this.take(redirection) !== null) {
      this.dropsNext = true;
      return;
    }
    const found = this.take(operator);
    if (found !== null) this.end(found);
    else this.add(this.word());
  }

  private end(found: string): void {
    if (this.words.length > 0) {
      this.commands.push({ before: this.before, words: this.words, inBackground: found === '&' });
      this.before = found;
    }
    if (found === '(' || found === ')' || found === ';;') this.isCompound = true;
    this.words = [];
    this.dropsNext = false;
  }

  private add(word: string): void {
    if (this.dropsNext) this.dropsNext = false;
    else this.words.push(word);
    if (this.words.length === 1 && keywords.has(word)) this.isCompound = true;
  }

  private word(): string {
    let word = '';
    for (;;) {
      const piece = this.piece();
      if (piece === null) return word;
      word += piece;
    }
  }

  /** The next piece of a word, without its quotes; null where the word ends. */
  private piece(): string | null {
    const char = this.text[this.at];
    if (char === undefined || /[\s;&|()<>]/.test(char)) return null;
    if (char === "'") return this.take(/'[^']*'?/y)!.replaceAll("'", '');
    if (char === '"') return this.quoted();
    if (char === '\\')
      return this.take(/\\[^]?/y)!
        .slice(1)
        .replace('\n', '');
    if (char === '$' || char === '`') return this.substitution();
    return this.place() ?? this.take(plain) ?? this.take(/[^]/y);
  }

  private place(): string | null {
    placeholder.lastIndex = this.at;
    const name = placeholder.exec(this.text)?.[1];
    if (name === undefined) return null;
    this.at = placeholder.lastIndex;
    return `{{.${name}}}`;
  }

  private quoted(): string {
    this.at++;
    let inside = '';
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      const char = this.text[this.at]!;
      if (char === '\\') inside += this.take(/\\[^]?/y)!.replace(/^\\(?=[\\"$`])/, '');
      else if (char === '$' || char === '`') inside += this.substitution();
      else inside += this.place() ?? this.take(/[^"\\$`{]+/y) ?? this.take(/[^]/y)!;
    }
    this.at++;
    return inside;
  }

  /** `$x`, `$(…)`, `${…}` or what stands in backquotes. */
  private substitution(): string {
    const simple = this.take(/`[^`]*`?|\$(?![({])/y);
    if (simple !== null) return simple;
    const start = this.at;
    const [open, close] = this.text[this.at + 1] === '(' ? ['(', ')'] : ['{', '}'];
    let depth = 0;
    for (this.at++; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (char === '\\') this.at++;
      if (char === "'" || char === '"') this.at = endOf(this.text, char, this.at + 1);
      if (char === open) depth++;
      if (char === close && --depth === 0) break;
    }
    return this.text.slice(start, ++this.at);
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }
}

function endOf(text: string, quote: string, from: number): number {
  const end = text.indexOf(quote, from);
  return end === -1 ? text.length : end;
}

/** A program and its arguments. */
export interface Call {
  /** Without its folder. */
  readonly program: string;
  readonly args: readonly string[];
}

/** Programs that run what stands behind their own options, and those of the options that take a word. */
const runners: ReadonlyMap<string, RegExp> = new Map([
  ['sudo', /^-[a-zA-Z]*[ughpCDRTrt]$/],
  ['doas', /^-[uC]$/],
  ['env', /^-[uCS]$/],
  ['nice', /^-n$/],
  ['ionice', /^-[cn]$/],
  ['timeout', /^-[ks]$/],
  ...['nohup', 'setsid', 'exec', 'command', 'time', 'eval'].map((name) => [name, /^$/] as const),
]);
const prefixes: ReadonlySet<string> = new Set(['!', 'if', 'then', 'else', 'elif', 'while', 'until', 'do', '{']);

/** The program that a command runs in the end; null for one that runs none. */
export function callOf({ words }: Pick<ShellCommand, 'words'>): Call | null {
  const rest = [...words].reverse();
  for (let word = rest.pop(); word !== undefined; word = rest.pop()) {
    if (prefixes.has(word) || /^\w+=/.test(word)) continue;
    const program = word.slice(word.lastIndexOf('/') + 1);
    const valued = runners.get(program);
    if (valued === undefined) return { program, args: rest.reverse() };
    while (rest.at(-1)?.startsWith('-') === true) if (valued.test(rest.pop()!)) rest.pop();
    if (program === 'timeout') rest.pop();
  }
  return null;
}

/** The program and its arguments, with one blank between two. */
export function textOf({ program, args }: Call): string {
  return [program, ...args].join(' ');
}
