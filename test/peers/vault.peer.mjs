// A real Vault, which REAL_VAULT names: the contract, what the Go confds make of the same secrets, bad days, and docs/vault.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confd, confdir, goConfd, resource, root, slurp, startConfd } from './support/confd.mjs';
import { endPrograms, run, scratch, sleep, waitFor } from './support/process.mjs';
import { RealVault, vaultProgram } from './support/vault.mjs';

after(endPrograms);

const skip = vaultProgram === undefined && 'there is no Vault: it is built with Go and the Go module proxy';
const goConfds = [goConfd, process.env.CONFD_GO_MASTER].filter((program) => program !== undefined);

describe('a real Vault', { skip, timeout: 900_000 }, () => {
  const vault = new RealVault();
  before(async () => {
    await vault.start();
    await vault.mount('secret', 'kv', '2');
    await vault.mount('kv1', 'kv', '1');
    await vault.mount('team/a/kv2', 'kv', '2');
    await vault.mount('database', 'leased');
  });
  after(() => vault.stop());

  const put = (path, data) => vault.must('POST', path, data);
  const login = () => ['-backend', 'vault', '-node', vault.url, '-auth-type', 'token', '-auth-token', vault.token];

  test('the contract', async () => {
    const env = { ...process.env, REAL_VAULT_URL: vault.url, REAL_VAULT_TOKEN: vault.token };
    env.NODE_OPTIONS = '--experimental-vm-modules';
    const args = ['node_modules/jest/bin/jest.js', 'test/backend/vault/vault.test.ts', '-t', '^contract of vault'];
    const { code, output } = await run(process.execPath, args, { cwd: root, env, timeoutMs: 300_000 });
    assert.equal(code, 0, output);
  });

  describe('the same as the Go confds', { skip: goConfds.length === 0 && 'CONFD_GO is not set' }, () => {
    const levels = ['/*', '/*/*', '/*/*/*', '/*/*/*/*', '/*/*/*/*/*', '/*/*/*/*/*/*'];
    const dump = levels.map((level) => `{{range gets "${level}"}}{{.Key}}={{.Value}}\n{{end}}`).join('');

    before(async () => {
      await put('kv1/app/single', '{"value":"v1"}');
      await put('kv1/app/empty', '{"value":""}');
      await put('kv1/app/several', '{"b":"<x>&\\u2028é","a":"1","n":1.50,"big":12345678901234567890}');
      await put('kv1/app/number', '{"value":7}');
      await put('kv1/app/nested', '{"m":{"in":"y","n":2,"l":[1,{"z":null}]},"t":true,"f":false,"z":null}');
      await put('kv1/app/slash', '{"sl/ash":"s","a//b":"t","value":"v"}');
      await put('kv1/app/sub', '{"value":"itself"}');
      await put('kv1/app/sub/below', '{"value":"below"}');
      await put('kv1/app/sub/deep/er', '{"x":"y"}');
      await put('kv1/app/lines', JSON.stringify({ value: 'a\r\nb\n\0"\\ 😀' }));
      await put(`kv1/app/${encodeURIComponent('sp ace é')}`, '{"value":"named"}');
      await put('kv1/application', '{"value":"neighbour"}');
      await put('secret/data/app/leaf', '{"data":{"value":"v2","b":"2","n":1.50}}');
      await put('secret/data/app/single', '{"data":{"value":"v2"}}');
      await put('secret/data/folder/leaf', '{"data":{"value":"v2"}}');
    });

    async function runOn(program, keys) {
      const files = { 'conf.d/x.toml': resource({ src: 'x.tmpl', dest: 'out/x', keys }), 'templates/x.tmpl': dump };
      const folder = confdir(files);
      const { code, output } = await run(program, ['-onetime', '-confdir', '.', ...login()], { cwd: folder });
      const warnings = output.match(/type of '[^\n]*' is not supported [^\n]*/g) ?? [];
      return { code, text: slurp(join(folder, 'out/x')), warnings: warnings.sort() };
    }

    const rows = [
      ...[
        'single',
        'empty',
        'several',
        'number',
        'nested',
        'slash',
        'sub',
        'sub/below',
        'lines',
        'sp ace é',
        'none',
      ].map((name) => [`/kv1/app/${name}`]),
      ...[['/kv1/app'], ['/kv1/app/'], ['/kv1'], ['/kv1/app', '/kv1/app/sub', '/kv1/application'], ['/nomount/x']],
      ...[['/secret/data/app/leaf'], ['/secret/data/app/single'], ['/secret/data/folder'], ['/secret/data/none']],
    ];
    for (const keys of rows) {
      test(keys.join(' '), async () => {
        const ours = await runOn(confd, keys);
        assert.equal(ours.code, 0);
        for (const program of goConfds) assert.deepEqual(ours, await runOn(program, keys), program);
      });
    }

    test('on purpose not the same: a version that was deleted is absent', async () => {
      await put('secret/data/gone', '{"data":{"value":"x"}}');
      await vault.must('DELETE', 'secret/data/gone');
      assert.equal((await runOn(confd, ['/secret/data/gone'])).text, '');
      for (const program of goConfds) assert.match((await runOn(program, ['/secret/data/gone'])).text, /"data":null/);
    });

    test('on purpose not the same: version 2 without data/', async () => {
      assert.equal((await runOn(confd, ['/secret/app/single'])).text, '/secret/app/single=v2\n');
      for (const program of goConfds) assert.equal((await runOn(program, ['/secret/app/single'])).text, '');
    });
  });

  /** Runs once with a login; what it said and wrote. */
  async function once(args, keys, template = '{{range gets "/*/*/*"}}{{.Key}}={{.Value}};{{end}}', env = {}) {
    const files = { 'conf.d/x.toml': resource({ src: 'x.tmpl', dest: 'out/x', keys }), 'templates/x.tmpl': template };
    const folder = confdir(files);
    const all = ['-onetime', '-confdir', '.', '-backend', 'vault', '-node', vault.url, '-log-level', 'debug', ...args];
    const { code, output } = await run(confd, all, { cwd: folder, env: { ...process.env, HOME: folder, ...env } });
    return { code, output, text: slurp(join(folder, 'out/x')) };
  }

  describe('logins', () => {
    let roleId;
    let secretId;
    before(async () => {
      await put('kv1/l/x', '{"value":"v"}');
      await vault.must('PUT', 'sys/policies/acl/l', { policy: 'path "kv1/l/*" { capabilities = ["read", "list"] }' });
      for (const type of ['approle', 'userpass']) await vault.must('POST', `sys/auth/${type}`, { type });
      await vault.must('POST', 'sys/auth/up2', { type: 'userpass' });
      await vault.must('POST', 'auth/approle/role/r', { token_policies: ['l'] });
      roleId = (await vault.must('GET', 'auth/approle/role/r/role-id')).data.role_id;
      secretId = (await vault.must('POST', 'auth/approle/role/r/secret-id')).data.secret_id;
      for (const path of ['userpass', 'up2']) {
        await vault.must('POST', `auth/${path}/users/me`, { password: 'pass-word', token_policies: ['l'] });
      }
    });

    const rows = [
      ['app-role', () => ['-auth-type', 'app-role', '-role-id', roleId, '-secret-id', secretId]],
      ['userpass', () => ['-auth-type', 'userpass', '-username', 'me', '-password', 'pass-word']],
      ['a path', () => ['-auth-type', 'userpass', '-path', 'up2', '-username', 'me', '-password', 'pass-word']],
      ['a token', () => ['-auth-token', vault.token]],
    ];
    for (const [name, args] of rows) {
      test(name, async () => {
        const { code, output, text } = await once(args(), ['/kv1/l']);
        assert.deepEqual([code, text], [0, '/kv1/l/x=v;'], output);
        for (const secret of [secretId, 'pass-word', vault.token]) assert.ok(!output.includes(secret));
      });
    }

    test('VAULT_TOKEN, which does not take the place of a login', async () => {
      assert.equal((await once([], ['/kv1/l'], undefined, { VAULT_TOKEN: vault.token })).text, '/kv1/l/x=v;');
      const args = ['-auth-type', 'userpass', '-username', 'me', '-password', 'pass-word'];
      assert.equal((await once(args, ['/kv1/l'], undefined, { VAULT_TOKEN: 'bad' })).code, 0);
    });

    test('wrong ones', async () => {
      const { code, output } = await once(
        ['-auth-type', 'app-role', '-role-id', roleId, '-secret-id', 'hidden-id'],
        ['/kv1/l'],
      );
      assert.equal(code, 1);
      // 1.13 answers 500 to a wrong secret id; others 400.
      assert.match(output, /FATAL http:\/\/127\.0\.0\.1:\d+: .*invalid (role or )?secret id/i);
      assert.ok(!output.includes('hidden-id'));
      assert.equal(
        (await once(['-auth-type', 'userpass', '-username', 'me', '-password', 'nope'], ['/kv1/l'])).code,
        1,
      );
      assert.equal((await once(['-auth-token', 'nope'], ['/kv1/l'])).code, 1);
    });

    test('no right is an error, and no file', async () => {
      const args = ['-auth-type', 'userpass', '-username', 'me', '-password', 'pass-word'];
      for (const key of ['/kv1/app', '/kv1/app/single', '/secret/app', '/secret/data/app/leaf', '/kv1']) {
        const { code, output, text } = await once(args, [key]);
        assert.deepEqual([code, text], [1, undefined], output);
        assert.match(output, /FATAL .*permission denied/);
      }
    });
  });

  test('a token of 6 s, and then one that cannot be renewed any more, over half a minute', async () => {
    await put('kv1/l/t', '{"value":"0"}');
    await vault.must('POST', 'auth/approle/role/short', {
      token_policies: ['root-less', 'l'],
      token_ttl: '6s',
      token_max_ttl: '14s',
    });
    const { data } = await vault.must('GET', 'auth/approle/role/short/role-id');
    const secret = (await vault.must('POST', 'auth/approle/role/short/secret-id')).data.secret_id;
    const files = {
      'conf.d/x.toml': resource({ src: 'x.tmpl', dest: 'out/x', keys: ['/kv1/l/t'] }),
      'templates/x.tmpl': '{{getv "/kv1/l/t"}}',
    };
    const folder = confdir(files);
    const args = ['-watch', '-poll-interval', '1s', '-backend', 'vault', '-node', vault.url, '-auth-type', 'app-role'];
    const agent = startConfd(folder, [...args, '-role-id', data.role_id, '-secret-id', secret], { cwd: folder });
    for (let i = 1; i <= 15; i++) {
      await put('kv1/l/t', JSON.stringify({ value: String(i) }));
      await waitFor(
        () => agent.output(),
        () => slurp(join(folder, 'out/x')) === String(i),
      );
      await sleep(2000);
    }
    assert.doesNotMatch(agent.output(), /ERROR/);
    assert.equal(await agent.stop(), 0);
  });

  test('a leased secret is renewed and not made anew, however often it is read', async () => {
    await put('database/app', { user: 'u', ttl: '10s', lease: '10s' });
    const files = {
      'conf.d/x.toml': resource({ src: 'x.tmpl', dest: 'out/x', keys: ['/database/app', '/kv1/l/t'] }),
      'templates/x.tmpl': '{{getv "/database/app/user"}} {{getv "/kv1/l/t"}}',
    };
    const folder = confdir(files);
    const agent = startConfd(folder, ['-watch', '-poll-interval', '1s', ...login()], { cwd: folder });
    const leases = async () => {
      const { body } = await vault.ask('LIST', 'sys/leases/lookup/database/app');
      return body?.data?.keys?.length ?? 0;
    };
    await waitFor(
      () => agent.output(),
      () => slurp(join(folder, 'out/x'))?.startsWith('u '),
    );
    for (let i = 0; i < 8; i++) {
      await put('kv1/l/t', JSON.stringify({ value: `n${i}` }));
      await waitFor(
        () => agent.output(),
        () => slurp(join(folder, 'out/x')) === `u n${i}`,
      );
      await sleep(1500);
    }
    assert.equal(await leases(), 1);
    assert.equal(await agent.stop(), 0);
  });

  test('sealed, down and back, empty: the file stays, and a change that was made meanwhile arrives', async () => {
    await put('secret/data/day/a', '{"data":{"value":"1"}}');
    const files = {
      'conf.d/x.toml': resource({ src: 'x.tmpl', dest: 'out/x', keys: ['/secret/day'] }),
      'templates/x.tmpl': '{{range gets "/secret/day/*"}}{{.Key}}={{.Value}};{{end}}',
    };
    const folder = confdir(files);
    const says = (text) =>
      waitFor(
        () => agent.output(),
        () => slurp(join(folder, 'out/x')) === text,
        90_000,
      );
    const agent = startConfd(folder, ['-watch', '-poll-interval', '1s', ...login()], { cwd: folder });
    await says('/secret/day/a=1;');
    await vault.must('PUT', 'sys/seal');
    await waitFor(
      () => agent.output(),
      () => /ERROR .*503 \(Vault is sealed\)/.test(agent.output()),
    );
    await vault.unseal();
    await put('secret/data/day/a', '{"data":{"value":"2"}}');
    await says('/secret/day/a=2;');
    await vault.stop();
    await waitFor(
      () => agent.output(),
      () => /ERROR .*(refused|broke)/.test(agent.output()),
    );
    await vault.start();
    await put('secret/data/day/a', '{"data":{"value":"3"}}');
    await says('/secret/day/a=3;');
    assert.ok(!agent.output().includes(vault.token));
    const { folder: old, key, token } = vault;
    await vault.stop();
    await vault.forget();
    await vault.start();
    await waitFor(
      () => agent.output(),
      () => /ERROR .*(permission denied|invalid token)/.test(agent.output()),
    );
    assert.equal(slurp(join(folder, 'out/x')), '/secret/day/a=3;');
    await vault.stop();
    Object.assign(vault, { folder: old, key, token });
    await vault.start();
    await put('secret/data/day/a', '{"data":{"value":"4"}}');
    await says('/secret/day/a=4;');
    assert.equal(await agent.stop(), 0);
  });

  test('docs/vault.md, from start to end', async () => {
    const fresh = new RealVault();
    await fresh.start();
    const page = readFileSync(join(root, 'docs/vault.md'), 'utf8');
    const script = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text).join('\n');
    const folder = scratch('walk');
    const env = {
      ...{ PATH: `${join(root, 'bin')}:${process.env.PATH}`, HOME: folder },
      ...{ VAULT_ADDR: fresh.url, VAULT_TOKEN: fresh.token },
    };
    const { code, output } = await run('bash', ['-euc', `set -m\n${script}`], { cwd: folder, env });
    await fresh.stop();
    assert.equal(code, 0, output);
  });
});
