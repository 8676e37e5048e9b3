/** The end of a word: a blank, a line end or the end of the text. */
const blank = /[ \t\n]|$/y;
const marker = /(?:---|\.\.\.)(?=[ \t\n]|$)/y;
const name = /[&*][0-9A-Za-z_-]+/y;
const blockTag = /!(?:<[^>\n]*>|[^ \t\n]*)/y;
const flowTag = /!(?:<[^>\n]*>|[^ \t\n,[\]{}]*)/y;
const keyEnd = /[ \t]*:(?=[ \t\n]|$)/y;
const scalarHeader = /[|>][-+0-9]*/y;
const margin = /[ \t]*/y;
const spaces = / */y;

/**
 * Changes YAML text that Go's yaml.v2 (a libyaml) accepts so that the yaml library accepts it, too: lines that continue
 * inside brackets and quotes are indented, and a space is added before a comment and before the colon after an alias.
 * The meaning and the line numbers stay the same. Linear time.
 */
export function respace(text: string): string {
  return new Spacer(text).run();
}

/** Scans the text once. It knows just enough YAML to recognise quotes, brackets and comments. */
class Spacer {
  private readonly pieces: string[] = [];
  private copied = 0;
  private at = 0;
  private lineStart = 0;
  /** The column of the innermost key or dash. */
  private indent = -1;

  constructor(private text: string) {}

  run(): string {
    while (this.at < this.text.length) this.line();
    return this.pieces.join('') + this.text.slice(this.copied);
  }

  private line(): void {
    if (this.match(marker)) {
      this.at += 3;
      this.indent = -1;
    } else if (this.text[this.at] === '%') {
      this.skipLine();
      return;
    }
    let start: number | null = null; // over the anchor and tag of a node
    for (;;) {
      this.match(margin, true);
      const char = this.text[this.at];
      if (char === undefined || char === '\n') {
        this.nextLine();
        return;
      }
      if (char === '#') {
        this.comment();
      } else if ((char === '-' || char === '?' || char === ':') && this.isBlank(1)) {
        this.indent = this.at - this.lineStart;
        this.at++;
        start = null;
      } else if (char === '|' || char === '>') {
        this.blockScalar();
        return;
      } else {
        start ??= this.at;
        if (char === '!') this.match(blockTag, true);
        else if (char === '&') this.anchor();
        else if (this.node(char, start)) start = null;
      }
    }
  }

  /** Skips a scalar, an alias or a collection in brackets; true when it is a key. */
  private node(char: string, start: number): boolean {
    const column = start - this.lineStart;
    if (char === '*') this.anchor();
    else if (char === '"' || char === "'") this.quoted(char);
    else if (char === '[' || char === '{') this.flow();
    else this.plain();
    const isKey = this.match(keyEnd, true);
    // yaml.v2 ignores everything after a collection in brackets at the top level.
    if (!isKey && this.indent === -1 && (char === '[' || char === '{')) this.text = this.text.slice(0, this.at);
    if (!isKey) return false;
    this.indent = column;
    return true;
  }

  /** Skips an anchor or an alias; for yaml.v2 the name ends at the first character that is neither letter nor digit. */
  private anchor(): void {
    if (!this.match(name, true)) this.at++;
    else if (/[?:%@`]/.test(this.text[this.at] ?? '')) this.insert(' ');
  }

  private comment(): void {
    if (!/[ \t\n]/.test(this.text[this.at - 1] ?? '\n')) this.insert(' ');
    const end = this.text.indexOf('\n', this.at);
    this.at = end === -1 ? this.text.length : end;
  }

  /** Skips a plain scalar with its continuation lines, in which only a comment has a meaning. */
  private plain(): void {
    if (this.plainLine()) return;
    while (this.text[this.at] === '\n') {
      const next = /[^ \t\n]/g;
      next.lastIndex = this.at;
      const found = next.exec(this.text)?.index ?? this.text.length;
      const start = this.text.lastIndexOf('\n', found - 1) + 1;
      if (found === this.text.length || found - start <= this.indent || this.text[found] === '#') return;
      marker.lastIndex = start;
      if (marker.test(this.text)) return;
      this.at = found;
      this.lineStart = start;
      if (this.plainLine()) return;
    }
  }

  /** Skips plain text up to the end of the line; true when a colon or a comment ends it before. */
  private plainLine(): boolean {
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at];
      if (char === '\n') return false;
      if (char === ':' && this.isBlank(1)) return true;
      if (char === '#' && /[ \t]/.test(this.text[this.at - 1] ?? '')) return true;
    }
    return false;
  }

  private blockScalar(): void {
    const start = this.at;
    this.match(scalarHeader, true);
    const end = this.at;
    const next = this.blockEnd();
    // If the text ends without a line break, yaml.v2 adds none, whatever the header of the block says.
    const isCut = next === this.text.length && /[^ \n]$/.test(this.text) && this.text.includes('\n', end);
    if (isCut) {
      this.at = start;
      this.insert(`${this.text.slice(start, end).replace(/[-+]/g, '')}-`, end - start);
      this.at = end;
    }
    if (this.text[end] === '#') this.insert(' ');
    this.at = next;
    this.lineStart = next;
  }

  /** Where the lines of a block scalar end: at the first line that is not indented more than its parent. */
  private blockEnd(): number {
    const line = /\n( *)(?=[^ \n])/g;
    line.lastIndex = this.at;
    for (let found = line.exec(this.text); found !== null; found = line.exec(this.text)) {
      const column = found[1]!.length;
      marker.lastIndex = found.index + 1;
      if (column <= this.indent || (column === 0 && marker.test(this.text))) return found.index + 1;
    }
    return this.text.length;
  }

  private quoted(quote: string): void {
    this.at++;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at];
      if (char === '\n') {
        if (!this.continued()) return;
      } else if (char === quote) {
        if (quote === '"' || this.text[this.at + 1] !== quote) break;
        this.at++;
      } else if (char === '\\' && quote === '"') {
        this.escape();
      }
    }
    this.at++;
  }

  private escape(): void {
    const next = this.text[this.at + 1];
    if (next === "'") this.insert('', 1); // yaml.v2 takes this character for the quote
    if (next !== '\n') this.at++;
  }

  /** Skips brackets up to the one that closes the first. */
  private flow(): void {
    let depth = 0;
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === '\n') {
        if (!this.continued()) return;
        this.at++;
      } else if (char === '#') this.comment();
      else if (char === '"' || char === "'") this.quoted(char);
      else if (char === '&' || char === '*') this.anchor();
      else if (char === '!') this.match(flowTag, true);
      else if (' \t,:'.includes(char)) this.at++;
      else if (char === '?') {
        this.at++;
        if (!this.isBlank(0)) this.insert(' ');
      } else if (char === '[' || char === '{') {
        depth++;
        this.at++;
      } else if (char === ']' || char === '}') {
        this.at++;
        if (--depth === 0) return;
      } else this.flowPlain();
    }
  }

  /** Skips plain text inside brackets. For yaml.v2, a dash and a colon before a bracket or comma are part of it. */
  private flowPlain(): void {
    const start = this.at;
    let end = this.at; // after the last character that is not a blank
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (',[]{}'.includes(char) || (char === ':' && this.isBlank(1))) break;
      if (char === '#' && end < this.at) return;
      if (char === '\n') {
        if (!this.continued()) return;
      } else if (char !== ' ' && char !== '\t') end = this.at + 1;
    }
    const text = this.text.slice(start, end);
    if (this.text[this.at] === ':' || text.includes('\n') || (text !== '-' && !text.endsWith(':'))) return;
    const rest = this.at;
    this.at = start;
    this.insert(`'${text.replaceAll("'", "''")}'`, end - start);
    this.at = rest;
  }

  /**
   * At the end of a line inside quotes or brackets: indents the next line. False at a document marker, which ends
   * everything.
   */
  private continued(): boolean {
    this.lineStart = ++this.at;
    const isMarker = this.match(marker);
    spaces.lastIndex = this.at;
    const width = spaces.exec(this.text)![0].length;
    if (!isMarker && width <= this.indent && this.text[this.at + width] !== '\n')
      this.insert(' '.repeat(this.indent + 1 - width));
    this.at--;
    return !isMarker;
  }

  private nextLine(): void {
    this.at++;
    this.lineStart = this.at;
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end === -1 ? this.text.length : end;
    this.nextLine();
  }

  private isBlank(distance: number): boolean {
    blank.lastIndex = this.at + distance;
    return blank.test(this.text);
  }

  /** True when the pattern matches here; with `pass`, moves behind it. */
  private match(pattern: RegExp, pass = false): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    if (pass) this.at = pattern.lastIndex;
    return true;
  }

  /** Inserts text here; it replaces the next `instead` characters. */
  private insert(text: string, instead = 0): void {
    this.pieces.push(this.text.slice(this.copied, this.at), text);
    this.copied = this.at + instead;
  }
}
