import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { confd, Confdir } from '../helpers/confd.ts';
import { FakeVault } from '../helpers/vault-server.ts';

const made = JSON.parse(readFileSync(new URL('../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
  'app' | 'second',
  string
>;
const env = { APP_HOST: 'db1', APP_NUMBER: 'hunter2' };
const diff = (dir: Confdir, ...args: string[]) =>
  confd(['diff', '-confdir', dir.root, '-backend', 'env', ...args], env);

/** What is printed without the places of this run. */
const plain = (dir: Confdir, stdout: string) => stdout.replaceAll(dir.root, '');

function resource(template: string, before: string | Buffer | null, more = 'mode = "0644"'): Confdir {
  const dir = new Confdir();
  const dest = dir.resource('x', template, ['/app'], more);
  if (before !== null) writeFileSync(dest, before, { mode: 0o644 });
  return dir;
}

describe('what is no difference, but an error', () => {
  test.each([
    ['a template that fails', '{{atoi (getv "/app/number")}}', '', /^error: .*parsing "\*\*\*"[^]*-->/],
    [
      'an owner that is none',
      'x',
      process.geteuid!() === 0 ? 'owner = "nobody-of-that-name"' : 'uid = -2',
      /^error: Cannot process/,
    ],
    ['too few keys', 'x', 'min_keys = 9', /^error: .*min_keys is 9/],
  ])('%s', async (_name, template, more, stderr) => {
    const ended = await diff(resource(template, 'old', more));
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([2, '', expect.stringMatching(stderr)]);
    expect(ended.stderr).not.toContain('hunter2');
  });

  test('a dest that is a directory; the others are compared', async () => {
    const dir = resource('new', 'old');
    mkdirSync(dir.resource('folder', 'x', []));
    const ended = await diff(dir);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/^error: dest \S+\/folder is a directory/)]);
    expect(ended.stdout).toContain('+new');
  });
});

describe('differences', () => {
  const lines = Array.from({ length: 9 }, (_, i) => `line ${i + 1}`);
  const text = `${lines.join('\n')}\n`;
  test.each<[string, string, string | Buffer | null, string]>([
    [
      'a line',
      text.replace('line 5', 'line {{getv "/app/host"}}'),
      text,
      '--- /x\n+++ /x\n@@ -2,7 +2,7 @@\n line 2\n line 3\n line 4\n-line 5\n+line db1\n line 6\n line 7\n line 8\n',
    ],
    [
      'no file',
      'a\nb',
      null,
      `new file, mode 0644, owner ${process.geteuid!()}, group ${process.getegid!()}\n--- /dev/null\n+++ /x\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n`,
    ],
    ['an end of the file', 'a\n', 'a', '--- /x\n+++ /x\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n'],
    ['nothing left', '', 'a\n', '--- /x\n+++ /x\n@@ -1,1 +0,0 @@\n-a\n'],
    ['bytes', 'é{{printf "\\xff"}}\n', Buffer.from([0xe9, 10]), '--- /x\n+++ /x\n@@ -1,1 +1,1 @@\n-\ufffd\n+é\ufffd\n'],
    [
      'binary content',
      'a{{printf "\\x00"}}',
      'ab',
      'binary content differs: 2 bytes (md5 187ef4436122d1cc2f40dc2b92f0eba0) before, 2 bytes (md5 4144e195f46de78a3623da7364d04f11) after\n',
    ],
  ])('%s', async (_name, template, before, expected) => {
    const dir = resource(template, before);
    const { code, stdout, stderr } = await diff(dir);
    expect([code, stderr]).toEqual([1, '']);
    expect(plain(dir, stdout)).toBe(`diff /x (/conf.d/x.toml)\n${expected}`);
    // Once the agent has run, there is none.
    const agent = await confd(['-onetime', '-backend', 'env', '-confdir', dir.root, '-state-dir', ''], env);
    expect(agent.code).toBe(0);
    expect(await diff(dir)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('mode and owner', async () => {
    const dir = resource('same', 'same', 'mode = "0600"');
    const before = statSync(dir.path('x')).mtimeMs;
    const { code, stdout } = await diff(dir);
    expect([code, plain(dir, stdout)]).toEqual([1, 'diff /x (/conf.d/x.toml)\nold mode 0644\nnew mode 0600\n']);
    expect(statSync(dir.path('x')).mtimeMs).toBe(before);
    chmodSync(dir.path('x'), 0o600);
    expect((await diff(dir)).code).toBe(0);
    if (process.geteuid!() !== 0) return;
    dir.resource('x', 'same', [], 'mode = "0600"\nuid = 12\ngid = 34');
    expect(plain(dir, (await diff(dir)).stdout)).toContain('old owner 0\nnew owner 12\nold group 0\nnew group 34\n');
  });

  test('too many lines, and too large a file, are told by sizes', async () => {
    const many = resource('{{range seq 1 4000}}new {{.}}\n{{end}}', 'old\n'.repeat(4000));
    expect((await diff(many)).stdout).toMatch(
      /\ncontent differs in more than 3000 lines: 16000 bytes \(md5 \w{32}\) before, /,
    );
    const large = resource('small', Buffer.alloc(17 * 1024 * 1024, 'a\n'));
    expect((await diff(large)).stdout).toMatch(/\ncontent of more than 16 MiB differs: 17825792 bytes/);
  });

  test('patch takes it', async () => {
    const dir = resource(`${lines.slice(2).join('\n')}\nlast`, text);
    const { stdout } = await diff(dir);
    const patched = spawnSync('patch', ['-s', '-o', '-', dir.path('x')], { input: stdout });
    if (patched.error === undefined) expect(patched.stdout.toString()).toBe(`${lines.slice(2).join('\n')}\nlast`);
  });
});

describe('secrets', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    [
      'a new value',
      'user=a\npass={{cgetv "/v"}}\n',
      'user=b\npass=OLDSECRET\n',
      '-***\n-pass=***\n+user=a\n+pass=***\n',
    ],
    ['the same value', 'user=a\npass={{cgetv "/v"}}\n', 'user=b\npass=second\n', '-user=b\n+user=a\n pass=***\n'],
    ['a line that was something else', 'x {{cgetv "/v"}}\n', 'OLDSECRET\n', '-***\n+x ***\n'],
    [
      'a line that moves',
      'a\nb\nc\npass={{cgetv "/v"}}\n',
      'pass=OLDSECRET\na\nb\nc\n',
      '-pass=***\n a\n b\n c\n+pass=***\n',
    ],
    ['a value in base64', 'x{{base64Encode (cgetv "/v")}}\n', 'y\n', '-***\n+x***\n'],
    ['the password of the store', 'p={{getv "/pw"}}\n', 'p=OLDSECRET\n', '-p=***\n+p=***\n'],
    ['a password in an address', 'pg://u:OLDSECRET@h\n', 'pg://u:secondsecond@h/\n', '-pg://u:***@h/\n+pg://u:***@h\n'],
  ];
  test.each(rows)('%s', async (_name, template, before, body) => {
    const dir = new Confdir();
    writeFileSync(dir.resource('x', template, ['/v', '/pw'], 'mode = "0644"'), before);
    dir.write('ring.asc', made.app);
    const args = ['-confdir', dir.root, '-backend', 'env', '-secret-keyring', dir.path('ring.asc')];
    const secrets = { V: made.second, PW: 'storepassword', CONFD_PASSWORD: 'storepassword' };
    const { code, stdout, stderr } = await confd(['diff', ...args], secrets);
    expect(code).toBe(1);
    expect(stdout.replace(/^[^]*@@\n/, '')).toBe(body);
    expect(stdout + stderr).not.toMatch(/second|OLDSECRET|storepassword|c2Vjb25k/);
  });
});

describe('values of stores for secrets', () => {
  const body = '-password=***\n+password=***\n site=a\n';
  test.each<[string, (dir: Confdir, vault: FakeVault) => [string[], string]]>([
    [
      'vault',
      (_dir, vault) => {
        vault.put('secret/app', '{"password":"hunter22"}');
        return [['-backend', 'vault', '-node', vault.url, '-auth-token', 'root'], '/secret'];
      },
    ],
    [
      'a store that is set to be secret',
      (dir) => {
        dir.write('keys.yaml', 'secret:\n  app:\n    password: hunter22\n');
        return [['-backend', 'file', '-file', dir.path('keys.yaml'), '-secret'], '/secret'];
      },
    ],
  ])('%s', async (_name, prepare) => {
    const dir = new Confdir();
    const vault = await FakeVault.start();
    const [args, key] = prepare(dir, vault);
    const dest = dir.resource('x', 'password={{getv "/secret/app/password"}}\nsite=a\n', [key], 'mode = "0644"');
    writeFileSync(dest, 'password=OLDSECRET\nsite=a\n');
    const { code, stdout, stderr } = await confd(['diff', '-confdir', dir.root, ...args]);
    await vault.close();
    expect([code, stdout.replace(/^[^]*@@\n/, '')]).toEqual([1, body]);
    expect(stdout + stderr).not.toMatch(/hunter22|OLDSECRET/);
  });
});

test('colours are for terminals, and not for those who do not want them', () => {
  if (spawnSync('script', ['--version']).status !== 0) return;
  const dir = resource('new \x1b]0;title\x07\n', 'old\n');
  const bin = new URL('../../bin/confd', import.meta.url).pathname;
  const line = `'${process.execPath}' '${bin}' diff -backend env -confdir '${dir.root}'`;
  const on = (more: Readonly<Record<string, string>>) =>
    spawnSync('script', ['-qec', line, '/dev/null'], {
      env: { PATH: process.env['PATH']!, ...more },
    }).stdout.toString();
  expect(on({})).toContain('\x1b[31m-old\x1b[m');
  expect(on({})).toContain('\x1b[32m+new ^[]0;title^G\x1b[m');
  expect(on({ NO_COLOR: '1' })).not.toContain('\x1b');
});
