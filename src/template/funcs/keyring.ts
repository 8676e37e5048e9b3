import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ZlibOptions } from 'node:zlib';
import type * as openpgp from 'openpgp';
import { decode } from '../../go/base64.ts';
import { toText } from '../../go/bytes.ts';
import { errnoText } from '../../go/os.ts';
import { quote } from '../../go/strconv.ts';
import { GoError } from '../../go/value.ts';
import { Suspend, TemplateError } from '../engine/engine.ts';

/** Loads zlib for the first value, so that a start without encrypted values does not load it. */
async function unzip(bytes: Uint8Array, limit: { readonly maxOutputLength: number }): Promise<Buffer> {
  const { gunzip } = await import('node:zlib');
  return promisify<Uint8Array, ZlibOptions, Buffer>(gunzip)(bytes, limit);
}

/** How many decrypted values are kept; the least recently used ones are removed. */
const maxKnown = 20_000;
/** A shorter value is not masked: ordinary words may be the same by chance. */
const minHiddenLength = 3;
/** A longer value is not a configuration value, and does not fit into memory. */
const maxLength = 2 ** 28;
const block = /-----BEGIN PGP PRIVATE KEY BLOCK-----[^]*?-----END PGP PRIVATE KEY BLOCK-----/g;

/**
 * The private keys of a -secret-keyring, and the values that they have decrypted. A value is gzip in PGP in base64,
 * which the program crypt calls secconf.
 */
export class Keyring {
  readonly #keys: openpgp.PrivateKey[];
  readonly #pgp: typeof openpgp;
  readonly #known = new Map<string, string | GoError>();

  private constructor(keys: openpgp.PrivateKey[], pgp: typeof openpgp) {
    this.#keys = keys;
    this.#pgp = pgp;
  }

  /** Reads the armored private keys in a file. Throws TemplateError that names the file. */
  static async open(path: string): Promise<Keyring> {
    const refuse = (reason: string, cause?: unknown) =>
      new TemplateError(`secret-keyring: ${reason}`, cause === undefined ? {} : { cause });
    const text = await readFile(path, 'latin1').catch((error: unknown) => {
      const cause = error as NodeJS.ErrnoException;
      throw refuse(`${cause.code === 'EISDIR' ? 'read' : 'open'} ${path}: ${errnoText(cause)}`, cause);
    });
    const pgp = await import('openpgp');
    const keys: openpgp.PrivateKey[] = [];
    for (const [armoredKeys] of text.matchAll(block)) {
      try {
        keys.push(...(await pgp.readPrivateKeys({ armoredKeys, config: leniency(pgp) })));
      } catch (cause) {
        throw refuse(`${path}: a private key cannot be read`, cause);
      }
    }
    const open = keys.filter((key) => key.isDecrypted());
    if (keys.length === 0) throw refuse(`${path}: no armored PGP private key in it`);
    if (open.length === 0)
      throw refuse(`${path}: its private keys have a passphrase; confd can only use keys without one`);
    return new Keyring(open, pgp);
  }

  /** The decrypted values. Throws Suspend until they are decrypted, then GoError for the first one that is invalid. */
  decrypt(values: readonly string[]): string[] {
    const unknown = new Set(values.filter((value) => !this.#known.has(value)));
    if (unknown.size > 0) throw new Suspend(Promise.all([...unknown].map((value) => this.#learn(value))));
    return values.map((value) => {
      const text = this.#known.get(value)!;
      this.#known.delete(value);
      this.#known.set(value, text);
      if (text instanceof GoError) throw text;
      return text;
    });
  }

  /** Removes decrypted values from a message (text): functions quote invalid arguments. */
  hide(message: string): string {
    let hidden = message;
    for (const value of this.#known.values()) {
      if (value instanceof GoError || value.trim().length < minHiddenLength) continue;
      for (const form of [value, value.trim(), quote(value).slice(1, -1)])
        hidden = hidden.replaceAll(toText(form), '***');
    }
    return hidden;
  }

  /** The decrypted values, as byte strings. */
  decrypted(): string[] {
    return [...this.#known.values()].filter((text): text is string => typeof text === 'string');
  }

  async #learn(value: string): Promise<void> {
    let text: string | GoError;
    try {
      text = await this.#decrypted(value);
    } catch (error) {
      // Libraries quote the data in their messages: only our own messages are passed on.
      text = error instanceof GoError ? error : new GoError('openpgp: cannot be decrypted');
    }
    const [oldest] = this.#known.keys();
    if (this.#known.size >= maxKnown) this.#known.delete(oldest!);
    this.#known.set(value, text);
  }

  async #decrypted(value: string): Promise<string> {
    const bytes = Buffer.from(decode(value), 'latin1');
    if (bytes.length === 0) throw new GoError('EOF');
    const pgp = this.#pgp;
    const config = leniency(pgp);
    const message = await pgp.readMessage({ binaryMessage: bytes, config }).catch(() => {
      throw new GoError('openpgp: invalid data: not a PGP message');
    });
    const options = { message, decryptionKeys: this.#keys, format: 'binary', config } as const;
    const { data } = (await pgp.decrypt(options).catch((error: unknown) => {
      throw new GoError(isKeyTrouble(error) ? 'openpgp: incorrect key' : 'openpgp: invalid data: message is damaged');
    })) as { readonly data: Uint8Array };
    const text = await unzip(data, { maxOutputLength: maxLength }).catch((error: unknown) => {
      const isOther = (error as Error).message === 'incorrect header check';
      throw new GoError(isOther ? 'gzip: invalid header' : 'gzip: invalid data');
    });
    return text.toString('latin1');
  }
}

const isKeyTrouble = (error: unknown) => /key/i.test((error as Error).message);

/** Decrypts everything that confd 0.16 decrypts: keys and messages of any age. */
function leniency({ config }: typeof openpgp): Partial<openpgp.Config> {
  return {
    minRSABits: 1024,
    allowUnauthenticatedMessages: true,
    allowInsecureDecryptionWithSigningKeys: true,
    allowMissingKeyFlags: true,
    rejectPublicKeyAlgorithms: new Set(),
    rejectHashAlgorithms: new Set(),
    maxDecompressedMessageSize: Math.min(config.maxDecompressedMessageSize, maxLength),
  };
}
