/**
 * Converts between JavaScript text (UTF-16) and our byte strings (one char for each byte, as Go's strings are bytes).
 */

/** UTF-8 bytes of text; a lone surrogate becomes U+FFFD. */
export function fromText(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Text of UTF-8 bytes, for messages; bytes that are not UTF-8 show as U+FFFD. */
export function toText(bytes: string): string {
  return /^[\x00-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}
