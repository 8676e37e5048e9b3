import { textSetting, type Values } from '../../config/schema/schema.ts';
import { maskUserinfo } from '../../go/redact.ts';
import { systemClock } from '../../obs/clock.ts';
import { openableEntry, type StoreDeps } from '../contract/entry.ts';
import {
  loginSettings,
  nodeSettings,
  pollSettings,
  srvSettings,
  timeoutSettings,
  tlsSettings,
} from '../net/settings.ts';
import type { RedisSettings } from './redis.ts';

const { username, password, passwordFile } = loginSettings;

const settings = Object.freeze({
  ...nodeSettings,
  ...srvSettings,
  ...tlsSettings,
  ...timeoutSettings,
  ...pollSettings,
  username,
  password,
  passwordFile,
  separator: textSetting('separator', 'what redis has in place of the slashes of a key'),
});

/** The keys of Redis, or Valkey. */
export const redisEntry = openableEntry<typeof settings>({
  name: 'redis',
  description: 'keys of Redis or Valkey',
  settings,
  traits: { canWatch: true, selects: 'subtree' },
  defaultNodes: (env) => [env.get('REDIS_URL') || '127.0.0.1:6379'],
  placesOf: ({ nodes }) => nodes.map(maskUserinfo),
  async open(options) {
    const { redisBackend } = await import('./redis.ts');
    return redisBackend(settingsOf(options));
  },
});

/** The client key without a certificate is the password, as in confd. */
function settingsOf(options: Values<typeof settings> & StoreDeps): RedisSettings {
  const { clientCaKeys: caFile, clientCert: certFile, clientKey, clientInsecure: insecure, env } = options;
  const isPassword = certFile === '' && clientKey !== '';
  const given = options.password || (isPassword ? clientKey : '') || (env.get('REDISCLI_AUTH') ?? '');
  return {
    nodes: options.nodes,
    username: options.username,
    password: given,
    passwordFile: options.passwordFile,
    tls: { caFile, certFile, keyFile: isPassword ? '' : clientKey, insecure },
    separator: options.separator,
    timeoutMs: options.backendTimeoutMs,
    pollMs: options.pollIntervalMs,
    clock: systemClock,
    log: options.log,
  };
}
