import { readSecret } from './secret-file.ts';

/** The credentials for a store. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The settings for credentials; '' means "not set". */
export interface CredentialSettings {
  readonly basicAuth: boolean;
  readonly username: string;
  readonly password: string;
  /** A file that holds the password; used instead of `password`. */
  readonly passwordFile: string;
}

/** The credentials of a store. A password in a file may be replaced at any time. */
export class Credentials {
  private constructor(
    private known: Login,
    private readonly file: string,
  ) {}

  /**
   * Null when no credentials are set, or when they are not to be sent. Throws BackendError for a password file that
   * cannot be used.
   */
  static async open(settings: CredentialSettings): Promise<Credentials | null> {
    const { basicAuth, username, password, passwordFile } = settings;
    if (!basicAuth || username === '' || (password === '' && passwordFile === '')) return null;
    const first = passwordFile === '' ? password : await readSecret('password', passwordFile);
    return new Credentials({ username, password: first }, passwordFile);
  }

  get login(): Login {
    return this.known;
  }

  /**
   * Called after a store refused `refused`: true when the credentials have changed since, so that another attempt makes
   * sense. Throws BackendError when the password cannot be read again.
   */
  async renew(refused: Login): Promise<boolean> {
    if (this.known === refused && this.file !== '') {
      const password = await readSecret('password', this.file);
      if (password !== refused.password) this.known = { ...refused, password };
    }
    return this.known !== refused;
  }
}
