import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { errnoText } from '../../../go/os.ts';
import { ListenError } from './address.ts';

/** The files of a server's TLS. */
export interface ServerTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** '' for none; with a CA file, every client must have a certificate of this CA. */
  readonly caFile: string;
}

/** Reads and checks the files. Throws ListenError, which names the file that cannot be read or used. */
export async function loadTls(files: ServerTlsFiles): Promise<TlsOptions> {
  const cert = await read('certificate', files.certFile);
  const key = await read('key', files.keyFile);
  check('certificate', files.certFile, () => createSecureContext({ cert }));
  check('key', files.keyFile, () => createSecureContext({ cert, key }));
  const options: TlsOptions = { cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] };
  if (files.caFile === '') return options;
  return { ...options, ca: await readAuthorities(files.caFile), requestCert: true, rejectUnauthorized: true };
}

/** A warning when the server's certificate is not valid at a time (in milliseconds); undefined when it is. */
export async function untimelyNote({ certFile }: ServerTlsFiles, now: number): Promise<string | undefined> {
  const { validFrom, validTo } = new X509Certificate(await read('certificate', certFile));
  const refused = 'clients that check it refuse this server';
  if (now > Date.parse(validTo)) return `the certificate file ${certFile} expired on ${validTo}: ${refused}`;
  if (now < Date.parse(validFrom))
    return `the certificate file ${certFile} is not valid before ${validFrom}: ${refused}`;
  return undefined;
}

/** Why a client without a valid certificate was refused; undefined when the connection failed for another reason. */
export function certificateFault(code: string): string | undefined {
  return certificateFaults.get(code);
}

const foreign = 'its certificate was not issued by a CA in the CA file';
const certificateFaults = new Map([
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'it sent no certificate'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
  ['INVALID_PURPOSE', 'its certificate is not for clients'],
  ['SELF_SIGNED_CERT_IN_CHAIN', foreign],
  ['UNABLE_TO_GET_ISSUER_CERT', foreign],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', foreign],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', foreign],
]);

/** Changes whenever one of the files does. */
export async function stampOf({ certFile, keyFile, caFile }: ServerTlsFiles): Promise<string> {
  const paths = [certFile, keyFile, caFile].filter((path) => path !== '');
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return stats.map((found) => (found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'none')).join(', ');
}

async function readAuthorities(file: string): Promise<string> {
  const pem = await read('CA', file);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  // Otherwise no client could connect, without an error anywhere.
  if (blocks.length === 0) throw new ListenError(`the CA file ${file} holds no PEM certificate`);
  for (const block of blocks) check('CA', file, () => new X509Certificate(block));
  return pem;
}

async function read(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = errnoText(cause as NodeJS.ErrnoException);
    throw new ListenError(`cannot read the ${what} file ${file}: ${reason}`, { cause });
  }
}

function check(what: string, file: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw new ListenError(`the ${what} file ${file} cannot be used: ${reasonOf(cause as Error)}`, { cause });
  }
}

/** OpenSSL's messages begin with numbers and function names. */
function reasonOf({ message }: Error): string {
  if (/key values mismatch/.test(message)) return 'it does not match the certificate';
  if (/no start line/.test(message)) return 'it is not PEM';
  if (/md too weak|key too small/.test(message))
    return `OpenSSL considers it too weak (SHA-1, or a short key): ${message}`;
  return message.replace(/^error:[^:]*:[^:]*:[^:]*:/, '');
}
