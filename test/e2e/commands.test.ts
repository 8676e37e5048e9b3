import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { confd, Confdir, logOf, Program, waitFor } from '../helpers/confd.ts';
import { isRoot } from '../helpers/pipeline.ts';

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
});

const bin = join(import.meta.dirname, '../../bin/confd');
const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const args = (dir: Confdir, ...mode: string[]) => [
  ...mode,
  '-backend',
  'env',
  '-confdir',
  dir.root,
  '-state-dir',
  dir.path('state'),
];

describe('a server that a command leaves in the background', () => {
  const modes: readonly (readonly [string, NodeJS.Signals | null, readonly string[]])[] = [
    ['-onetime ends', null, ['-onetime']],
    ['the daemon ends', 'SIGTERM', ['-interval', '600']],
    ['the daemon is killed', 'SIGKILL', ['-interval', '600']],
  ];
  test.each(modes)('writes on when %s', async (_name, signal, mode) => {
    const dir = new Confdir();
    dir.write(
      'server.sh',
      `touch begun\nwhile [ ! -e go ]; do sleep 0.02; done\necho one; echo two >&2; touch alive\n`,
    );
    const dest = dir.resource('x', 'x', [], `reload_cmd = "cd ${dir.root}; sh server.sh & touch reloaded"`);
    const agent = new Program('confd', args(dir, ...mode), {});
    running.push(agent);
    await waitFor('the reload', () => existsSync(dir.path('reloaded')) && existsSync(dir.path('begun')));
    if (signal !== null) {
      await waitFor('the end of the pass', () => agent.log.includes(`INFO Target config ${dest} has been updated`));
      agent.kill(signal);
    }
    await waitFor('the end', () => !existsSync(`/proc/${agent.pid}/exe`));
    dir.write('go', '');
    await waitFor('the server to outlive its first lines', () => existsSync(dir.path('alive')));
  });
});

const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

(hasScript ? describe : describe.skip)('on a terminal (skipped without script(1))', () => {
  /** What a person at a terminal sees, who types a line when asked. */
  const atTerminal = async (words: readonly string[], type: string): Promise<string> => {
    const line = [process.execPath, bin, ...words].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    let typed = false;
    terminal.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (typed || !output.includes('password?')) return;
      typed = true;
      terminal.stdin.write(type);
    });
    await new Promise((resolve) => terminal.on('close', resolve));
    return output;
  };
  const asks = (dir: Confdir) =>
    `reload_cmd = "printf password? >/dev/tty; read -r word </dev/tty; echo got $word >${dir.path('answer')}"`;

  test('a command of -onetime can ask', async () => {
    const dir = new Confdir();
    dir.resource('x', 'x', [], asks(dir));
    await atTerminal(args(dir, '-onetime'), 'sesame\n');
    expect(content(dir.path('answer'))).toBe('got sesame\n');
  });

  test('an interrupt ends it with the command, and the reload is pending', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'x', [], asks(dir));
    const output = await atTerminal(args(dir, '-onetime'), '\x03');
    expect(output).toContain('Captured interrupt. Exiting...');
    expect(output).toContain(`Target config ${dest} is in place, but its reload failed and is pending`);
    expect(readdirSync(dir.path('state/reloads'))).toHaveLength(1);
  });

  test('one with a time limit cannot, so that all of it can be ended', async () => {
    const dir = new Confdir();
    dir.resource('x', 'x', [], `reload_cmd = "exec </dev/tty || exit 9"\nreload_cmd_timeout = "20s"`);
    expect(await atTerminal(args(dir, '-onetime'), '')).toMatch(/ERROR exit status \d/);
  });
});

describe('a dest with an odd path', () => {
  const odd = `My "App's"; touch owned $(touch owned) & x`;

  test('reaches check_cmd and reload_cmd as one word', async () => {
    const dir = new Confdir();
    mkdirSync(dir.path(odd));
    const dest = dir.path(`${odd}/x.conf`);
    dir.write('templates/x.tmpl', 'new');
    const commands = `check_cmd = 'cd ${dir.root} && test -s {{.src}} && test -s "{{.src}}" && cmp -s {{.src}} "$CONFD_SRC"'\nreload_cmd = 'cd ${dir.root} && cp {{.dest}} copy && test "$CONFD_DEST" = {{.dest}}'`;
    dir.write(
      'conf.d/x.toml',
      `[template]\nsrc = "x.tmpl"\ndest = ${JSON.stringify(dest)}\n${commands.replaceAll("'", "'''")}\n`,
    );
    const { code, stderr } = await confd(args(dir, '-onetime'));
    expect({ code, stderr: logOf(stderr).filter((line) => /ERROR|WARNING/.test(line)) }).toEqual({
      code: 0,
      stderr: [],
    });
    expect([content(dest), content(dir.path('copy'))]).toEqual(['new', 'new']);
    expect(readdirSync(dir.root)).not.toContain('owned');
  });

  test('is refused where it could become code, and the other resources run', async () => {
    const dir = new Confdir();
    const other = dir.resource('y', 'new', []);
    dir.write('templates/x.tmpl', 'new');
    const dest = dir.path('a b');
    dir.write('conf.d/x.toml', `[template]\nsrc = "x.tmpl"\ndest = "${dest}"\nreload_cmd = 'sh -c "cat {{.dest}}"'\n`);
    const { code, stderr } = await confd(args(dir, '-onetime'));
    expect([code, content(other), existsSync(dest)]).toEqual([1, 'new', false]);
    expect(stderr).toContain('write "$CONFD_DEST" instead');
  });
});

/** The log from the first resource that is not in sync. */
const behindStart = (log: readonly string[]) => log.slice(log.findIndex((line) => line.endsWith(' out of sync')));

describe('what a failed command said', () => {
  test('line by line, with dest; the staged file by the name of dest; then the resource', async () => {
    const dir = new Confdir();
    const dest = dir.resource(
      'x',
      'new',
      [],
      `check_cmd = "echo bad {{.src}}:3; printf '\\\\ta\\"b\\\\033[1m'; exit 3"`,
    );
    const { code, stderr } = await confd(args(dir, '-onetime'));
    expect(code).toBe(1);
    expect(behindStart(logOf(stderr)).slice(1, -1)).toEqual([
      `ERROR check_cmd of ${dest}: bad ${dest} (staged):3`,
      `ERROR check_cmd of ${dest}: \ta"b\\x1b[1m`,
      'ERROR Config check failed: exit status 3',
      `WARNING Target config ${dest} not updated: failed at check (${dir.path('conf.d/x.toml')})`,
    ]);
  });

  test('is said once while it stays the same, and then in one line with a count', async () => {
    const dir = new Confdir();
    const dest = dir.resource(
      'x',
      'new',
      [],
      `check_cmd = "echo pid $$; echo bad {{.src}}; test -e ${dir.path('fixed')}"`,
    );
    const agent = new Program('confd', args(dir, '-interval', '1'), {});
    running.push(agent);
    await waitFor('a third failure', () => agent.log.some((line) => line.includes(', 3 times in a row')));
    const said = behindStart(agent.log);
    expect(said.slice(0, 7)).toEqual([
      `INFO Target config ${dest} out of sync`,
      expect.stringMatching(/^ERROR check_cmd of \S+: pid \d+$/),
      `ERROR check_cmd of ${dest}: bad ${dest} (staged)`,
      'ERROR Config check failed: exit status 1',
      `WARNING Target config ${dest} not updated: failed at check (${dir.path('conf.d/x.toml')})`,
      ...[2, 3].map(
        (times) =>
          `ERROR Target config ${dest} not updated: failed at check (${dir.path('conf.d/x.toml')}), ` +
          `${times} times in a row for the same reason: Config check failed: exit status 1`,
      ),
    ]);
    dir.write('fixed', '');
    await waitFor('the update', () => agent.log.includes(`INFO Target config ${dest} has been updated`));
  });

  test('a silent one is named with its exit status or signal', async () => {
    const dir = new Confdir();
    const x = dir.resource('x', 'new', [], 'reload_cmd = "exit 7"');
    const y = dir.resource('y', 'new', [], 'check_cmd = "kill -9 $$"');
    const { stderr } = await confd(args(dir, '-onetime'));
    expect(logOf(stderr)).toEqual(
      expect.arrayContaining([
        `ERROR reload_cmd of ${x} printed nothing: exit status 7`,
        `ERROR check_cmd of ${y} printed nothing: signal: killed`,
      ]),
    );
  });
});

test('-noop says what would change, without a value', async () => {
  const dir = new Confdir();
  const dest = dir.resource('x', '{{getv "/app/secret"}}\nline\n', ['/app'], 'mode = "0600"\nreload_cmd = "true"');
  writeFileSync(dest, 'old-s3cret\nline\n', { mode: 0o644 });
  const { code, stderr } = await confd(args(dir, '-onetime', '-noop'), { APP_SECRET: 'new-s3cret' });
  expect(code).toBe(0);
  expect(logOf(stderr).slice(-2)).toEqual([
    `INFO ${dest} would change: content from 16 bytes to 16 bytes (1 line added, 1 removed), mode from -rw-r--r-- to -rw-------; reload_cmd would run`,
    `WARNING Noop mode enabled. ${dest} will not be modified`,
  ]);
  expect(stderr).not.toContain('s3cret');
});

(isRoot ? describe : describe.skip)('owners that a user who is not root asks for', () => {
  const who = { uid: 65534, gid: 65534 };
  const rows: readonly (readonly [string, string])[] = [
    ['owner = "nobody-of-that-name"', 'owner "nobody-of-that-name": there is no such user'],
    ['group = "nobody-of-that-name"', 'group "nobody-of-that-name": there is no such group'],
    ['owner = "root"', 'only root can give a file the owner "root"'],
    ['uid = 0', 'only root can give a file the uid 0'],
    ['gid = 12', 'only root can give a file the gid 12'],
  ];
  test.each(rows)('%s: said once, and the file is written', async (line, why) => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], line);
    chownSync(dir.root, who.uid, who.gid);
    chmodSync(dir.root, 0o755);
    const agent = new Program('confd', args(dir, '-interval', '1', '-log-level', 'debug'), {}, who);
    running.push(agent);
    const loads = () => agent.log.filter((entry) => entry.startsWith('DEBUG Loading template resources')).length;
    await waitFor('some passes', () => loads() >= 3 && existsSync(dest));
    const { uid, gid } = statSync(dest);
    expect([content(dest), uid, gid]).toEqual(['new', who.uid, who.gid]);
    expect(agent.log.filter((entry) => /WARNING|ERROR/.test(entry))).toEqual([
      `WARNING ${dir.path('conf.d/x.toml')}: ${why}; ${dest} is written as uid ${who.uid} and gid ${who.gid}`,
    ]);
  });

  test('numbers that are none are errors for everybody', async () => {
    const dir = new Confdir();
    dir.resource('x', 'new', [], 'owner = "4294967295"');
    chownSync(dir.root, who.uid, who.gid);
    const agent = new Program('confd', args(dir, '-onetime'), {}, who);
    expect((await agent.ended).code).toBe(1);
    expect(agent.stderr).toContain('owner 4294967295 is out of range');
  });

  test('a group that he is in can be given', () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], 'gid = 12');
    chownSync(dir.root, who.uid, who.gid);
    chmodSync(dir.root, 0o755);
    const line = ['--reuid=65534', '--regid=65534', '--groups=12', process.execPath, bin, ...args(dir, '-onetime')];
    const { status, stderr } = spawnSync('setpriv', line, { encoding: 'utf8', cwd: '/' });
    expect({
      status,
      stderr: logOf(stderr).filter((entry) => entry.startsWith('WARNING')),
      gid: statSync(dest).gid,
    }).toEqual({
      ...{ status: 0, stderr: [], gid: 12 },
    });
  });
});

describe('a dest, or a template, that is something else', () => {
  const make = (name: string) => {
    const dir = new Confdir();
    const dest = dir.resource(name, 'new', [], 'check_cmd = "exit 1"');
    return { dir, dest };
  };
  const errors = async (dir: Confdir): Promise<readonly string[]> => {
    const { code, stderr } = await confd(args(dir, '-onetime'));
    expect(code).toBe(1);
    return logOf(stderr).filter((line) => line.startsWith('ERROR'));
  };

  test('a directory, a named pipe', async () => {
    for (const [kind, command] of [
      ['a directory', 'mkdir "$1"'],
      ['a named pipe', 'mkfifo "$1"'],
    ] as const) {
      const { dir, dest } = make('x');
      spawnSync('sh', ['-c', command, 'sh', dest]);
      expect(await errors(dir)).toEqual([`ERROR dest ${dest} is ${kind}, and not a file`]);
      expect(readdirSync(dir.root).sort()).toEqual(['conf.d', 'templates', 'x']);
    }
  });

  test('its directory is missing, or is a file', async () => {
    const { dir } = make('x');
    dir.write('file', '');
    for (const [name, fact] of [
      ['gone', 'its directory @/gone does not exist'],
      ['file', '@/file is not a directory'],
    ] as const) {
      const dest = dir.path(`${name}/x`);
      dir.write('conf.d/x.toml', `[template]\nsrc = "x.tmpl"\ndest = "${dest}"\n`);
      expect(await errors(dir)).toEqual([`ERROR dest ${dest}: ${fact.replace('@', dir.root)}`]);
    }
  });

  test('the template is a directory', async () => {
    const { dir } = make('x');
    mkdirSync(dir.path('templates/sub'));
    dir.write('conf.d/x.toml', `[template]\nsrc = "sub"\ndest = "${dir.path('x')}"\n`);
    const path = dir.path('templates/sub');
    expect(await errors(dir)).toEqual([`ERROR Unable to process template ${path}, read ${path}: is a directory`]);
  });
});
