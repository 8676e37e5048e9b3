import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { BackendError } from '../contract/backend.ts';

/** The files of a TLS connection; '' means "not set". */
export interface TlsFiles {
  /** A file, or a directory whose files are all read. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Accept any server certificate. */
  readonly insecure: boolean;
  /** The name in the server's certificate, where it is not the host name. */
  readonly serverName?: string;
}

/** The TLS options of node:https. */
export type TlsOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
  rejectUnauthorized?: boolean;
  servername?: string;
};

/** True when the files ask for TLS: a CA, or a certificate with its key (one of the two alone is ignored). */
export function wantsTls(files: TlsFiles): boolean {
  return files.caFile !== '' || (files.certFile !== '' && files.keyFile !== '');
}

/** The TLS files of a client. They may be replaced at any time: new connections use the current ones. */
export class TlsSource {
  private broken = '';

  private constructor(
    private readonly files: TlsFiles,
    private seen: string,
    private options: TlsOptions,
  ) {}

  /** Reads and checks the files; BackendError names a file that cannot be read or used. */
  static async open(files: TlsFiles): Promise<TlsSource> {
    const seen = await stampOf(files);
    return new TlsSource(files, seen, await loadTls(files));
  }

  /** The current options: the same object until a file is replaced by a valid one. */
  async current(): Promise<TlsOptions> {
    const seen = await stampOf(this.files);
    if (seen === this.seen) return this.options;
    this.seen = seen;
    try {
      this.options = await loadTls(this.files);
      this.broken = '';
    } catch (error) {
      // A new certificate may be written before its key: the old pair stays in use.
      if (!(error instanceof BackendError)) throw error;
      this.broken = error.message;
    }
    return this.options;
  }

  /** What is wrong with the current files, or '' when they are in use. */
  get fault(): string {
    return this.broken;
  }
}

/** Identifies the state of the files by their stat. */
async function stampOf({ caFile, certFile, keyFile }: TlsFiles): Promise<string> {
  const stamps = [caFile, certFile, keyFile].map(async (file) => {
    if (file === '') return '';
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found === null ? 'none' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
  });
  return (await Promise.all(stamps)).join('\n');
}

async function loadTls(files: TlsFiles): Promise<TlsOptions> {
  const options: TlsOptions = {};
  if (files.insecure) options.rejectUnauthorized = false;
  if (files.serverName !== undefined && files.serverName !== '') options.servername = files.serverName;
  if (files.caFile !== '') options.ca = await loadAuthorities(files.caFile);
  if (files.certFile !== '' && files.keyFile !== '') {
    options.cert = await load('client certificate', files.certFile);
    options.key = await load('client key', files.keyFile);
    const { createSecureContext } = await import('node:tls');
    await usable('client certificate', files.certFile, () => createSecureContext({ cert: options.cert! }));
    await usable('client key', files.keyFile, () => createSecureContext({ cert: options.cert!, key: options.key! }));
  } else {
    // One of the two alone is not used, but a missing file is an error all the same.
    if (files.certFile !== '') await load('client certificate', files.certFile);
    if (files.keyFile !== '') await load('client key', files.keyFile);
  }
  return options;
}

async function loadAuthorities(file: string): Promise<string> {
  const pem = await loadAll(file);
  const { X509Certificate } = await import('node:crypto');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw unusable('CA', file, new Error('there is no PEM certificate in it'));
  for (const block of blocks) await usable('CA', file, () => new X509Certificate(block));
  return pem;
}

/** The text of a file, or of all files of a directory. */
async function loadAll(path: string): Promise<string> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) return load('CA', path);
  const names = (await readdir(path)).sort();
  return (await Promise.all(names.map((name) => load('CA', join(path, name))))).join('\n');
}

async function load(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BackendError('settings', `cannot read the ${what} file: ${(cause as Error).message}`, { cause });
  }
}

async function usable(what: string, file: string, check: () => unknown): Promise<void> {
  try {
    await check();
  } catch (cause) {
    throw unusable(what, file, cause as Error);
  }
}

function unusable(what: string, file: string, cause: Error): BackendError {
  return new BackendError('settings', `cannot use the ${what} file ${file}: ${cause.message}`, { cause });
}
