/** A node's address for messages: *** in place of a name and password before an @, however they are written. */
export function maskUserinfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}

/** Any other text for messages: masked when it may be an address with a password. */
export function redact(text: string): string {
  return /^(?!\.{0,2}\/[^/])[^@]*[:;/\\][^]*@/.test(text) ? maskUserinfo(text) : text;
}
