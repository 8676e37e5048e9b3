import { readFile } from 'node:fs/promises';
import { BackendError } from '../contract/backend.ts';

/** What proves to a store who asks. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where an operator says who asks; '' is what was not said. */
export interface CredentialSettings {
  readonly basicAuth: boolean;
  readonly username: string;
  readonly password: string;
  /** A file that holds the password, in place of `password`. */
  readonly passwordFile: string;
}

/** Who asks. A password that is kept in a file may be replaced there at any time. */
export class Credentials {
  private constructor(
    private known: Login,
    private readonly file: string,
  ) {}

  /** Null when nobody said who asks, or nobody wants it sent. Throws BackendError for a file that holds no password. */
  static async open(settings: CredentialSettings): Promise<Credentials | null> {
    const { basicAuth, username, password, passwordFile } = settings;
    if (!basicAuth || username === '' || (password === '' && passwordFile === '')) return null;
    const first = passwordFile === '' ? password : await readPassword(passwordFile);
    return new Credentials({ username, password: first }, passwordFile);
  }

  get login(): Login {
    return this.known;
  }

  /**
   * After a store refused `refused`: true when the login is another one by now, so that it is worth asking once more.
   * Throws BackendError when the password cannot be read again.
   */
  async renew(refused: Login): Promise<boolean> {
    if (this.known === refused && this.file !== '') {
      const password = await readPassword(this.file);
      if (password !== refused.password) this.known = { ...refused, password };
    }
    return this.known !== refused;
  }
}

/** The text of the file, without the end of line that editors add. */
async function readPassword(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new BackendError('settings', `cannot read the password file: ${(cause as Error).message}`, { cause });
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new BackendError('settings', `the password file ${file} is empty`);
  return password;
}
