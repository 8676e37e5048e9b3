import { execFile as execFileWithCallback, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { confd, Confdir, Program, waitFor } from '../helpers/confd.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';
import { serve } from '../helpers/mini-etcd.ts';
import { freePort } from '../helpers/port.mjs';

const execFile = promisify(execFileWithCallback);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const root = join(import.meta.dirname, '../..');
const env = { APP_HOST: 'db1', APP_PASSWORD: 'hunter2' };
const render = (dir: Confdir, ...args: string[]) =>
  confd(['render', '-confdir', dir.root, '-backend', 'env', ...args], env);

describe('what cannot be rendered', () => {
  const rows: readonly (readonly [string, string, readonly string[], RegExp])[] = [
    [
      'an unknown flag',
      'x',
      ['-xyzzy'],
      /^flag provided but not defined: -xyzzy\n"confd render -h" lists the flags\n$/,
    ],
    ['a flag of the agent alone', 'x', ['-print-config'], /^flag provided but not defined: -print-config\n/],
    [
      'a flag behind a file',
      'x',
      ['x', '-o', 'y'],
      /^confd render: -o must be written before "x": flags come first\n$/,
    ],
    ['a level that is none', 'x', ['-log-level', 'loud'], /^error: -log-level is not a valid level/],
    ['a config file that is not there', 'x', ['-config-file', '/nope'], /^error: open \/nope: no such file/],
    [
      'a resource that is not there',
      'x',
      ['xx.toml'],
      /^error: there is no resource "xx\.toml" .* mean "x\.toml"\?\n$/,
    ],
    ['data that is not there', '{{getv "/app/x"}}', ['-data', '/nope.yaml'], /^error: cannot read \/nope\.yaml: /],
    ['no directory', 'x', ['-o', ''], /^error: -o needs the name of a directory\n$/],
    ['a backend that is none', '{{getv "/app/x"}}', ['-backend', 'nope'], /^error: Invalid backend "nope"/],
    [
      'a template that does not parse',
      'one\n{{getvv "/app/host"}}',
      [],
      /^error: Unable to process template \S+\/x\.tmpl, template: x\.tmpl:2: function "getvv" not defined\n {2}--> \S+x\.tmpl:2\n.*\n.*\^ did you mean "getv"\?\n$/,
    ],
    [
      'a key that is not there',
      '{{getv "/app/hots"}}',
      [],
      /^error: template: x\.tmpl:1:2: .* key does not exist: \/app\/hots\n[^]*did you mean "\/app\/host"\?\n$/,
    ],
    [
      'a value that does not fit',
      '{{atoi (getv "/app/password")}}',
      [],
      /^error: .*parsing "\*\*\*": invalid syntax\n/,
    ],
  ];
  test.each(rows)('%s', async (_name, template, args, stderr) => {
    const dir = new Confdir();
    dir.resource('x', template, ['/app']);
    const ended = await render(dir, ...args);
    expect(ended.stderr).toMatch(stderr);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).not.toContain('hunter2');
  });

  test('too few keys, a store that is down, and a broken file cost only their resources', async () => {
    const dir = new Confdir();
    dir.resource('a', 'x', ['/nothing'], 'min_keys = 1');
    dir.resource('b', '{{getv "/x"}}', ['/x'], `[backend]\nbackend = "etcdv2"\nnodes = ["127.0.0.1:1"]`);
    dir.resource('c', 'host {{getv "/app/host"}}', ['/app']);
    dir.write('conf.d/d.toml', '[template]\nsrc = "c.tmpl"\nchek_cmd = "x"\n');
    const ended = await render(dir);
    expect(ended).toMatchObject({ code: 2, stdout: `==> ${dir.path('c')} <==\nhost db1` });
    expect(ended.stderr).toMatch(/min_keys is 1/);
    expect(ended.stderr).toMatch(/^error: \[backend\] of \S+b\.toml:5: .*127\.0\.0\.1:1/m);
    expect(ended.stderr).toMatch(/^error: Cannot process template resource \S+d\.toml - .*chek_cmd/m);
    // Those that are named are all that is looked at.
    expect(await render(dir, 'c')).toMatchObject({ code: 0, stdout: 'host db1', stderr: '' });
  });

  test('an empty conf.d', async () => {
    const dir = new Confdir();
    dir.write('conf.d/README', '');
    const ended = await render(dir);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/no template resources in/)]);
  });
});

describe('writes what the agent writes', () => {
  const template =
    '{{range gets "/app/*"}}{{.Key}}={{.Value}}\n{{end}}{{range ls "/app"}}{{.}} {{end}}{{printf "\\xff"}} {{getenv "APP_HOST"}}';

  /** Renders, runs the agent, and compares; nothing but the agent writes. */
  async function same(dir: Confdir, args: readonly string[]): Promise<string> {
    const dest = dir.resource('x', template, ['/app'], `check_cmd = "touch ${dir.path('checked')}"`);
    const state = dir.path('state');
    const all = ['-confdir', dir.root, ...args];
    const before = readdirSync(dir.root).sort();
    const bytes = await execFile(process.execPath, [join(root, 'bin/confd'), 'render', ...all], {
      env,
      encoding: 'buffer',
    });
    expect(bytes.stderr.toString()).toBe('');
    expect(readdirSync(dir.root).sort()).toEqual(before);
    const tree = mkdtempSync(join(tmpdir(), 'tree-'));
    const ended = await confd(['render', '-o', tree, ...all], env);
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: `${join(tree, dest)}\n` });
    expect(readdirSync(dir.root).sort()).toEqual(before);
    const agent = args.includes('embedded')
      ? await confd(['-onetime', '-state-dir', state, ...all.slice(0, 2), ...embeddedAsClient(args)], env)
      : await confd(['-onetime', '-state-dir', state, ...all], env);
    expect(agent.code).toBe(0);
    expect(existsSync(dir.path('checked'))).toBe(true);
    const written = readFileSync(dest);
    expect(bytes.stdout.equals(written)).toBe(true);
    expect(readFileSync(join(tree, dest)).equals(written)).toBe(true);
    expect(statSync(join(tree, dest)).mode).toBe(statSync(dest).mode);
    return written.toString('latin1');
  }

  const embeddedAsClient = (args: readonly string[]) => [
    '-backend',
    'etcdv2',
    '-node',
    args[args.indexOf('-listen') + 1]!,
  ];

  test('from the environment', async () => {
    expect(await same(new Confdir(), ['-backend', 'env'])).toBe(
      '/app/host=db1\n/app/password=hunter2\nhost password \xff db1',
    );
  });

  test('from a file, which -data reads as the file backend does', async () => {
    const dir = new Confdir();
    dir.write('values.yaml', 'app:\n  list: [1, 2.50, yes]\n  "1.0": é\n  host: a\napplication: no\n');
    const file = dir.path('values.yaml');
    const text = await same(dir, ['-backend', 'file', '-file', file]);
    expect(text).toContain('/app/host=a\n');
    const data = await confd(['render', '-confdir', dir.root, '-data', file, '-backend', 'etcd', '-node', 'x:1'], env);
    expect(data).toMatchObject({ code: 0, stderr: '' });
    dir.write('values.json', '{"app": {"list": [1, 2.5, true], "1.0": "é", "host": "b"}}');
    const two = await confd(['render', '-confdir', dir.root, '-data', file, '-data', dir.path('values.json')], env);
    expect(two.stdout).toContain('/app/host=b\n');
  });

  test('from mini-etcd, over a socket', async () => {
    const store = await serve();
    ends.push(() => store[Symbol.asyncDispose]());
    await store.ask('PUT /app/host value=one');
    expect(await same(new Confdir(), ['-backend', 'etcd', '-node', `127.0.0.1:${store.port}`])).toContain('=one\n');
  });

  test('from etcd’s v3 API', async () => {
    const server = await Etcd3Server.start();
    ends.push(() => server.close());
    server.put('/app/host', 'three');
    expect(await same(new Confdir(), ['-backend', 'etcdv3', '-node', `127.0.0.1:${server.port}`])).toContain(
      '=three\n',
    );
  });

  test('from the embedded store of an agent that runs', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const own = new Confdir();
    const log = own.resource('seen', '{{getv "/app/host" "none"}}', ['/app']);
    const agent = new Program('confd', ['-watch', '-backend', 'embedded', '-listen', listen, '-confdir', own.root]);
    ends.push(() => agent.stop());
    const put = () =>
      fetch(`http://${listen}/v2/keys/app/host`, { method: 'PUT', body: new URLSearchParams({ value: 'inside' }) });
    await waitFor('the store', () =>
      put().then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await waitFor('the agent', () => existsSync(log) && readFileSync(log, 'utf8') === 'inside');
    expect(await same(new Confdir(), ['-backend', 'embedded', '-listen', listen])).toContain('=inside\n');
  });

  test('and without one it says so', async () => {
    const dir = new Confdir();
    dir.resource('x', '{{getv "/x"}}', ['/x']);
    const ended = await render(dir, '-backend', 'embedded', '-listen', '127.0.0.1:1');
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^error: .*127\.0\.0\.1:1/),
    ]);
  });
});

describe('several resources', () => {
  test('have a line above each', async () => {
    const dir = new Confdir();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => dir.resource(name, name === 'b' ? '' : `text ${name}`, []));
    expect((await render(dir)).stdout).toBe(`==> ${a!} <==\ntext a\n\n==> ${b!} <==\n\n==> ${c!} <==\ntext c`);
    expect((await render(dir, 'c', 'a')).stdout).toBe(`==> ${c!} <==\ntext c\n\n==> ${a!} <==\ntext a`);
  });

  test('read their own stores, or -data in place of all', async () => {
    const dir = new Confdir();
    dir.write('own.yaml', 'x: own\n');
    dir.write('data.yaml', 'x: data\n');
    dir.resource('x', '{{getv "/x"}}', ['/x'], `[backend]\nbackend = "file"\nfile = ["${dir.path('own.yaml')}"]`);
    expect((await render(dir)).stdout).toBe('own');
    expect((await render(dir, '-data', dir.path('data.yaml'))).stdout).toBe('data');
  });
});

describe('-o', () => {
  test.each([
    ['/etc/app/x.conf', 'etc/app/x.conf'],
    ['/../../../x', 'x'],
    ['../../x', 'x'],
    ['/a/../../b//./x', 'b/x'],
    ['relative/x', 'relative/x'],
  ])('%s stays inside', async (dest, path) => {
    const dir = new Confdir();
    dir.resource('x', 'new', [], 'mode = "0600"');
    dir.write('conf.d/x.toml', `[template]\nsrc = "x.tmpl"\ndest = "${dest}"\nmode = "0600"\n`);
    const tree = dir.path('deep/er/tree');
    const ended = await render(dir, '-o', tree);
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: `${join(tree, path)}\n` });
    expect(readFileSync(join(tree, path), 'utf8')).toBe('new');
    expect(statSync(join(tree, path)).mode & 0o7777).toBe(0o600);
    expect(readdirSync(dir.root).sort()).toEqual(['conf.d', 'deep', 'templates']);
  });

  test('follows no link that leads out', async () => {
    const dir = new Confdir();
    mkdirSync(dir.path('outside'));
    mkdirSync(dir.path('tree/etc'), { recursive: true });
    symlinkSync(dir.path('outside'), dir.path('tree/etc/link'));
    dir.write('outside/file', 'as it was');
    symlinkSync(dir.path('outside/file'), dir.path('tree/etc/file'));
    mkdirSync(dir.path('tree/etc/folder'));
    for (const [name, dest] of [
      ['a', '/etc/link/x'],
      ['b', '/etc/file'],
      ['c', '/etc/folder'],
    ] as const) {
      dir.resource(name, 'new', []);
      dir.write(`conf.d/${name}.toml`, `[template]\nsrc = "${name}.tmpl"\ndest = "${dest}"\n`);
    }
    const ended = await render(dir, '-o', dir.path('tree'));
    expect(ended).toMatchObject({ code: 2, stdout: `${dir.path('tree/etc/file')}\n` });
    expect(ended.stderr).toMatch(/^error: \S+\/etc\/link is not a directory \(a link could lead out of \S+\/tree\)$/m);
    expect(ended.stderr).toMatch(/^error: rename \S+\/etc\/folder: /m);
    expect(readdirSync(dir.path('outside'))).toEqual(['file']);
    expect(readFileSync(dir.path('outside/file'), 'utf8')).toBe('as it was');
    expect(readFileSync(dir.path('tree/etc/file'), 'utf8')).toBe('new');
    expect(readdirSync(dir.path('tree/etc')).sort()).toEqual(['file', 'folder', 'link']);
  });
});

test('an owner that this machine lacks does not matter to a render', async () => {
  const dir = new Confdir();
  dir.resource('x', 'new', [], 'owner = "nobody-of-that-name"');
  expect(await render(dir)).toMatchObject({ code: 0, stdout: 'new', stderr: '' });
});

test('output that cannot be written is an error', () => {
  const dir = new Confdir();
  dir.resource('x', 'new', []);
  const line = `"${process.execPath}" "${join(root, 'bin/confd')}" render -backend env -confdir "${dir.root}"`;
  if (existsSync('/dev/full')) {
    const full = spawnSync('sh', ['-c', `${line} >/dev/full`]);
    expect([full.status, full.stderr.toString()]).toEqual([
      2,
      expect.stringMatching(/^error: cannot write to .*ENOSPC/),
    ]);
  }
  expect(spawnSync('sh', ['-c', `${line} | true`]).stderr.toString()).toBe('');
});

test('the repository’s own templates', async () => {
  const data = new Confdir();
  data.write('keys.yaml', 'services: {apache: {a: "10.0.0.1:80"}}\n');
  const ended = await confd(['render', '-confdir', root, '-data', data.path('keys.yaml')]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('    server 10.0.0.1:80;\n');
});
