/** A word between blanks, or the end of the text, ends here. */
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
 * YAML text the way the yaml library wants it, where Go's yaml.v2, which is a libyaml, is content with less: lines that go
 * on inside brackets and quotes stand deeper than what they belong to, a comment stands behind a space, and so does
 * the colon behind an alias. Says the same as before to those who read it at all, on the same lines. Linear time.
 */
export function respace(text: string): string {
  return new Spacer(text).run();
}

/** Walks through the text once. It knows just enough of YAML to tell what is a quote, a bracket or a comment. */
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
    let start: number | null = null; // of a node, with its anchor and tag
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

  /** Passes a scalar, an alias or a collection in brackets; true when it is a key. */
  private node(char: string, start: number): boolean {
    const column = start - this.lineStart;
    if (char === '*') this.anchor();
    else if (char === '"' || char === "'") this.quoted(char);
    else if (char === '[' || char === '{') this.flow();
    else this.plain();
    const isKey = this.match(keyEnd, true);
    // Behind brackets at the top yaml.v2 looks at nothing any more.
    if (!isKey && this.indent === -1 && (char === '[' || char === '{')) this.text = this.text.slice(0, this.at);
    if (!isKey) return false;
    this.indent = column;
    return true;
  }

  /** Passes an anchor or an alias; for yaml.v2 its name ends at the first character that is neither letter nor digit. */
  private anchor(): void {
    if (!this.match(name, true)) this.at++;
    else if (/[?:%@`]/.test(this.text[this.at] ?? '')) this.insert(' ');
  }

  private comment(): void {
    if (!/[ \t\n]/.test(this.text[this.at - 1] ?? '\n')) this.insert(' ');
    const end = this.text.indexOf('\n', this.at);
    this.at = end === -1 ? this.text.length : end;
  }

  /** Passes a plain scalar, with the lines on which it goes on: on these, nothing but a comment means anything. */
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

  /** Passes plain text up to the end of the line; true when a colon or a comment ends it before. */
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
    // Where the text ends without a line break yaml.v2 adds none, whatever the header says.
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

  /** Where the lines of a block scalar end: at the first that is not deeper than what it belongs to. */
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
    if (next === "'") this.insert('', 1); // yaml.v2 takes it for the quote
    if (next !== '\n') this.at++;
  }

  /** Passes brackets up to the one that closes the first. */
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

  /** Passes plain text inside brackets. For yaml.v2 a colon before a bracket or comma, and a dash, belong to it. */
  private flowPlain(): void {
    const start = this.at;
    let end = this.at; // behind the last character that is no blank
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
   * At the end of a line inside quotes or brackets: puts the next one deeper than what it belongs to. False when a marker
   * of documents is there, which ends everything.
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

  /** Whether the pattern is here; with `pass`, goes behind it. */
  private match(pattern: RegExp, pass = false): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    if (pass) this.at = pattern.lastIndex;
    return true;
  }

  /** Puts text here, in place of the next characters if there shall be fewer. */
  private insert(text: string, instead = 0): void {
    this.pieces.push(this.text.slice(this.copied, this.at), text);
    this.copied = this.at + instead;
  }
}
