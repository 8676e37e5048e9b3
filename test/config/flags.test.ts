import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { oldSettings, settings } from '../../src/config/flags.ts';

const all = [...settings, ...oldSettings];

/** confd's flags (its last release and its master) with their keys in confd.toml, '' for none. */
const confd = new Map(
  `app-id app_id, auth-token auth_token, auth-type auth_type, backend backend, basic-auth basic_auth,
  client-ca-keys client_cakeys, client-cert client_cert, client-key client_key, client-insecure client_insecure,
  confdir confdir, config-file, file file, filter filter, interval interval, keep-stage-file keepstagefile,
  log-level log-level, node nodes, noop noop, onetime onetime, password password, path path, prefix prefix,
  role-id role_id, scheme scheme, secret-id secret_id, secret-keyring secret_keyring, separator separator,
  srv-domain srv_domain, srv-record srv_record, sync-only sync-only, table table, user-id user_id, username username,
  version, watch watch`
    .split(/,\s+/)
    .map((pair) => pair.split(' ') as [string, string | undefined]),
);

test.each([...confd])('-%s', (name, toml) => {
  expect(all.find((row) => row.name === name)?.toml).toBe(toml ?? null);
});

test('beside them only ours and those of older releases', () => {
  const others = settings.map(({ name }) => name).filter((name) => !confd.has(name));
  expect(others).toEqual([
    ...['auth-token-file', 'backend-timeout', 'data-dir', 'debounce', 'lenient', 'listen', 'max-output'],
    ...[
      'password-file',
      'poll-interval',
      'print-config',
      'render-timeout',
      'secret',
      'secret-id-file',
      'splay',
      'state-dir',
      'stop-timeout',
      'user-id-file',
    ],
  ]);
  const old = oldSettings.map(({ name }) => name).filter((name) => !confd.has(name));
  expect(old).toEqual(['debug', 'verbose', 'quiet', 'etcd-scheme', 'etcd-nodes', 'consul', 'consul-addr']);
});

describe('rows', () => {
  test.each(['name', 'toml'] as const)('no %s is there twice', (column) => {
    const names = all.flatMap((row) => row[column] ?? []);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(settings)('-$name is described and has a variable unless it is an action', ({ name, usage, env }) => {
    expect(usage).not.toBe('');
    expect(env.length > 0).toBe(!['version', 'print-config'].includes(name));
  });
});

test('docs/settings.md is what they make it', () => {
  const script = join(import.meta.dirname, '../../scripts/settings-table.mjs');
  expect(spawnSync(process.execPath, [script], { encoding: 'utf8' })).toMatchObject({ stderr: '', status: 0 });
});
