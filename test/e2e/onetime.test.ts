import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { confd, Confdir, logOf } from '../helpers/confd.ts';

const env = { DATABASE_HOST: '127.0.0.1', DATABASE_PORT: '3306', SECRET_TOKEN: 'p@sSw0rd' };
const run = (dir: Confdir, ...more: string[]) =>
  confd(['-onetime', '-backend', 'env', '-confdir', dir.root, ...more], env);

describe('what goes wrong', () => {
  const rows: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['an unknown flag', ['-xyzzy'], 2, /^flag provided but not defined: -xyzzy\n"confd -h" lists the flags\n$/],
    ['a flag that is nearly one', ['-nodes=u:pw@h'], 2, /^.* defined: -nodes; did you mean -node\?\n"confd -h" .*\n$/],
    ['a secret behind three hyphens', ['---password=hunter2'], 2, /^bad flag syntax: ---password\n"confd -h" .*\n$/],
    ['a flag without its value', ['-node'], 2, /^flag needs an argument: -node\n"confd -h" lists the flags\n$/],
    ['a word that is no boolean', ['-watch=maybe'], 2, /^invalid boolean value "maybe" for -watch: parse error\n/],
    [
      'a command that is none',
      ['foo'],
      2,
      /^confd: there is no command "foo"; the commands are [a-z, ]+ and completion; .*\n$/,
    ],
    [
      'a command with a slip',
      ['hepl', '-watch'],
      2,
      /^confd: there is no command "hepl"; did you mean "confd help"\?\n$/,
    ],
    [
      'a flag that a command does not have',
      ['help', '-watch'],
      2,
      /^flag provided but not defined: -watch\n"confd help -h" /,
    ],
    ['a word that a command does not take', ['completion', 'x'], 2, /^confd completion: unexpected argument "x"\n$/],
    [
      'a flag behind a word',
      ['help', 'x', '--node=u:pw@h'],
      2,
      /^confd help: --node must be written before "x": flags come first\n$/,
    ],
    [
      'help about a command that is none',
      ['help', 'hlp'],
      2,
      /^confd: there is no command "hlp"; did you mean "confd help"\?\n$/,
    ],
    ['no word', [''], 2, /^confd: there is no command ""; the commands are/],
    ['a backend in the place of a command', ['etcd'], 2, /^confd: .* "etcd"; did you mean -backend etcd\?\n$/],
    [
      'a confdir that is not there',
      ['-onetime', '-backend', 'env', '-confdir', '/nope'],
      1,
      /WARNING .*'\/nope'[^]*FATAL /,
    ],
    [
      'a backend that is still missing',
      ['-backend', 'rancher'],
      1,
      /FATAL Invalid backend "rancher" \(this release does not/,
    ],
    ['a config file that is not there', ['-config-file', '/nope/confd.toml'], 1, /FATAL .*\/nope\/confd\.toml/],
    ['a backend that is not known', ['-onetime', '-backend', 'nope'], 1, /FATAL Invalid backend/],
    ['a level that is not known', ['-log-level', 'bogus'], 1, /FATAL not a valid level: "bogus"/],
  ];
  test.each(rows)('%s', async (_name, args, code, stderr) => {
    const ended = await confd(args);
    expect(ended.stderr).toMatch(stderr);
    expect(ended.code).toBe(code);
  });

  const broken: readonly (readonly [string, string, string, RegExp])[] = [
    ['a template that does not parse', '{{nofunc}}', '', /template: x\.tmpl:1: function "nofunc" not defined/],
    [
      'a key that is missing',
      'one\n{{getv "/nokey"}}',
      '',
      /template: x\.tmpl:2:2: executing "x\.tmpl" at <getv "\/nokey">: error calling getv: key does not exist: \/nokey/,
    ],
    ['a check that fails', 'new', 'check_cmd = "echo bad line 3; exit 3"', /Config check failed: exit status 3/],
  ];
  test.each(broken)('%s leaves the old file, and the other resources run', async (_name, template, more, message) => {
    const dir = new Confdir();
    const dest = dir.resource('x', template, ['/database'], more);
    const other = dir.resource('y', 'fine', []);
    writeFileSync(dest, 'old');
    const { code, stderr } = await run(dir);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    expect(readFileSync(dest, 'utf8')).toBe('old');
    expect(readFileSync(other, 'utf8')).toBe('fine');
    expect(readdirSync(dir.root).sort()).toEqual(['conf.d', 'templates', 'x', 'y']);
  });

  test('a confdir without resources is named, and no success', async () => {
    const dir = new Confdir();
    dir.write('conf.d/note.txt', 'nothing');
    const { code, stderr } = await run(dir);
    expect(logOf(stderr).filter((line) => !line.startsWith('INFO'))).toEqual([
      `WARNING Found no templates in ${dir.path('conf.d')}`,
      'FATAL Exiting: a failure, logged above',
    ]);
    expect(code).toBe(1);
  });

  test('each failure is told once, and the last line counts them', async () => {
    const dir = new Confdir();
    for (const name of ['a', 'b']) dir.resource(name, '{{getv "/nokey"}}', []);
    const { code, stderr } = await run(dir);
    expect(stderr.match(/key does not exist: \/nokey/g)).toHaveLength(2);
    expect(logOf(stderr).at(-1)).toBe('FATAL Exiting: 2 failures, logged above');
    expect(code).toBe(1);
  });

  test.each([
    [['-watch', 'false', '-interval', '5'], 'Ignored "false" and the flags after it (-interval): '],
    [['-noop', 'x', '-password=hunter2', '--', 'y'], 'Ignored "x" and the flags after it (-password, --): '],
    [['-noop', '--', '-watch'], 'Ignored "-watch": '],
    [['-noop', ''], 'Ignored "": '],
  ])('%j: what is behind the flags is named', async (args, warning) => {
    const dir = new Confdir();
    dir.resource('x', 'fine', []);
    const { code, stderr } = await run(dir, ...args);
    expect(stderr).toContain(`WARNING ${warning}`);
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(0);
  });

  test('a broken file in conf.d is named with its line, and the others run', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'fine', []);
    dir.write('conf.d/broken.toml', '[template]\nsrc = "a.tmpl"\ndest = oops\n');
    const { code, stderr } = await run(dir);
    expect(stderr).toMatch(/broken\.toml.*3/);
    expect(code).toBe(1);
    expect(readFileSync(dest, 'utf8')).toBe('fine');
  });

  test('files nested thousands deep cost one error each, and the others run', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'fine', []);
    dir.resource('arrays', 'bad', [], `${'\n'.repeat(3)}x = ${'['.repeat(9000)}${']'.repeat(9000)}`);
    dir.resource('keys', 'bad', [], `${'\n'.repeat(3)}${'a.'.repeat(9000)}a = 1`);
    const { code, stderr } = await run(dir, '-log-level', 'error');
    expect(logOf(stderr).slice(0, 2)).toEqual([
      `ERROR Cannot process template resource ${dir.path('conf.d/arrays.toml')} - toml: line 8: nested more than 100 levels deep`,
      `ERROR Cannot process template resource ${dir.path('conf.d/keys.toml')} - toml: line 8: nested more than 100 levels deep`,
    ]);
    expect(stderr).not.toContain('RangeError');
    expect(code).toBe(1);
    expect(readFileSync(dest, 'utf8')).toBe('fine');
  });

  test('a confd.toml nested thousands deep', async () => {
    const dir = new Confdir();
    dir.write('confd.toml', `# one\n[${'a.'.repeat(9000)}a]\nb = 1\n`);
    const { code, stderr } = await run(dir, '-config-file', dir.path('confd.toml'));
    expect(logOf(stderr)).toEqual([`FATAL ${dir.path('confd.toml')}: toml: line 2: nested more than 100 levels deep`]);
    expect(code).toBe(1);
  });

  test('a misspelt check_cmd: nothing is written unchecked, unless -lenient', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], 'chek_cmd = "exit 1"');
    const refused = await run(dir);
    expect(refused.stderr).toContain('there is no key "chek_cmd"; did you mean "check_cmd"?');
    expect(refused.code).toBe(1);
    expect(existsSync(dest)).toBe(false);
    dir.write('confd.toml', 'lenient = true\n');
    const warned = await run(dir, '-config-file', dir.path('confd.toml'));
    expect(logOf(warned.stderr)).toContain(
      `WARNING ${dir.path('conf.d/x.toml')}:5: unknown key "chek_cmd" is ignored; did you mean "check_cmd"?`,
    );
    expect(warned.code).toBe(0);
    expect(readFileSync(dest, 'utf8')).toBe('new');
  });

  test('a reload that fails: the file is new, and the exit code says so', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], 'reload_cmd = "exit 1"');
    const { code, stderr } = await run(dir);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR exit status 1\n/);
    expect(readFileSync(dest, 'utf8')).toBe('new');
  });

  test('no value of a key is ever logged, at any level', async () => {
    const dir = new Confdir();
    dir.resource('x', '{{getv "/secret/token"}} {{getv "/nokey"}}', ['/secret']);
    dir.resource('a', '{{atoi (getv "/secret/token")}}', ['/secret']);
    dir.resource('r', '{{range getv "/secret/token"}}{{end}}', ['/secret']);
    dir.resource('j', '{{json (getv "/secret/token")}}', ['/secret']);
    dir.resource('y', '{{getv "/secret/token"}}', ['/secret'], 'check_cmd = "true"');
    const { stderr, stdout } = await run(dir, '-log-level', 'debug');
    expect(readFileSync(dir.path('y'), 'utf8')).toBe('p@sSw0rd');
    expect(stderr + stdout).not.toContain('p@sSw0rd');
  });
});

describe('a pass', () => {
  test('writes the file with confd’s log lines, and is in sync the next time', async () => {
    const dir = new Confdir();
    const dest = dir.resource(
      'x',
      'host={{getv "/database/host"}}\nport={{getv "/database/port"}}\n',
      ['/database'],
      'mode = "0640"\ncheck_cmd = "grep -q host {{.src}}"\nreload_cmd = "echo {{.dest}} >> {{.dest}}.log"',
    );
    writeFileSync(dest, 'old');
    chmodSync(dest, 0o644);
    const first = await run(dir);
    expect(first.code).toBe(0);
    expect(readFileSync(dest, 'utf8')).toBe('host=127.0.0.1\nport=3306\n');
    expect(statSync(dest).mode & 0o777).toBe(0o640);
    expect(logOf(first.stderr).map((line) => line.replace(/[0-9a-f]{32}/g, 'MD5'))).toEqual([
      'INFO Backend set to env',
      'INFO Starting confd',
      'INFO Backend source(s) set to the environment of this process',
      `INFO ${dest} has mode -rw-r--r-- should be -rw-r-----`,
      `INFO ${dest} has md5sum MD5 should be MD5`,
      `INFO Target config ${dest} out of sync`,
      `INFO Target config ${dest} has been updated`,
    ]);
    const second = await run(dir, '-log-level', 'debug');
    expect(second.code).toBe(0);
    expect(logOf(second.stderr)).toContain(`DEBUG Target config ${dest} in sync`);
    expect(readFileSync(`${dest}.log`, 'utf8')).toBe(`${dest}\n`);
  });

  test('noop changes nothing and needs no permission to write', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', []);
    const { code, stderr } = await run(dir, '-noop');
    expect(code).toBe(0);
    expect(stderr).toContain(`WARNING Noop mode enabled. ${dest} will not be modified`);
    expect(existsSync(dest)).toBe(false);
  });

  test('sync-only runs no command', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], 'check_cmd = "exit 1"\nreload_cmd = "exit 1"');
    const { code } = await run(dir, '-sync-only');
    expect(code).toBe(0);
    expect(readFileSync(dest, 'utf8')).toBe('new');
  });

  test('a -config-file that is a resource is processed with conf.d, once', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], `reload_cmd = "echo x >> ${dir.path('reloads')}"`);
    const { code, stderr } = await run(dir, '-config-file', dir.path('conf.d/x.toml'));
    expect(code).toBe(0);
    expect(readFileSync(dest, 'utf8')).toBe('new');
    expect(readFileSync(dir.path('reloads'), 'utf8')).toBe('x\n');
    expect(stderr).toContain('conf.d/x.toml');
  });

  test('bytes that are not UTF-8 come through from the template to the file', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', '', []);
    const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0xe2, 0x80, 0xa8, 0xc3, 0x28]);
    writeFileSync(dir.path('templates/x.tmpl'), bytes);
    expect((await run(dir)).code).toBe(0);
    expect(readFileSync(dest)).toEqual(bytes);
  });

  test('a dest that is a link is replaced by a file, as confd does', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', []);
    writeFileSync(dir.path('target'), 'untouched');
    symlinkSync(dir.path('target'), dest);
    expect((await run(dir)).code).toBe(0);
    expect(readFileSync(dir.path('target'), 'utf8')).toBe('untouched');
    expect(readFileSync(dest, 'utf8')).toBe('new');
  });
});

describe('what is loaded on first use works in the bundle, too', () => {
  test('YAML files', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', '{{getv "/app/host"}}', ['/app']);
    dir.write('values.yaml', 'app: {host: here}\n');
    const args = ['-onetime', '-backend', 'file', '-file', dir.path('values.yaml'), '-confdir', dir.root];
    const { code, stderr } = await confd(args);
    expect({ code, stderr: logOf(stderr).filter((line) => !line.startsWith('INFO')) }).toEqual({ code: 0, stderr: [] });
    expect(readFileSync(dest, 'utf8')).toBe('here');
  });

  test('Handlebars and regular expressions', async () => {
    const dir = new Confdir();
    const go = dir.resource('x', '{{regexFind "[0-9]+" (getv "/database/port")}}', ['/database']);
    dir.write('templates/h.hbs', '{{getv "/database/host"}}');
    dir.write('conf.d/h.toml', `[template]\nsrc = "h.hbs"\ndest = "${dir.path('h')}"\nkeys = ["/database"]\n`);
    expect((await run(dir)).code).toBe(0);
    expect([readFileSync(go, 'utf8'), readFileSync(dir.path('h'), 'utf8')]).toEqual(['3306', '127.0.0.1']);
  });

  test('help and completion', async () => {
    expect((await confd(['help'])).stdout).toContain('Modes:');
    expect((await confd(['completion'])).stdout).toContain('confd --get-yargs-completions');
    expect((await confd(['--get-yargs-completions', 'confd', '-log-level', ''])).stdout).toContain('debug');
  });

  test('-print-config names the layer of each setting, and no secret', async () => {
    const { stdout } = await confd(['-print-config', '-password', 'p@sSw0rd'], { CONFD_PREFIX: '/x' });
    expect(stdout).toMatch(/^prefix +"\/x" +env CONFD_PREFIX$/m);
    expect(stdout).toMatch(/^password +\*\*\* +flag -password$/m);
    expect(stdout).not.toContain('p@sSw0rd');
  });
});

test('-version prints and does nothing else', async () => {
  const { code, stdout, stderr } = await confd(['-version']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^confd \d+\.\d+\.\d+ \(Git SHA: .*\)\n$/);
});
