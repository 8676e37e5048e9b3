import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { confd, Confdir, logOf, Program, waitFor } from '../helpers/confd.ts';
import { isRoot } from '../helpers/pipeline.ts';

// A reload that is pending is not forgotten, whatever ends the run.

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
});

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** A resource whose reload says when it begins, does what `command` says, and counts when it worked. */
class Place extends Confdir {
  readonly state = this.path('state');
  readonly dest: string;

  constructor(command: string) {
    super();
    const script = this.path('reload.sh');
    this.write(
      'reload.sh',
      `echo >>${this.path('begun')}\n${command.replaceAll('@', this.root)} || exit\necho >>${this.path('made')}\n`,
    );
    this.dest = this.resource('x', '{{getv "/app"}}', ['/app'], `reload_cmd = "sh ${script}"`);
  }

  get begun(): number {
    return content(this.path('begun')).length;
  }

  get made(): number {
    return content(this.path('made')).length;
  }

  get entries(): readonly string[] {
    const folder = join(this.state, 'reloads');
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  args(...mode: string[]): string[] {
    return [...mode, '-backend', 'env', '-confdir', this.root, '-state-dir', this.state, '-stop-timeout', '300ms'];
  }

  once(app = 'one') {
    return confd(this.args('-onetime'), { APP: app });
  }

  start(...mode: string[]): Program {
    const program = new Program('confd', this.args(...mode), { APP: 'one' });
    running.push(program);
    return program;
  }
}

describe('a reload that failed', () => {
  test('in -onetime is made by the next -onetime, which fails as long as it does', async () => {
    const place = new Place('test -e @/fixed');
    expect((await place.once()).code).toBe(1);
    expect(readFileSync(place.dest, 'utf8')).toBe('one');
    const second = await place.once();
    expect(second.code).toBe(1);
    expect(logOf(second.stderr)).toContain(
      `INFO Target config ${place.dest} in sync, but its last reload failed or was cut short: running it again`,
    );
    place.write('fixed', '');
    const third = await place.once();
    expect([third.code, place.made, place.entries]).toEqual([0, 1, []]);
    expect(logOf(third.stderr)).toContain(
      `INFO Target config ${place.dest} in sync; its pending reload has been run and succeeded`,
    );
    const state = statSync(join(place.state, 'reloads')).mtimeMs;
    expect((await place.once()).code).toBe(0);
    expect([place.begun, statSync(join(place.state, 'reloads')).mtimeMs]).toEqual([3, state]);
  });

  test.each([['-watch'], ['-interval', '600']])(
    'in -onetime is made by %s, and the other way round',
    async (...mode) => {
      const place = new Place('test -e @/fixed');
      expect((await place.once()).code).toBe(1);
      const agent = place.start(...mode);
      await waitFor('a second run', () => place.begun >= 2);
      const { code } = await agent.stop();
      expect([code, place.made]).toEqual([0, 0]);
      expect(agent.log).toContain(
        `WARNING Exiting while a reload is still pending for ${place.dest}; the next run of confd will run it`,
      );
      place.write('fixed', '');
      expect([(await place.once()).code, place.made]).toEqual([0, 1]);
    },
  );

  test('with another content in between: one reload is enough', async () => {
    const place = new Place('test -e @/fixed');
    expect((await place.once('one')).code).toBe(1);
    place.write('fixed', '');
    expect((await place.once('two')).code).toBe(0);
    expect((await place.once('two')).code).toBe(0);
    expect([place.begun, place.made, place.entries]).toEqual([2, 1, []]);
  });

  test('without a state directory is forgotten, and the exit says no more', async () => {
    const place = new Place('test -e @/fixed');
    const args = ['-interval', '600', '-backend', 'env', '-confdir', place.root, '-state-dir', ''];
    const agent = new Program('confd', args, { APP: 'one' });
    running.push(agent);
    await waitFor('the reload', () => place.begun >= 1);
    await agent.stop();
    expect(agent.log.at(-1)).toBe(`WARNING Exiting while a reload is still pending for ${place.dest}`);
    expect((await place.once()).code).toBe(0);
    expect([place.made, place.entries]).toEqual([0, []]);
  });

  test('with a state directory that cannot be used: said once, and everything else goes on', async () => {
    const place = new Place('true');
    place.write('state', '');
    const { code, stderr } = await place.once();
    expect([code, place.made]).toEqual([0, 1]);
    expect(logOf(stderr).filter((line) => line.startsWith('WARNING'))).toEqual([
      expect.stringContaining('The state directory cannot be used: mkdir'),
    ]);
  });
});

describe('a run that ends while the reload runs', () => {
  test.each([
    ['kill -9, -onetime', 'SIGKILL', ['-onetime']],
    ['kill -9, -watch', 'SIGKILL', ['-watch']],
    ['SIGTERM, and the reload outlives the grace, -onetime', 'SIGTERM', ['-onetime']],
    ['SIGTERM, and the reload outlives the grace, -interval', 'SIGTERM', ['-interval', '600']],
  ] as const)('%s: the next one makes it', async (_name, signal, mode) => {
    const place = new Place('while ! test -e @/go; do sleep 0.05; done; test -e @/fixed');
    const agent = place.start(...mode);
    await waitFor('the reload', () => place.begun === 1);
    agent.kill(signal);
    await agent.ended;
    expect(place.entries).toHaveLength(1);
    for (const name of ['go', 'fixed']) place.write(name, '');
    expect((await place.once()).code).toBe(0);
    expect([readFileSync(place.dest, 'utf8'), place.begun, place.entries]).toEqual(['one', 2, []]);
    await waitFor('both reloads to end', () => place.made === 2);
  });

  test('a reload that restarts confd, and waits for its end, does so once more and no third time', async () => {
    // What systemctl does: the command asks for a stop, waits for it, and never sees the end of it.
    const place = new Place(
      `while ! test -s @/pid; do sleep 0.05; done; kill -TERM $(cat @/pid); while kill -0 $(cat @/pid); do sleep 0.05; done; exit 1`,
    );
    const logs: string[][] = [];
    for (let start = 0; start < 3; start++) {
      rmSync(place.path('pid'), { force: true });
      const agent = place.start('-interval', '600');
      writeFileSync(place.path('pid'), String(agent.pid));
      if (start < 2) expect((await agent.ended).code).toBe(0);
      else await waitFor('a pass', () => agent.log.some((line) => line.startsWith('WARNING')));
      logs.push(agent.log.filter((line) => line.startsWith('WARNING')));
      await agent.stop();
    }
    expect(place.begun).toBe(2);
    expect(logs[0]!.at(-1)).toBe(
      `WARNING Exiting while a reload is still pending for ${place.dest}; the next run of confd will run it`,
    );
    expect(logs[2]).toEqual([
      expect.stringMatching(/^WARNING The pending reload of \S+ is not run again: confd was asked to stop 2 times/),
    ]);
    expect(place.entries).toEqual([]);
  });
});

test('two agents with dests of their own share a state directory', async () => {
  const [a, b] = [new Place('test -e @/fixed'), new Place('test -e @/fixed')];
  const run = (place: Place) => confd([...place.args('-onetime'), '-state-dir', a.state], { APP: 'one' });
  expect((await Promise.all([run(a), run(b)])).map(({ code }) => code)).toEqual([1, 1]);
  expect(a.entries).toHaveLength(2);
  b.write('fixed', '');
  expect((await run(b)).code).toBe(0);
  expect([(await run(a)).code, a.begun, b.made, a.entries.length]).toEqual([1, 2, 1, 1]);
});

test('noop and sync-only leave the ledger as it is', async () => {
  const place = new Place('test -e @/fixed');
  await place.once();
  place.write('fixed', '');
  for (const flag of ['-noop', '-sync-only'])
    expect((await confd([...place.args('-onetime'), flag], { APP: 'one' })).code).toBe(0);
  expect([place.begun, place.entries.length]).toEqual([1, 1]);
  rmSync(place.dest);
  expect((await confd([...place.args('-onetime'), '-sync-only'], { APP: 'one' })).code).toBe(0);
  expect((await place.once()).code).toBe(0);
  expect(place.made).toBe(1);
});

describe('where the state directory is', () => {
  const shown = (env: Record<string, string>, who = {}) => {
    const bin = join(import.meta.dirname, '../../bin/confd');
    const { stdout } = spawnSync(process.execPath, [bin, '-print-config'], { env, cwd: '/', encoding: 'utf8', ...who });
    return /^state-dir +(.*\S) +default$/m.exec(stdout)?.[1];
  };

  (isRoot ? test : test.skip)('for root, and for others', () => {
    expect(shown({ HOME: '/root', XDG_STATE_HOME: '/x' })).toBe('"/var/lib/confd"');
    const other = { uid: 12345, gid: 12345 };
    expect(shown({ HOME: '/home/me' }, other)).toBe('"/home/me/.local/state/confd"');
    expect(shown({ HOME: '/home/me', XDG_STATE_HOME: '/s' }, other)).toBe('"/s/confd"');
    expect(shown({ HOME: '/home/me', XDG_STATE_HOME: 'relative' }, other)).toBe('"/home/me/.local/state/confd"');
    expect(shown({}, other)).toBe('""');
  });
});
