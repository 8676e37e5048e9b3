import { byPieces } from '../../go/builder.ts';
import { decodeRune } from '../../go/strings.ts';
import { isPrint } from '../../go/unicode.ts';

const htmlEscapes = new Map([
  ['\0', '\xef\xbf\xbd'],
  ['"', '&#34;'],
  ["'", '&#39;'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** Escapes text for HTML, as the html function does. */
export function escapeHtml(text: string): string {
  return byPieces(text, (piece) => piece.replace(/[\0"'&<>]/g, (char) => htmlEscapes.get(char)!));
}

/** Escapes text for a JavaScript string, as the js function does. */
export function escapeJs(text: string): string {
  return byPieces(text, (piece) =>
    piece.replace(/[\\'"<>&=\x00-\x1f]|[\x80-\xff]+/g, (part) => {
      if (part === '\\' || part === "'" || part === '"') return `\\${part}`;
      return part.charCodeAt(0) < 0x80 ? escapeUnit(part.charCodeAt(0)) : escapeRunes(part);
    }),
  );
}

const escapeUnit = (code: number) => `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;

function escapeRunes(bytes: string): string {
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const [rune, width] = decodeRune(bytes, i);
    out += isPrint(rune) ? bytes.slice(i, i + width) : escapeUnit(rune);
    i += width;
  }
  return out;
}

/** Escapes text for the query of a URL, as the urlquery function does. */
export function escapeQuery(text: string): string {
  return byPieces(text, (piece) => piece.replace(/[^A-Za-z0-9\-_.~]/g, escapeQueryByte));
}

function escapeQueryByte(char: string): string {
  return char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
