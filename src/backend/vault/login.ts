import { readFile } from 'node:fs/promises';
import { toText } from '../../go/bytes.ts';
import { BackendError } from '../contract/backend.ts';
import { readSecret } from '../net/secret-file.ts';
import { Forbidden, Refused, type Reply, type VaultApi } from './api.ts';
import { field, numberOf, textOf } from './json.ts';

/** Who asks, as the operator said it: '' is what was not said, a file counts in place of its value. All is text. */
export interface LoginSettings {
  /** token, app-role (or approle), app-id, userpass, github, kubernetes or cert. */
  readonly type: string;
  /** Where the login is mounted; '' for where it is by default. */
  readonly path: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly appId: string;
  readonly userId: string;
  readonly userIdFile: string;
  readonly roleId: string;
  readonly secretId: string;
  readonly secretIdFile: string;
  readonly username: string;
  readonly password: string;
  readonly passwordFile: string;
  /** Where kubernetes puts the token of the service account. */
  readonly jwtFile: string;
}

/** A token of Vault, and how long it lives. */
export interface IssuedToken {
  readonly token: string;
  /** Infinity for one that never ends. */
  readonly ttlMs: number;
  readonly isRenewable: boolean;
}

/** The first one of what a login of its type must have, and has not. */
export function missingPart(settings: LoginSettings): string | null {
  const { type, token, tokenFile, appId, userId, userIdFile, roleId, secretId, secretIdFile } = settings;
  const { username, password, passwordFile } = settings;
  const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    token: { token: token + tokenFile },
    github: { token: token + tokenFile },
    'app-role': { 'role-id': roleId, 'secret-id': secretId + secretIdFile },
    'app-id': { 'app-id': appId, 'user-id': userId + userIdFile },
    userpass: { username, password: password + passwordFile },
    kubernetes: { 'role-id': roleId },
  };
  const wanted = Object.entries(parts[type === 'approle' ? 'app-role' : type] ?? {});
  return wanted.find(([, value]) => value === '')?.[0] ?? null;
}

/** Logs in with the credentials as they are now: files are read again. Throws BackendError, denied for wrong ones. */
export async function logIn(settings: LoginSettings, api: VaultApi, signal: AbortSignal): Promise<IssuedToken> {
  if (settings.type === 'token') return lookUp(await tokenOf(settings), api, signal);
  const mount = settings.path === '' ? settings.type.replace('app-role', 'approle') : settings.path;
  const suffix = settings.type === 'userpass' ? `/${settings.username}` : '';
  const path = Buffer.from(`auth/${mount}/login${suffix}`, 'utf8').toString('latin1');
  const body = await credentials(settings);
  const reply = await askFor(api, { method: 'PUT', path, body }, '', signal);
  const auth = field(reply.body, 'auth');
  const token = textOf(auth, 'client_token');
  if (token === '') throw new BackendError('denied', `${reply.node}: Unable to authenticate at ${toText(path)}`);
  return { token, ttlMs: ttlOf(numberOf(auth, 'lease_duration')), isRenewable: field(auth, 'renewable') === true };
}

/** The token that was given as such, as it is now. Throws BackendError. */
export async function tokenOf({ token, tokenFile }: LoginSettings): Promise<string> {
  const found = (tokenFile === '' ? token : await readSecret('token', tokenFile)).trim();
  if (/^[\x21-\x7e]+$/.test(found)) return found;
  throw new BackendError('settings', 'the token has characters that are not allowed in an HTTP header');
}

async function lookUp(token: string, api: VaultApi, signal: AbortSignal): Promise<IssuedToken> {
  const reply = await askFor(api, { path: 'auth/token/lookup-self' }, token, signal);
  const data = field(reply.body, 'data');
  return { token, ttlMs: ttlOf(numberOf(data, 'ttl')), isRenewable: field(data, 'renewable') === true };
}

async function askFor(
  api: VaultApi,
  question: Parameters<VaultApi['ask']>[0],
  token: string,
  signal: AbortSignal,
): Promise<Reply> {
  try {
    const reply = await api.ask(question, token, signal);
    if (reply.status === 200) return reply;
    throw new BackendError(
      'denied',
      `${reply.node}: Vault has no auth method at ${toText(question.path)} (${reply.status})`,
    );
  } catch (error) {
    // Vault answers 400 to wrong credentials.
    if (error instanceof Refused && !(error instanceof Forbidden)) throw new BackendError('denied', error.message);
    throw error;
  }
}

async function credentials(settings: LoginSettings): Promise<Readonly<Record<string, string>>> {
  const { appId, roleId } = settings;
  const secret = (what: string, value: string, file: string) => (file === '' ? value : readSecret(what, file));
  switch (settings.type) {
    case 'app-role':
    case 'approle':
      return {
        role_id: roleId,
        secret_id: await secret('secret-id', settings.secretId, settings.secretIdFile),
      };
    case 'app-id':
      return { app_id: appId, user_id: await secret('user-id', settings.userId, settings.userIdFile) };
    case 'github':
      return { token: await tokenOf(settings) };
    case 'userpass':
      return { password: await secret('password', settings.password, settings.passwordFile) };
    case 'kubernetes':
      return { role: roleId, jwt: await jwtOf(settings.jwtFile) };
    default:
      return {};
  }
}

async function jwtOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new BackendError('settings', `cannot read the service account's token: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function ttlOf(seconds: number): number {
  return seconds > 0 ? seconds * 1000 : Infinity;
}
