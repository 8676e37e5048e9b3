import {
  durationSetting,
  boolSetting,
  inTopic,
  listSetting,
  secretFileSetting,
  textSetting,
  type Values,
} from '../../config/schema/schema.ts';

/** Settings that several stores read; an entry spreads the groups that it needs. */

/** For every store; other stores inherit the value of the global one. */
export const timeoutSettings = Object.freeze({
  backendTimeoutMs: durationSetting('backend-timeout', 'how long one request to the backend may take', {
    default: 10_000,
  }),
});

export const nodeSettings = Object.freeze({
  nodes: listSetting('node', '`address` of the backend (may be repeated)', { toml: 'nodes', address: true }),
  scheme: textSetting('scheme', 'http or https: the scheme of nodes that are given without one', {
    default: 'http',
    choices: ['http', 'https'],
    check: (scheme) => (['http', 'https', ''].includes(scheme) ? null : 'must be http or https'),
  }),
});

export const srvSettings = Object.freeze({
  srvDomain: textSetting('srv-domain', 'domain whose SRV record lists the nodes'),
  srvRecord: textSetting('srv-record', 'SRV record that lists the nodes'),
});

export const tlsSettings = inTopic('secrets', {
  clientCaKeys: textSetting(
    'client-ca-keys',
    'file with the CA certificates (PEM) to check the certificate of the backend with',
    {
      toml: 'client_cakeys',
      env: ['CONFD_CLIENT_CAKEYS', 'CONFD_CLIENT_CA_KEYS'],
    },
  ),
  clientCert: textSetting('client-cert', 'file with the client certificate (PEM)'),
  clientKey: textSetting('client-key', 'file with the key of the client certificate (PEM)', { secret: 'path' }),
  clientInsecure: boolSetting('client-insecure', "do not check the backend's certificate"),
});

export const loginSettings = inTopic('secrets', {
  basicAuth: boolSetting('basic-auth', 'send username and password to the backend'),
  username: textSetting('username', 'user name for basic-auth'),
  password: textSetting('password', 'password for basic-auth', { secret: true }),
  /** Read again when the store refuses the password. */
  passwordFile: secretFileSetting('password'),
});

/** For stores that take a token. */
export const tokenSettings = inTopic('secrets', {
  authToken: textSetting('auth-token', 'token for the backend', { secret: true }),
  /** Read again when the store refuses the token. */
  authTokenFile: secretFileSetting('auth-token'),
});

/** For stores that do not tell of changes. */
export const pollSettings = Object.freeze({
  pollIntervalMs: durationSetting('poll-interval', 'how often -watch asks a backend that does not tell of changes', {
    default: 60_000,
  }),
});

/** Warnings about connection settings that work, but probably not as intended. */
export function connectionDoubts(values: Values<typeof tlsSettings & typeof loginSettings>): readonly string[] {
  const doubts: string[] = [];
  if (values.clientCert !== '' && values.clientKey === '') doubts.push('client-cert is not used without client-key');
  const hasPassword = values.password !== '' || values.passwordFile !== '';
  if (values.basicAuth && (values.username === '' || !hasPassword)) {
    doubts.push('basic-auth is not used without both username and password');
  }
  return doubts;
}
