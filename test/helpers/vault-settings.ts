import type { LoginSettings } from '../../src/backend/vault/login.ts';
import type { VaultSettings } from '../../src/backend/vault/vault.ts';
import { etcdSettings } from './etcd-settings.ts';
import { memoryLog } from './memory-log.ts';

/** A login about which nothing is said but what is given. */
export function login(more: Partial<LoginSettings>): LoginSettings {
  return {
    ...{ type: 'token', path: '', token: '', tokenFile: '', appId: '', userId: '', userIdFile: '', roleId: '' },
    ...{ secretId: '', secretIdFile: '', username: '', password: '', passwordFile: '', jwtFile: '/none' },
    ...more,
  };
}

/** Settings of a Vault that is asked with the token "root", and polled quickly. */
export function vaultSettings(nodes: readonly string[], more: Partial<VaultSettings> = {}): VaultSettings {
  return {
    ...etcdSettings(nodes),
    ...{ namespace: '', login: login({ token: 'root' }), pollMs: 20, log: memoryLog() },
    ...more,
  };
}
