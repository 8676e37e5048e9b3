const words: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'the connection broke'],
  ['EPIPE', 'the connection broke'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the DNS lookup of the host name failed'],
  ['ETIMEDOUT', 'no connection: timed out'],
  ['EHOSTUNREACH', 'no route to host'],
  ['ENETUNREACH', 'network is unreachable'],
  ['EPROTO', 'the TLS handshake failed'],
]);

const denials: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed and not trusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is signed by a CA that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its certificate is signed by a CA that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is signed by a CA that is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is signed by a CA that is not trusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host name'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it requires a client certificate'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'it does not trust the client certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'it refuses the client certificate'],
]);

/** The text of a server as part of one line: printable, at most 200 characters. */
export function oneLine(words: string): string {
  return words.replace(/[^ -~]+/g, ' ').slice(0, 200);
}

/** Why a connection failed, for the operator. */
export function errorText(error: Error): string {
  const code = codeOf(error);
  if (isNoTls(error)) return 'the server does not use TLS on this port: write http://';
  if (code.startsWith('HPE_')) return 'the answer is not HTTP; if the server uses TLS, write https://';
  return words.get(code) ?? denials.get(code) ?? (error.message || code || error.name);
}

/** True when the other side of a TLS handshake does not use TLS: Node reports that by a code or in the message. */
export function isNoTls(error: Error): boolean {
  const isHandshake = /^(?:EPROTO|ERR_SSL_)/.test(codeOf(error));
  return (
    isHandshake &&
    /wrong[ _]version[ _]number|packet[ _]length[ _]too[ _]long/i.test(`${codeOf(error)} ${error.message}`)
  );
}

/** True when the certificates are the reason, so that another attempt will not help. */
export function deniedBy(error: Error): boolean {
  return denials.has(codeOf(error));
}

function codeOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : '';
}
