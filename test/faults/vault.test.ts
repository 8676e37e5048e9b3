import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { vaultBackend } from '../../src/backend/vault/vault.ts';
import { memoryLog } from '../helpers/memory-log.ts';
import { FakeVault } from '../helpers/vault-server.ts';
import { login, vaultSettings } from '../helpers/vault-settings.ts';
import { Listing, quickClock, Watcher } from './agents.ts';
import {
  certFiles,
  followed,
  type Kind,
  networkFaults,
  onetime,
  patience,
  type Scene,
  type Served,
} from './network.ts';
import { faultTable } from './table.ts';

interface ServedVault extends Served {
  readonly vault: FakeVault;
}

const kind: Kind = {
  backend: 'vault',
  args: ['-auth-token', 'root', '-poll-interval', '1s'],
  silence: 'ten seconds',
  open: (settings) =>
    vaultBackend({ ...settings, namespace: '', login: login({ token: 'root' }), pollMs: 1000, log: memoryLog() }),
  async serve(tls): Promise<ServedVault> {
    const files = tls === undefined ? undefined : certFiles(tls.name);
    const ca = tls?.wantsClients === true ? { ca: readFileSync(certFiles('ca').certFile, 'utf8') } : {};
    const vault = await FakeVault.start(
      Date.now,
      files && { cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8'), ...ca },
    );
    return {
      vault,
      port: vault.port,
      put: (key, value) => {
        vault.put(key.slice(1), JSON.stringify({ value }));
        return Promise.resolve();
      },
      close: () => vault.close(),
    };
  },
};

/** Watches a Vault with one secret, and does something to it. */
const withVault = (deed: (scene: Scene & { readonly vault: FakeVault }) => Promise<string>) =>
  followed(kind, (scene) => deed({ ...scene, vault: (scene.store as ServedVault).vault }));

/** What it complains of while a Vault answers a secret like this; the file stays, and goes on afterwards. */
const answering = (status: number, body: string) => () =>
  withVault(async ({ watcher, store, vault }) => {
    vault.intercept = (path, response) => {
      if (!path.startsWith('app/')) return false;
      response.writeHead(status).end(body);
      return true;
    };
    const complaint = await watcher.complains(/^ERROR /);
    expect(watcher.dir.text).toBe('/app/a=1;');
    await store.put('/app/a', '2');
    vault.intercept = () => false;
    await watcher.dir.says('/app/a=2;');
    return `the file stays; ${complaint}; afterwards the change arrives`;
  });

faultTable('vault', [
  ...networkFaults(kind),
  ['sealed', answering(503, '{"errors":["Vault is sealed"]}')],
  ['it has too much to do', answering(429, '{"errors":["request path \\"app\\": rate limit quota exceeded"]}')],
  ['the token loses a right', answering(403, '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}')],
  ['another HTTP server answers 404', answering(404, '<html>not found</html>')],
  [
    'the token is revoked, and another one is put into its file',
    async () => {
      const dir = new Listing();
      const vault = await FakeVault.start();
      vault.put('app/a', '{"value":"1"}');
      const tokenFile = dir.path('token');
      dir.write('token', vault.token('first'));
      const more = { clock: quickClock, login: login({ tokenFile }), pollMs: 1000 };
      const watcher = new Watcher(await vaultBackend(vaultSettings([vault.url], more)), dir);
      await dir.says('/app/a=1;');
      vault.tokens.delete('first');
      const complaint = await watcher.complains(/^ERROR /);
      expect(dir.text).toBe('/app/a=1;');
      vault.put('app/a', '{"value":"2"}');
      dir.write('token', vault.token('second'));
      await dir.says('/app/a=2;');
      await watcher.stop();
      await vault.close();
      return `the file stays; ${complaint}; the new token is read without a restart`;
    },
  ],
  [
    'wrong credentials, onetime',
    async () => {
      const vault = await FakeVault.start();
      vault.logins.set('auth/approle/login', '{"role_id":"r","secret_id":"right"}');
      const wrong = ['-auth-type', 'app-role', '-role-id', 'r', '-secret-id', 'hunter2'];
      const seen = await onetime({ ...kind, args: wrong }, vault.url, ...patience);
      await vault.close();
      expect(seen).not.toContain('hunter2');
      return seen;
    },
  ],
]);
