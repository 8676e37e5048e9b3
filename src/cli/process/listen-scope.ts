/** Who can reach a store without a password. */
export function reachOf(urls: readonly string[], tls?: { readonly caFile: string }): string {
  const isLoopback = (url: string) => /^https?:\/\/(?:127\.|\[::1\])/.test(url);
  if (urls.every(isLoopback)) return 'loopback only';
  if (tls !== undefined && tls.caFile !== '') return 'open to clients with a certificate';
  return 'open to everyone who can reach these addresses, without a password';
}
