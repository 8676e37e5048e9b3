import { sprintf } from '../../go/fmt.ts';
import { quote } from '../../go/strconv.ts';
import { decodeRune } from '../../go/strings.ts';
import { isDigit, isLetter } from '../../go/unicode.ts';
import type { Delims } from './node.ts';
import { keywords } from './token.ts';
import type { Token, TokenKind } from './token.ts';

/** Whether break and continue are keywords; they are not when a function of that name exists. */
export interface LoopWords {
  readonly break: boolean;
  readonly continue: boolean;
}

const eof = -1;
const decimalDigits = '0123456789_';
const bytes = Array.from({ length: 0x80 }, (_, c) => String.fromCharCode(c));
const isWordByte: readonly boolean[] = bytes.map((c) => /\w/.test(c));
/** What may follow a name, besides the right delimiter. */
const isTerminator: readonly boolean[] = bytes.map((c) => /[ \t\r\n.,|:)(]/.test(c));

/** Whether a rune may be part of an identifier: letter, decimal digit or underscore. */
function isAlphaNumeric(rune: number): boolean {
  return rune < 0x80 ? isWordByte[rune] === true : isLetter(rune) || isDigit(rune);
}

const isSpace = (c: number) => c === 32 || c === 9 || c === 13 || c === 10;

/**
 * Splits the text of a template into tokens, one for each call of next. Trim markers are applied here: the parser never
 * sees them.
 */
export class Lexer {
  /** The line of the next token. */
  line = 1;
  private pos = 0;
  private start = 0;
  private newline: number; // offset of the first newline after start
  private insideAction = false;
  private parenDepth = 0;

  constructor(
    private readonly text: string,
    private readonly delims: Delims,
    private readonly loopWords: LoopWords,
  ) {
    this.newline = this.newlineFrom(0);
  }

  /** The next token; not to be called again after an error or the end of the text. */
  next(): Token {
    return this.insideAction ? this.lexAction() : this.lexText();
  }

  private emit(kind: TokenKind): Token {
    const token = { kind, pos: this.start, text: this.text.slice(this.start, this.pos), line: this.line };
    this.skip();
    return token;
  }

  private error(message: string): Token {
    return { kind: 'error', pos: this.start, text: message, line: this.line };
  }

  /** Starts the next token here, and counts the lines before it. */
  private skip(): void {
    while (this.newline < this.pos) {
      this.line++;
      this.newline = this.newlineFrom(this.newline + 1);
    }
    this.start = this.pos;
  }

  private newlineFrom(pos: number): number {
    const at = this.text.indexOf('\n', pos);
    return at < 0 ? Infinity : at;
  }

  private rune(): number {
    if (this.pos >= this.text.length) return eof;
    const c = this.text.charCodeAt(this.pos);
    return c < 0x80 ? c : decodeRune(this.text, this.pos)[0];
  }

  private skipRune(): void {
    this.pos += decodeRune(this.text, this.pos)[1];
  }

  private accept(valid: string): boolean {
    if (this.pos >= this.text.length || !valid.includes(this.text.charAt(this.pos))) return false;
    this.pos++;
    return true;
  }

  private acceptRun(valid: string): void {
    while (this.accept(valid));
  }

  private skipSpaces(): void {
    while (isSpace(this.text.charCodeAt(this.pos))) this.pos++;
    this.skip();
  }

  private lexText(): Token {
    for (;;) {
      const at = this.text.indexOf(this.delims.left, this.pos);
      if (at < 0) {
        this.pos = this.text.length;
        return this.emit(this.pos > this.start ? 'text' : 'eof');
      }
      let end = at;
      if (this.atLeftTrim(at + this.delims.left.length)) {
        while (end > this.start && isSpace(this.text.charCodeAt(end - 1))) end--;
      }
      this.pos = end;
      const token = this.emit('text');
      this.pos = at;
      this.skip();
      if (token.text !== '') return token;
      const action = this.lexLeftDelim();
      if (action !== null) return action;
    }
  }

  private atLeftTrim(pos: number): boolean {
    return this.text.charCodeAt(pos) === 45 && isSpace(this.text.charCodeAt(pos + 1));
  }

  private atRightTrim(pos: number): boolean {
    return (
      isSpace(this.text.charCodeAt(pos)) &&
      this.text.charCodeAt(pos + 1) === 45 &&
      this.text.startsWith(this.delims.right, pos + 2)
    );
  }

  /** Null after a comment, which is not a token. */
  private lexLeftDelim(): Token | null {
    this.pos += this.delims.left.length;
    const marker = this.atLeftTrim(this.pos) ? 2 : 0;
    if (this.text.startsWith('/*', this.pos + marker)) {
      this.pos += marker;
      this.skip();
      return this.lexComment();
    }
    const token = this.emit('leftDelim');
    this.insideAction = true;
    this.parenDepth = 0;
    this.pos += marker;
    this.skip();
    return token;
  }

  private lexComment(): Token | null {
    const close = this.text.indexOf('*/', this.pos + 2);
    if (close < 0) return this.error('unclosed comment');
    this.pos = close + 2;
    const trim = this.atRightTrim(this.pos);
    if (!trim && !this.text.startsWith(this.delims.right, this.pos)) {
      return this.error('comment ends before closing delimiter');
    }
    this.pos += (trim ? 2 : 0) + this.delims.right.length;
    this.skip();
    if (trim) this.skipSpaces();
    return null;
  }

  private lexRightDelim(): Token {
    const trim = this.atRightTrim(this.pos);
    if (trim) {
      this.pos += 2;
      this.skip();
    }
    this.pos += this.delims.right.length;
    const token = this.emit('rightDelim');
    if (trim) this.skipSpaces();
    this.insideAction = false;
    return token;
  }

  private lexAction(): Token {
    if (this.atRightTrim(this.pos) || this.text.startsWith(this.delims.right, this.pos)) {
      return this.parenDepth === 0 ? this.lexRightDelim() : this.error('unclosed left paren');
    }
    const rune = this.rune();
    if (rune === eof) return this.error('unclosed action');
    if (isSpace(rune)) return this.lexSpace();
    if ((rune >= 48 && rune <= 57) || rune === 43 || rune === 45) return this.lexNumber();
    if (isAlphaNumeric(rune)) return this.lexIdentifier();
    if (rune < 0x80) this.pos++;
    else this.skipRune();
    return this.lexMark(rune);
  }

  private lexMark(rune: number): Token {
    switch (this.text.charAt(this.start)) {
      case '=':
        return this.emit('assign');
      case ':':
        return this.accept('=') ? this.emit('declare') : this.error('expected :=');
      case '|':
        return this.emit('pipe');
      case '"':
        return this.lexQuoted('"', 'string', 'unterminated quoted string');
      case "'":
        return this.lexQuoted("'", 'charConstant', 'unterminated character constant');
      case '`':
        return this.lexRawString();
      case '$':
        return this.lexName('variable', 'variable');
      case '.':
        return this.lexDot();
      case '(':
        this.parenDepth++;
        return this.emit('leftParen');
      case ')':
        this.parenDepth--;
        return this.parenDepth < 0 ? this.error('unexpected right paren') : this.emit('rightParen');
    }
    if (rune > 32 && rune < 127) return this.emit('char');
    return this.error(sprintf('unrecognized character in action: %#U', [BigInt(rune)]));
  }

  private lexDot(): Token {
    const next = this.text.charCodeAt(this.pos);
    if (this.pos < this.text.length && !(next >= 48 && next <= 57)) return this.lexName('field', 'dot');
    this.pos--;
    return this.lexNumber();
  }

  /** A run of spaces; without the last one when it belongs to a trimming right delimiter. */
  private lexSpace(): Token {
    while (isSpace(this.text.charCodeAt(this.pos))) this.pos++;
    if (this.atRightTrim(this.pos - 1)) this.pos--;
    return this.emit('space');
  }

  private acceptAlphaNumeric(): void {
    do {
      while (isWordByte[this.text.charCodeAt(this.pos)] === true) this.pos++;
    } while (this.acceptLetter());
  }

  /** A letter or digit that is not ASCII. */
  private acceptLetter(): boolean {
    if (!(this.text.charCodeAt(this.pos) >= 0x80) || !isAlphaNumeric(this.rune())) return false;
    this.skipRune();
    return true;
  }

  private lexIdentifier(): Token {
    this.acceptAlphaNumeric();
    if (!this.atTerminator()) return this.badCharacter();
    const word = this.text.slice(this.start, this.pos);
    if (word === 'true' || word === 'false') return this.emit('bool');
    const keyword = keywords.get(word);
    if (keyword === undefined) return this.emit('identifier');
    if ((keyword === 'break' || keyword === 'continue') && !this.loopWords[keyword]) return this.emit('identifier');
    return this.emit(keyword);
  }

  /** The rest of .name or $name, whose first character has been read; without a name, the token has the kind `bare`. */
  private lexName(kind: TokenKind, bare: TokenKind): Token {
    if (this.atTerminator()) return this.emit(bare);
    this.acceptAlphaNumeric();
    return this.atTerminator() ? this.emit(kind) : this.badCharacter();
  }

  private badCharacter(): Token {
    return this.error(sprintf('bad character %#U', [BigInt(this.rune())]));
  }

  private atTerminator(): boolean {
    if (this.pos >= this.text.length) return true;
    return isTerminator[this.text.charCodeAt(this.pos)] === true || this.atRightDelim();
  }

  private atRightDelim(): boolean {
    return this.text.startsWith(this.delims.right, this.pos);
  }

  private lexQuoted(mark: string, kind: TokenKind, unterminated: string): Token {
    while (this.pos < this.text.length) {
      let c = this.text.charAt(this.pos++);
      if (c === mark) return this.emit(kind);
      if (c === '\\') c = this.text.charAt(this.pos++);
      if (c === '\n') break;
    }
    return this.error(unterminated);
  }

  private lexRawString(): Token {
    const close = this.text.indexOf('`', this.pos);
    if (close < 0) return this.error('unterminated raw quoted string');
    this.pos = close + 1;
    return this.emit('rawString');
  }

  /** Accepts more than Go's numbers, such as 089 and 0x0.2: the parser checks the text. */
  private lexNumber(): Token {
    if (!this.scanNumber()) return this.badNumber();
    const sign = this.text.charAt(this.pos);
    if (sign !== '+' && sign !== '-') return this.emit('number');
    if (!this.scanNumber() || this.text.charAt(this.pos - 1) !== 'i') return this.badNumber();
    return this.emit('complex');
  }

  private badNumber(): Token {
    return this.error(`bad number syntax: ${quote(this.text.slice(this.start, this.pos))}`);
  }

  private scanNumber(): boolean {
    this.accept('+-');
    let digits = decimalDigits;
    let exponent = 'eE';
    if (this.accept('0')) {
      if (this.accept('xX')) [digits, exponent] = ['0123456789abcdefABCDEF_', 'pP'];
      else if (this.accept('oO')) [digits, exponent] = ['01234567_', ''];
      else if (this.accept('bB')) [digits, exponent] = ['01_', ''];
    }
    this.acceptRun(digits);
    if (this.accept('.')) this.acceptRun(digits);
    if (this.accept(exponent)) {
      this.accept('+-');
      this.acceptRun(decimalDigits);
    }
    this.accept('i');
    if (!isAlphaNumeric(this.rune())) return true;
    this.skipRune();
    return false;
  }
}
