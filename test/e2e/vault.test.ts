import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { confd, Confdir } from '../helpers/confd.ts';
import { FakeVault } from '../helpers/vault-server.ts';

test('secrets from vault, the rest from another store; no secret in the log', async () => {
  const vault = await FakeVault.start();
  vault.put('secret/app', '{"password":"hunter22"}');
  const dir = new Confdir();
  dir.write('site.yaml', 'app:\n  host: db1\n');
  dir.write(
    'confd.toml',
    `[source.site]
backend = "file"
file = ["${dir.path('site.yaml')}"]

[source.secrets]
backend = "vault"
nodes = ["${vault.url}"]
auth_type = "token"
auth_token = "root"
prefix = "/secret"
`,
  );
  const template = '{{getv "/app/host"}} {{getv "/app/password"}}';
  const dest = dir.resource('x', template, ['/app'], 'sources = ["site", "secrets"]');
  const args = ['-onetime', '-log-level', 'debug', '-confdir', dir.root, '-config-file', dir.path('confd.toml')];
  const { code, stderr } = await confd(args);
  await vault.close();
  expect([code, readFileSync(dest, 'utf8')]).toEqual([0, 'db1 hunter22']);
  expect(stderr).toContain('Vault authentication backend set to token');
  expect(stderr).not.toMatch(/hunter22/);
});
