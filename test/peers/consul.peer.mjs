// A real consul. The agent must end up with what the store has, whatever happens to the store, and render the same bytes as
// the Go confds that CONFD_GO (0.16) and CONFD_GO_MASTER name.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Proxy } from '../helpers/proxy.mjs';
import { confd, confdir, goConfd, resource, root, slurp, startConfd } from './support/confd.mjs';
import { Consul, consulProgram } from './support/consul.mjs';
import { endPrograms, run, scratch, sleep, waitFor } from './support/process.mjs';

after(endPrograms);

const certs = new URL('../helpers/certs/', import.meta.url).pathname;
const skip = consulProgram === undefined && 'REAL_CONSUL is not set: there is no consul';
const master = process.env.CONFD_GO_MASTER;
const others = [goConfd, master !== undefined && existsSync(master) ? master : undefined].filter(Boolean);

/** An agent that writes all pairs below /app to a file. */
class Follower {
  constructor(nodes, args = [], env = {}) {
    this.folder = confdir({ 'templates/app.tmpl': '{{range gets "/app/*"}}{{.Key}}={{.Value}}\n{{end}}' });
    const dest = join(this.folder, 'out/app.conf');
    confdir({ 'conf.d/app.toml': resource({ src: 'app.tmpl', dest, keys: ['/app'] }) }, this.folder);
    const where = nodes.flatMap((node) => ['-node', node]);
    const options = { env: { ...process.env, ...env } };
    this.agent = startConfd(this.folder, ['-backend', 'consul', '-watch', ...where, ...args], options);
  }

  file() {
    return slurp(join(this.folder, 'out/app.conf'));
  }

  async shows(...pairs) {
    const text = pairs.map((pair) => `/app/${pair}\n`).join('');
    const what = () => `${JSON.stringify(text)}, have ${JSON.stringify(this.file())}\n${this.agent.output()}`;
    await waitFor(what, () => this.file() === text, 120_000);
  }

  async says(words) {
    await waitFor(
      () => `${words}\n${this.agent.output()}`,
      () => words.test(this.agent.output()),
      120_000,
    );
  }

  stop() {
    return this.agent.stop();
  }
}

describe('consul', { skip, timeout: 900_000 }, () => {
  let consul;
  before(async () => {
    consul = new Consul();
    await consul.start();
  });
  after(() => consul.stop());

  test('keeps the contract of a backend', () => {
    const args = [
      'node_modules/jest/bin/jest.js',
      '--silent',
      'test/backend/consul/consul.test',
      '-t',
      '^contract of ',
    ];
    const env = { ...process.env, CONSUL_URL: consul.url, NODE_OPTIONS: '--experimental-vm-modules' };
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Tests: .*19 passed/);
  });

  describe(
    'the same bytes as the Go confds',
    { skip: others.length === 0 && 'neither CONFD_GO nor CONFD_GO_MASTER is set' },
    () => {
      const all = Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join('');
      const list = ['/*', '/*/*', '/*/*/*']
        .map((glob) => `{{range gets "${glob}"}}{{.Key}}={{.Value}};{{end}}`)
        .join('\n');
      const text = `${list}\n{{ls "/"}} {{ls "/app"}} {{lsdir "/app"}} {{exists "/app/dir"}} {{getv "/app/k" "none"}}`;
      const rows = [
        ['a leaf', { 'app/k': 'v', 'app/other': 'x' }, ['/app/k']],
        [
          'a folder, with its neighbours by text',
          { 'app/dir/a': '1', 'app/dir/b/c': '2', 'app/dirx/z': '3' },
          ['/app/dir'],
        ],
        ['a folder key', { 'app/dir/': '', 'app/dir/a': '1' }, ['/app/dir']],
        ['a folder key that holds data', { 'app/trail/': 'data' }, ['/app/trail']],
        ['a key that is a folder, too', { 'app/both': 'b', 'app/both/child': 'c' }, ['/app/both']],
        ['a trailing slash', { 'app/dir/a': '1', 'app/dirx': '2' }, ['/app/dir/']],
        ['a star', { 'app/dir/a': '1' }, ['/app/dir/*']],
        ['absent keys', { 'app/k': 'v' }, ['/none', '/app/none']],
        ['an empty value', { 'app/k': '' }, ['/app']],
        ['bytes', { 'app/k': all, 'app/lines': 'a\r\nb\n' }, ['/app']],
        ['spaces, letters and signs', { 'app/a b': '1', 'app/é': '2', 'app/?#%+&=': '3', 'app/日/x': '4' }, ['/app']],
        ['such a key by itself', { 'app/a b?#%+é': '1' }, ['/app/a b?#%+é']],
        ['a prefix', { 'app/k': 'v', 'app/dir/a': '1' }, ['/k', '/dir'], '/app'],
        ['everything', { 'app/k': 'v', 'zoo/x': 'y' }, ['/']],
        ['keys in one another', { 'app/a/b': '1', 'app/a': '2' }, ['/app', '/app/a', '/app/a/b', '/app']],
        ['a stored path with dots', { 'app/dot/../up': '1', 'app/./here': '2' }, ['/app']],
        ['a large value', { 'app/k': 'x'.repeat(300_000) }, ['/app']],
        ['many keys', Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`app/n${n}`, `${n}`])), ['/app']],
      ];

      const render = async (program, keys, prefix) => {
        const folder = confdir({ 'templates/t.tmpl': text });
        const dest = join(folder, 'out/t.conf');
        const fields = { src: 't.tmpl', dest, keys, ...(prefix === undefined ? {} : { prefix }) };
        confdir({ 'conf.d/t.toml': resource(fields) }, folder);
        const { code } = await run(program, [
          '-onetime',
          '-confdir',
          folder,
          '-backend',
          'consul',
          '-node',
          consul.url,
        ]);
        return { code, file: slurp(dest) };
      };
      const both = async (pairs, keys, prefix) => {
        await consul.remove('', { isPrefix: true });
        const bytes = (key) => key;
        await consul.putAll(Object.entries(pairs).map(([key, value]) => [bytes(key), value]));
        const ours = await render(confd, keys, prefix);
        return { ours, theirs: await Promise.all(others.map((program) => render(program, keys, prefix))) };
      };

      for (const [name, pairs, keys, prefix] of rows) {
        test(name, async () => {
          const { ours, theirs } = await both(pairs, keys, prefix);
          assert.equal(ours.code, 0);
          for (const each of theirs) assert.deepEqual(ours, each);
        });
      }

      test('on purpose not the same: a key keeps its value beside a folder key of its name', async () => {
        const { ours, theirs } = await both({ 'app/k': 'v', 'app/k/': '' }, ['/app']);
        assert.match(ours.file, /\/app\/k=v;/);
        for (const { file } of theirs) assert.match(file, /\/app\/k=;/);
      });
    },
  );

  test('writes, removals, a burst, a restart, a restored backup, an empty store', async () => {
    await consul.remove('', { isPrefix: true });
    await consul.put('app/a', '1');
    await consul.put('application', 'no');
    const proxy = await Proxy.to(consul.port);
    const follower = new Follower([proxy.url]);
    await follower.shows('a=1');
    await consul.put('app/b', '2');
    await follower.shows('a=1', 'b=2');
    await consul.remove('app/b');
    await follower.shows('a=1');
    for (let n = 0; n < 20; n++) await consul.put('app/a', `${n}`);
    await follower.shows('a=19');
    await consul.putAll([
      ['app/a', 'both'],
      ['app/new/deep', 'x'],
      ['app/c', '3'],
    ]);
    await follower.shows('a=both', 'c=3');
    await consul.remove('app/c');
    await follower.shows('a=both');

    const backup = await consul.snapshot();
    await consul.put('app/a', 'lost');
    await consul.put('app/d', 'lost');
    await follower.shows('a=lost', 'd=lost');
    await consul.restore(backup);
    await follower.shows('a=both');
    await consul.put('app/a', 'after');
    await follower.shows('a=after');

    await consul.stop();
    await sleep(1000);
    await consul.start();
    await consul.put('app/a', 'restarted');
    await follower.shows('a=restarted');

    proxy.strand();
    await consul.put('app/a', 'stranded');
    await follower.shows('a=stranded');

    proxy.refuse();
    await sleep(500);
    await consul.put('app/a', 'away');
    proxy.resume();
    await follower.shows('a=away');

    await consul.wipe();
    await consul.start();
    await consul.put('app/new', 'life');
    await follower.shows('new=life');
    assert.equal(await follower.stop(), 0);
    await proxy.close();
  });

  test('a change of one key of 10,000 is found by little, and idle costs nothing', async () => {
    await consul.remove('', { isPrefix: true });
    const keyOf = (n) => `app/folder${Math.floor(n / 100)}/k${n % 100}`;
    await consul.putAll(Array.from({ length: 10_000 }, (_, n) => [keyOf(n), `value-${n}`]));
    await consul.put('app/a', '1');
    const proxy = await Proxy.to(consul.port);
    const follower = new Follower([proxy.url]);
    await follower.shows('a=1');
    await sleep(1000);
    const [requests, bytes] = [proxy.requests, proxy.received];
    await consul.put('app/a', '2');
    await follower.shows('a=2');
    await sleep(500);
    assert.ok(proxy.received - bytes < 60_000, `${proxy.received - bytes} bytes`);
    assert.ok(proxy.requests - requests <= 40, `${proxy.requests - requests} requests`);
    const before = proxy.requests;
    await consul.put('other/key', 'x');
    await sleep(1000);
    assert.equal(proxy.requests, before);
    await follower.stop();
    await proxy.close();
  });

  test('a node that goes away', async () => {
    await consul.remove('', { isPrefix: true });
    await consul.put('app/a', '1');
    const [one, two] = [await Proxy.to(consul.port), await Proxy.to(consul.port)];
    const follower = new Follower([one.url, two.url]);
    await follower.shows('a=1');
    one.refuse();
    await consul.put('app/a', '2');
    await follower.shows('a=2');
    two.refuse();
    one.resume();
    await consul.put('app/a', '3');
    await follower.shows('a=3');
    await follower.stop();
    await Promise.all([one.close(), two.close()]);
  });
});

describe('consul with rights', { skip, timeout: 600_000 }, () => {
  let consul;
  before(async () => {
    consul = new Consul({ rights: true });
    await consul.start();
    await consul.put('app/a', '1');
    await consul.put('app/b', '2');
  });
  after(() => consul.stop());
  const read = (prefix) => `key_prefix "${prefix}" { policy = "read" }`;

  test('a token without rights is an error, and not an empty file', async () => {
    const none = await consul.token('none', read('other/'));
    for (const token of ['', none, '22222222-2222-2222-2222-222222222222']) {
      const { agent, folder } = new Follower([consul.url], ['-onetime'], { CONSUL_HTTP_TOKEN: token });
      assert.equal(await agent.ended, 1);
      assert.match(
        agent.output(),
        /FATAL \S+: access denied \(403\), check the token: (Permission denied|ACL not found)/,
      );
      assert.equal(slurp(join(folder, 'out/app.conf')), undefined);
      if (token !== '') assert.ok(!agent.output().includes(token));
    }
  });

  test('a token that loses its rights leaves the file as it is, and goes on when it has them again', async () => {
    const token = await consul.token('below', read('app/'));
    const file = join(scratch('token'), 'token');
    writeFileSync(file, `${token}\n`);
    const follower = new Follower([consul.url], [], { CONSUL_HTTP_TOKEN_FILE: file });
    await follower.shows('a=1', 'b=2');
    await consul.allow('below', read('app/a'));
    await consul.put('app/a', '3');
    await follower.says(/ERROR \S+: access denied \(403\)/);
    assert.equal(follower.file(), '/app/a=1\n/app/b=2\n');
    await consul.allow('below', read('app/'));
    await follower.shows('a=3', 'b=2');
    // Another token takes its place, in the file.
    writeFileSync(file, 'wrong\n');
    await consul.must(
      'DELETE',
      `/acl/token/${JSON.parse(await consul.must('GET', '/acl/tokens')).find(({ Policies }) => Policies?.[0]?.Name === 'below').AccessorID}`,
    );
    await consul.put('app/a', '4');
    await follower.says(/ACL not found/);
    assert.equal(follower.file(), '/app/a=3\n/app/b=2\n');
    writeFileSync(file, await consul.token('again', read('app/')));
    await follower.shows('a=4', 'b=2');
    assert.ok(!follower.agent.output().includes(token));
    await follower.stop();
  });
});

test('consul over TLS, with client certificates', { skip, timeout: 300_000 }, async () => {
  const consul = new Consul({ tls: true });
  await consul.start();
  await consul.put('app/a', '1');
  const files = [
    '-client-ca-keys',
    `${certs}ca.pem`,
    '-client-cert',
    `${certs}client.pem`,
    '-client-key',
    `${certs}client.key`,
  ];
  const variables = {
    CONSUL_HTTP_ADDR: `127.0.0.1:${consul.port}`,
    CONSUL_HTTP_SSL: 'true',
    CONSUL_CACERT: `${certs}ca.pem`,
    CONSUL_CLIENT_CERT: `${certs}client.pem`,
    CONSUL_CLIENT_KEY: `${certs}client.key`,
  };
  for (const [nodes, args, env] of [
    [[consul.url], files, {}],
    [[], [], variables],
  ]) {
    const follower = new Follower(nodes, args, env);
    await follower.shows('a=1');
    await consul.put('app/a', '2');
    await follower.shows('a=2');
    await consul.put('app/a', '1');
    await follower.stop();
  }
  const refused = new Follower([consul.url], ['-onetime', '-client-ca-keys', `${certs}stranger-ca.pem`]);
  assert.equal(await refused.agent.ended, 1);
  assert.match(refused.agent.output(), /FATAL .*signed by a CA that is not trusted/);
  await consul.stop();
});

test('the commands of docs/consul.md', { skip, timeout: 300_000 }, async () => {
  const consul = new Consul();
  await consul.start();
  const page = readFileSync(join(root, 'docs/consul.md'), 'utf8');
  const script = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block).join('\n');
  const folder = scratch('walk');
  const env = {
    ...process.env,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    CONSUL_HTTP_ADDR: consul.url,
    CONFD_STATE_DIR: scratch('state'),
  };
  const { code, output } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env });
  assert.equal(code, 0, output);
  const expected = [...page.matchAll(/```text\n([^]*?)```/g)].map(([, block]) => block);
  for (const block of expected) assert.ok(output.includes(block), `${block} is not in\n${output}`);
  await consul.stop();
});
