import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { confd, Confdir, Program } from '../helpers/confd.ts';
import { isRoot } from '../helpers/pipeline.ts';

const lint = (...args: string[]) => confd(['lint', ...args]);

function broken(): Confdir {
  const dir = new Confdir();
  dir.resource('a', '{{getvv "/app/x"}}\n{{datetime}}', ['/app'], 'mode = "644"');
  return dir;
}

describe('a command line that cannot be run', () => {
  const dir = new Confdir();
  test.each([
    [['-format', 'xml', dir.root], 'confd lint: -format must be text, json or sarif\n'],
    [[dir.path('none')], `confd lint: stat ${dir.path('none')}: no such file or directory\n`],
    [
      [join(import.meta.dirname, 'lint.test.ts')],
      /^confd lint: \S+ is not a directory: give the directory that holds conf\.d and templates\n$/,
    ],
    [['-confdir', dir.root, dir.root], 'confd lint: give DIR or -confdir, not both\n'],
    [[''], 'confd lint: DIR is empty\n'],
    [[join(broken().root, 'conf.d')], /^confd lint: there is no conf\.d in \S+: give the directory that/],
    [['-confdir', dir.path('none')], /no such file or directory\n$/],
  ])('%j', async (args, stderr) => {
    const ended = await lint(...args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    if (typeof stderr === 'string') expect(ended.stderr).toBe(stderr);
    else expect(ended.stderr).toMatch(stderr);
  });
});

describe('exit codes', () => {
  const warned = () => {
    const dir = new Confdir();
    dir.resource('a', 'x', ['/app'], 'mode = "644"');
    return dir.root;
  };
  const good = () => {
    const dir = new Confdir();
    dir.resource('a', 'x', ['/app']);
    return dir.root;
  };
  test.each<[string, () => string, string[], number]>([
    ['errors', () => broken().root, [], 1],
    ['no conf.d', () => new Confdir().root, [], 1],
    [
      'an empty conf.d',
      () => {
        const dir = new Confdir();
        mkdirSync(dir.path('conf.d'));
        return dir.root;
      },
      [],
      0,
    ],
    ['warnings alone', warned, [], 0],
    ['warnings with -strict', warned, ['-strict'], 1],
    ['nothing', good, ['-strict'], 0],
    ['an unknown backend', good, ['-backend', 'nope'], 1],
  ])('%s', async (_what, make, args, code) => {
    expect((await lint(...args, make())).code).toBe(code);
  });
});

test('each problem has its line, and nothing is said besides', async () => {
  const dir = broken();
  const { stdout, stderr } = await lint(dir.root);
  expect(stderr).toBe('');
  expect(stdout.replaceAll(`${dir.root}/`, '')).toBe(
    [
      'conf.d/a.toml:5:1: warning: mode "644" is a decimal number and gives the mode 0204; write "0644" if that is what you mean [decimal-mode]',
      'templates/a.tmpl:1:3: error: function "getvv" not defined; did you mean "getv"? [unknown-function]',
      'templates/a.tmpl:2:3: warning: datetime in the output: every pass writes the file anew, and reloads [datetime-in-output]',
      '1 error, 2 warnings, 0 notes in 1 resource and 1 template\n',
    ].join('\n'),
  );
});

test('flags and variables count as for the agent; DIR has a confd.toml of its own', async () => {
  const dir = broken();
  const places = async (args: string[], env = {}) => {
    const { stdout } = await confd(['lint', '-format', 'json', ...args], env);
    return (JSON.parse(stdout) as { problems: { file: string; code: string }[] }).problems.map(({ code }) => code);
  };
  const always = ['decimal-mode', 'unknown-function', 'datetime-in-output'];
  expect(await places(['-confdir', dir.root])).toEqual(always);
  expect(await places([], { CONFD_CONFDIR: dir.root })).toEqual(always);
  expect(await places(['-watch', '-backend', 'env', dir.root])).toEqual(['backend-cannot-watch', ...always]);
  dir.write('confd.toml', 'watch = true\nbackend = "env"\n');
  expect(await places([dir.root])).toEqual([...always.slice(0, 1), 'backend-cannot-watch', ...always.slice(1)]);
});

test('nothing is written, run or asked', async () => {
  const dir = broken();
  dir.write(
    'conf.d/b.toml',
    `[template]\nsrc = "a.tmpl"\ndest = "${dir.path('b')}"\nkeys = ["/"]\ncheck_cmd = "touch ${dir.path('ran')}"\n`,
  );
  const tree = () =>
    readdirSync(dir.root, { recursive: true }).map((name) => [name, statSync(dir.path(String(name))).ctimeMs]);
  const before = tree();
  // Port 1 answers nobody.
  expect((await lint('-backend', 'etcd', '-node', 'http://127.0.0.1:1', dir.root)).stderr).toBe('');
  expect(tree()).toEqual(before);
});

test('no secret is in any report', async () => {
  const dir = new Confdir();
  dir.resource(
    'a',
    '{{if}}{{getv "/app/x"}}',
    ['/app'],
    'mode = "644"\nmin_keys = "s3cret-a"\n[backend]\nbackend = "etcd"\npassword = "s3cret-b',
  );
  dir.write(
    'confd.toml',
    'basic_auth = true\nusername = "u"\npassword = "s3cret-c"\nclient_key = 5\nauth_token = "s3cret-d"\nnodes = ["http://u:s3cret-e@h:x"]\nscheme = "http://u:s3cret-f@h"\nlog-level = "s3cret"\n',
  );
  chmodSync(dir.path('confd.toml'), 0o644);
  for (const format of ['text', 'json', 'sarif']) {
    const { code, stdout, stderr } = await confd(
      ['lint', '-format', format, '-node', 'http://u:s3cret-g@h', dir.root],
      {
        CONFD_PASSWORD: 's3cret-h',
        APP_X: 's3cret-i',
      },
    );
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain('invalid-toml');
    expect(stdout).not.toContain('s3cret-');
  }
});

(isRoot ? describe : describe.skip)('as a user who is not root', () => {
  const who = { uid: 65534, gid: 65534 };
  const codes = async (dir: Confdir) => {
    const program = new Program('confd', ['lint', '-format', 'json', dir.root], {}, who);
    const { stdout } = await program.ended;
    const { problems } = JSON.parse(stdout) as { problems: { file: string | null; code: string }[] };
    return problems.map(({ code, file }) => `${code} ${file?.replace(`${dir.root}/`, '') ?? 'settings'}`);
  };
  const make = () => {
    const dir = new Confdir();
    dir.resource('a', 'x', []);
    chmodSync(dir.root, 0o755);
    return dir;
  };

  test('dest-no-permission: a directory of others, and a file of others in a sticky one', async () => {
    const dir = make();
    expect(await codes(dir)).toEqual(['dest-no-permission conf.d/a.toml']);
    dir.write('a', '');
    chmodSync(dir.root, 0o1777);
    expect(await codes(dir)).toEqual(['dest-no-permission conf.d/a.toml']);
    chownSync(dir.path('a'), who.uid, who.gid);
    expect(await codes(dir)).toEqual([]);
  });

  test('unreadable-file, unreadable-folder: what only root reads', async () => {
    const dir = make();
    chmodSync(dir.root, 0o777);
    dir.write('conf.d/b.toml', '');
    chmodSync(dir.path('conf.d/b.toml'), 0);
    mkdirSync(dir.path('conf.d/c'), { mode: 0o700 });
    expect((await codes(dir)).sort()).toEqual(['unreadable-file conf.d/b.toml', 'unreadable-folder settings']);
  });

  test('exposed-secret: a confd.toml with a password that everyone reads', async () => {
    const dir = make();
    chmodSync(dir.root, 0o777);
    dir.write('confd.toml', 'basic_auth = true\nusername = "u"\npassword = "p"\n');
    chmodSync(dir.path('confd.toml'), 0o644);
    expect(await codes(dir)).toEqual(['exposed-secret confd.toml']);
    chmodSync(dir.path('confd.toml'), 0o640);
    chownSync(dir.path('confd.toml'), 0, who.gid);
    expect(await codes(dir)).toEqual([]);
  });
});

test('a start of the agent, and -version, load nothing of it', () => {
  const dist = join(import.meta.dirname, '../../dist');
  const loaded = new Map<string, string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    const text = readFileSync(path, 'utf8');
    loaded.set(path, text);
    // What is imported when it is needed, stands in a callback.
    for (const [, name] of text.matchAll(/(?<!=>(?:__toESM\()?)require\("(\.[^"]+)"\)/gm))
      load(join(dirname(path), name!));
  };
  load(join(dist, 'confd/main.cjs'));
  const agent = readdirSync(join(dist, 'confd')).filter((name) => /^configure-\w+\.cjs$/.test(name));
  expect(agent).toHaveLength(1);
  load(join(dist, 'confd', agent[0]!));
  expect(loaded.size).toBeGreaterThan(5);
  const ofLint = (text: string) => text.includes('reload-reports-nothing');
  expect([...loaded].filter(([, text]) => ofLint(text)).map(([path]) => path)).toEqual([]);
  const all = readdirSync(join(dist, 'confd')).filter((name) => name.endsWith('.cjs'));
  expect(all.filter((name) => ofLint(readFileSync(join(dist, 'confd', name), 'utf8')))).toHaveLength(1);
});

test('completion and help know it', async () => {
  expect((await confd(['--get-yargs-completions', 'confd', 'lint', '-format', 's'])).stdout).toBe('sarif\n');
  expect((await confd(['--get-yargs-completions', 'confd', 'li'])).stdout).toContain('lint\n');
  const { stdout } = await confd(['help', 'lint']);
  expect(stdout).toContain('confd lint [flags] [DIR]');
  expect(stdout).toContain('--strict');
  expect((await confd(['lint', '-h'])).stderr).toMatch(/^Usage of \S*confd lint \[DIR\]:\n {2}-format string\n/);
  expect(readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8')).toContain('## confd lint [DIR]');
});
