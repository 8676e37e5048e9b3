/**
 * Parses JSON text given as bytes (one char per byte); its strings are byte strings. Escapes above U+007F, which
 * JSON.parse would turn into wide characters, become their UTF-8 bytes; a lone surrogate becomes U+FFFD. Throws
 * SyntaxError.
 */
export function parseJson(bytes: string): unknown {
  return JSON.parse(bytes.includes('\\u') ? bytes.replace(escapes, narrow) : bytes) as unknown;
}

// Every escape is matched, so that the u after an escaped backslash (\\u0041) is never taken for an escape.
const escapes = /\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|.)/gs;

function narrow(escape: string, high: string | undefined, low: string | undefined, single: string | undefined): string {
  if (high !== undefined) return utf8(String.fromCharCode(parseInt(high, 16), parseInt(low!, 16)));
  if (single === undefined) return escape;
  const unit = parseInt(single, 16);
  return unit < 0x80 ? escape : utf8(String.fromCharCode(unit));
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
