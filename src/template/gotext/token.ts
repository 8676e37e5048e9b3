import { quote } from '../../go/strconv.ts';
import { runeOffset } from '../../go/strings.ts';

/** The kinds of token; a keyword is a kind of its own. */
export type TokenKind =
  | 'error' // text is the message
  | 'bool'
  | 'char' // printable ASCII without a meaning of its own, such as a comma
  | 'charConstant'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field' // .name
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString' // with its quotes
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string' // with its quotes
  | 'text'
  | 'variable' // $name
  | Keyword;

export type Keyword =
  'block' | 'break' | 'continue' | 'dot' | 'define' | 'else' | 'end' | 'if' | 'nil' | 'range' | 'template' | 'with';

export interface Token {
  readonly kind: TokenKind;
  readonly pos: number; // byte offset of its first byte
  readonly text: string;
  readonly line: number; // line of its first byte, from 1
}

const words: readonly Exclude<Keyword, 'dot'>[] = [
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
];

/** The keyword for each reserved word. */
export const keywords: ReadonlyMap<string, Keyword> = new Map(words.map((word) => [word, word]));

/** A token as parse errors show it; a long one is cut after ten runes. */
export function printToken(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (token.kind === 'dot' || keywords.has(token.kind)) return `<${token.text}>`;
  return token.text.length > 10 ? `${quote(token.text.slice(0, runeOffset(token.text, 10)))}...` : quote(token.text);
}
