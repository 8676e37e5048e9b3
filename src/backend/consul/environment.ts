import { parseBool } from '../../go/strconv.ts';
import type { Logger } from '../../obs/log.ts';
import type { CredentialSettings } from '../net/credentials.ts';
import type { TlsFiles } from '../net/tls.ts';
import type { TokenSettings } from '../net/token.ts';

// The variables of consul's own tool. What confd's flags, variables and files say counts more.

type Environment = ReadonlyMap<string, string>;

/** A variable, '' where it is not set. */
function variable(env: Environment, name: string): string {
  return env.get(name) ?? '';
}

/** The token: a file of the environment counts more than a token of it, as for consul's tool. */
export function tokenOf(given: TokenSettings, env: Environment): TokenSettings {
  if (given.token !== '' || given.file !== '') return given;
  return { token: variable(env, 'CONSUL_HTTP_TOKEN'), file: variable(env, 'CONSUL_HTTP_TOKEN_FILE') };
}

/** Who asks, by basic auth: CONSUL_HTTP_AUTH is user:password, or a user without one. */
export function loginOf(given: CredentialSettings, env: Environment): CredentialSettings {
  const both = variable(env, 'CONSUL_HTTP_AUTH');
  const isGiven = given.basicAuth && given.username !== '' && (given.password !== '' || given.passwordFile !== '');
  if (isGiven || both === '') return given;
  const colon = both.includes(':') ? both.indexOf(':') : both.length;
  return { basicAuth: true, username: both.slice(0, colon), password: both.slice(colon + 1), passwordFile: '' };
}

/** What the connection is checked with. */
export function tlsOf(given: TlsFiles, env: Environment, log: Pick<Logger, 'warning'>): TlsFiles {
  const hasPair = given.certFile !== '' && given.keyFile !== '';
  const [certFile, keyFile] = [variable(env, 'CONSUL_CLIENT_CERT'), variable(env, 'CONSUL_CLIENT_KEY')];
  return {
    ...given,
    caFile: given.caFile || variable(env, 'CONSUL_CACERT') || variable(env, 'CONSUL_CAPATH'),
    ...(hasPair || certFile === '' || keyFile === '' ? {} : { certFile, keyFile }),
    insecure: given.insecure || !isVerified(env, log),
    serverName: variable(env, 'CONSUL_TLS_SERVER_NAME'),
  };
}

/** consul's tool says of a value that it cannot read that it is none, too. */
function isVerified(env: Environment, log: Pick<Logger, 'warning'>): boolean {
  const text = variable(env, 'CONSUL_HTTP_SSL_VERIFY');
  if (text === '') return true;
  try {
    return parseBool(text);
  } catch {
    log.warning('CONSUL_HTTP_SSL_VERIFY is neither true nor false: it is ignored');
    return true;
  }
}

/** Which of the keys are asked for, in an enterprise's consul. */
export function namespaceOf(env: Environment): { readonly namespace: string; readonly partition: string } {
  return { namespace: variable(env, 'CONSUL_NAMESPACE'), partition: variable(env, 'CONSUL_PARTITION') };
}
