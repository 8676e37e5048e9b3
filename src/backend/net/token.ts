import { BackendError } from '../contract/backend.ts';
import { readSecret } from './secret-file.ts';

/** Where an operator says what the token is; '' is what was not said. */
export interface TokenSettings {
  readonly token: string;
  /** A file that holds it; it counts more than `token`. */
  readonly file: string;
}

/** A token, sent as a header. One that is kept in a file may be replaced there at any time. */
export class Token {
  private constructor(
    private readonly header: string,
    private known: string,
    private readonly file: string,
  ) {}

  /** Null when there is none. Throws BackendError for a file without one, or one that no header can carry. */
  static async open(header: string, { token, file }: TokenSettings): Promise<Token | null> {
    if (token === '' && file === '') return null;
    return new Token(header, file === '' ? sendable(token.trim()) : await readToken(file), file);
  }

  get headers(): Readonly<Record<string, string>> {
    return { [this.header]: this.known };
  }

  get secret(): string {
    return this.known;
  }

  /**
   * After a store refused `refused`: true when the token is another one by now, so that it is worth asking once more.
   * Throws BackendError when it cannot be read again.
   */
  async renew(refused: string): Promise<boolean> {
    if (this.known === refused && this.file !== '') this.known = await readToken(this.file);
    return this.known !== refused;
  }
}

async function readToken(file: string): Promise<string> {
  const token = (await readSecret('token', file)).trim();
  if (token === '') throw new BackendError('settings', `the token file ${file} is empty`);
  return sendable(token);
}

function sendable(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new BackendError('settings', 'the token has characters that are not allowed in an HTTP header');
}
