/** A node's address as it may be shown: *** for the name and password that may stand before an @, however it is spelt. */
export function maskUserinfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}

/** Any other text as it may be shown: masked when it may be an address with a password that came to the wrong place. */
export function redact(text: string): string {
  return /^(?!\.{0,2}\/[^/])[^@]*[:;/\\][^]*@/.test(text) ? maskUserinfo(text) : text;
}
