import { inTopic, secretFileSetting, textSetting, type Values } from '../../config/schema/schema.ts';
import type { FlagValue } from '../../go/flag.ts';
import { maskUserinfo } from '../../go/redact.ts';
import { systemClock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import { openableEntry, type StoreDeps } from '../contract/entry.ts';
import {
  loginSettings,
  nodeSettings,
  pollSettings,
  timeoutSettings,
  tlsSettings,
  tokenSettings,
} from '../net/settings.ts';
import type { LoginSettings } from './login.ts';

const { username, password, passwordFile } = loginSettings;

const authTypes = ['token', 'app-role', 'approle', 'userpass', 'github', 'kubernetes', 'cert', 'app-id'];

const settings = Object.freeze({
  ...nodeSettings,
  ...tlsSettings,
  ...tokenSettings,
  ...timeoutSettings,
  ...pollSettings,
  username,
  password,
  passwordFile,
  ...inTopic('secrets', {
    authType: textSetting('auth-type', `how to log in at vault: ${authTypes.join(', ')}`, { choices: authTypes }),
    path: textSetting('path', 'where the login of vault is mounted'),
    roleId: textSetting('role-id', 'role id for the vault auth type app-role, role for kubernetes'),
    secretId: textSetting('secret-id', 'secret id for the vault auth type app-role', { secret: true }),
    secretIdFile: secretFileSetting('secret-id'),
    appId: textSetting('app-id', 'app id for the vault auth type app-id'),
    userId: textSetting('user-id', 'user id for the vault auth type app-id', { secret: true }),
    userIdFile: secretFileSetting('user-id'),
  }),
});

type Options = Values<typeof settings> & StoreDeps;

/** Vault, or OpenBao. */
export const vaultEntry = openableEntry<typeof settings>({
  name: 'vault',
  description: 'secrets of Vault or OpenBao',
  settings,
  traits: { canWatch: true, selects: 'subtree' },
  holdsSecrets: true,
  defaultNodes: (env) => [env.get('VAULT_ADDR') || 'http://127.0.0.1:8200'],
  placesOf: ({ nodes }) => nodes.map(maskUserinfo),
  check(value: (flag: string) => FlagValue) {
    const type = value('auth-type') as string;
    if (type === '' || authTypes.includes(type)) return null;
    return { setting: 'auth-type', message: `must be one of ${authTypes.join(', ')}` };
  },
  async open(options) {
    const login = await loginOf(options);
    const { vaultBackend } = await import('./vault.ts');
    const { defaultHttpLimits } = await import('../net/http.ts');
    const { routeOf } = await import('../net/proxy.ts');
    const { env, log, backendTimeoutMs } = options;
    log.info(`Vault authentication backend set to ${login.type}`);
    return vaultBackend({
      nodes: options.nodes,
      scheme: options.scheme === 'https' ? 'https' : 'http',
      tls: tlsOf(options),
      auth: null,
      route: routeOf(env),
      limits: { ...defaultHttpLimits, headersMs: backendTimeoutMs, totalMs: backendTimeoutMs },
      clock: systemClock,
      namespace: env.get('VAULT_NAMESPACE') ?? '',
      login,
      pollMs: options.pollIntervalMs,
      log,
    });
  },
});

/** The files that flags name, else those that vault's own tool would take. */
function tlsOf({ clientCaKeys, clientCert, clientKey, clientInsecure, env }: Options) {
  const of = (name: string) => env.get(name) ?? '';
  return {
    // A directory of CA files, too.
    caFile: clientCaKeys || of('VAULT_CACERT') || of('VAULT_CAPATH'),
    certFile: clientCert === '' ? of('VAULT_CLIENT_CERT') : clientCert,
    keyFile: clientKey === '' ? of('VAULT_CLIENT_KEY') : clientKey,
    insecure: clientInsecure || /^(?:1|t|true)$/i.test(of('VAULT_SKIP_VERIFY')),
    serverName: of('VAULT_TLS_SERVER_NAME'),
  };
}

/** How to log in; with a token where no type is set and vault's own tool would have one. Throws BackendError. */
async function loginOf(options: Options): Promise<LoginSettings> {
  const { authType, path, authToken, authTokenFile, env } = options;
  const isToken = authType === '' || authType === 'token';
  const own = isToken && authToken === '' && authTokenFile === '' ? await ownToken(env) : {};
  const token = { token: authToken, tokenFile: authTokenFile, ...own };
  if (authType === '' && token.token === '' && token.tokenFile === '') {
    throw new BackendError('settings', 'you have to set the auth type when using the vault backend');
  }
  const login: LoginSettings = {
    ...options,
    ...token,
    type: authType === '' ? 'token' : authType,
    path: path.replace(/^\/+|\/+$/g, ''),
    jwtFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  };
  const { missingPart } = await import('./login.ts');
  const missing = missingPart(login);
  if (missing !== null) throw new BackendError('settings', `${missing} is missing from configuration`);
  return login;
}

/** The token that vault's own tool would use: VAULT_TOKEN, or what `vault login` has left in ~/.vault-token. */
async function ownToken(env: ReadonlyMap<string, string>): Promise<{ token?: string; tokenFile?: string }> {
  const token = env.get('VAULT_TOKEN') ?? '';
  if (token !== '') return { token };
  const file = `${env.get('HOME') ?? ''}/.vault-token`;
  const { stat } = await import('node:fs/promises');
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true ? { tokenFile: file } : {};
}
