import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { run, runShell } from '../../../src/agent/resource/command.ts';
import { ownTag } from '../../../src/agent/resource/process-tag.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { commandOf, scratch } from '../../helpers/pipeline.ts';

const files = { src: '/s', dest: '/d' };

describe('failures', () => {
  test.each([
    ['exit 3', 'exit status 3'],
    ['no-such-program-here 2>/dev/null', 'exit status 127'],
    ['(', 'exit status 2'],
    ['kill -9 $$', 'signal: killed'],
    ['kill -TERM $$', 'signal: terminated'],
    ['kill -SEGV $$', 'signal: segmentation fault'],
  ])('%s → %s', async (text, failure) => {
    expect(await runShell(text, { timeoutMs: null, clock: systemClock })).toMatchObject({ failure });
  });

  test('cannot be started: the text is longer than the system takes', async () => {
    const starting = runShell(`: ${'x'.repeat(3_000_000)}`, { timeoutMs: null, clock: systemClock });
    await expect(starting).rejects.toThrow('fork/exec /bin/sh: argument list too long');
  });

  test('timed out: the shell and all that it started are ended', async () => {
    using folder = scratch();
    const texts = ['sleep 60; true', 'trap "" HUP; sleep 60 & wait', 'sleep 60 >/dev/null & sleep 60'];
    const runs = texts.map(async (text, i) => {
      const pidFile = join(folder.path, String(i));
      const ended = await runShell(`echo $$ >${pidFile}; echo begun; ${text}`, { timeoutMs: 500, clock: systemClock });
      expect(ended).toEqual({ failure: 'command timed out after 500ms', output: 'begun\n', cut: false });
      expect(groupOf(readFileSync(pidFile, 'utf8').trim())).toBe(false);
    });
    await Promise.all(runs);
  });

  test('timed out: what ignores SIGTERM gets SIGKILL when its grace is over', async () => {
    using folder = scratch();
    const pids = join(folder.path, 'pid');
    const clock = new FakeClock();
    let ended: unknown = null;
    const running = runShell(`trap "" TERM; echo $$ >${pids}; sleep 60; sleep 60`, { timeoutMs: 90_000, clock }).then(
      (e) => (ended = e),
    );
    while (!existsSync(pids) || readFileSync(pids, 'utf8') === '') await systemClock.sleep(5, never);
    await clock.advance(90_000);
    expect(ended).toBeNull();
    await clock.advance(5_000);
    await running;
    expect(ended).toMatchObject({ failure: 'command timed out after 1m30s' });
    while (groupOf(readFileSync(pids, 'utf8').trim())) await systemClock.sleep(5, never);
  });
});

describe('the process is asked to end while a command runs', () => {
  test('the command has the grace to end; then it is left to itself, and may write on', async () => {
    using folder = scratch();
    const path = (name: string) => join(folder.path, name);
    const clock = new FakeClock();
    const end = new AbortController();
    const text = `echo begun; touch ${path('began')}; while [ ! -e ${path('go')} ]; do sleep 0.02; done; echo more; echo most; touch ${path('done')}`;
    let ended: unknown = null;
    const ending = { signal: end.signal, graceMs: 60_000 };
    const running = runShell(text, { timeoutMs: null, clock, ending }).then((e) => (ended = e));
    while (!existsSync(path('began'))) await systemClock.sleep(5, never);
    end.abort();
    await clock.advance(59_000);
    expect(ended).toBeNull();
    await clock.advance(1_000);
    await running;
    expect(ended).toEqual({
      failure: 'it still runs 1m0s after confd was asked to stop; confd does not wait any longer',
      output: 'begun\n',
      cut: false,
    });
    expect(clock.pending).toEqual([]);
    await runShell(`touch ${path('go')}`, { timeoutMs: null, clock: systemClock });
    while (!existsSync(path('done'))) await systemClock.sleep(5, never);
  });

  test('asked before the command began: the same grace', async () => {
    const ending = { signal: AbortSignal.abort(), graceMs: 50 };
    const { failure } = await runShell('sleep 1', { timeoutMs: null, clock: systemClock, ending });
    expect(failure).toMatch(/^it still runs 50ms after/);
  });

  test('a command that ends in time ends as ever', async () => {
    const ending = { signal: AbortSignal.abort(), graceMs: 60_000 };
    expect(await runShell('exit 3', { timeoutMs: null, clock: systemClock, ending })).toMatchObject({
      failure: 'exit status 3',
    });
  });
});

describe('output', () => {
  test('of both streams, in order', async () => {
    const { output } = await runShell('for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done', {
      timeoutMs: null,
      clock: systemClock,
    });
    expect(output).toBe('o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n');
  });

  test('of a shell that does not understand its text', async () => {
    const { output } = await runShell('(', { timeoutMs: null, clock: systemClock });
    expect(output).toMatch(/[Ss]yntax error/);
  });

  test('is cut, and the command is not held up', async () => {
    const { failure, output, cut } = await runShell('head -c 3000000 /dev/zero', {
      timeoutMs: null,
      clock: systemClock,
    });
    expect([failure, output.length, cut]).toEqual([null, 65_536, true]);
  });

  test('everything that the shell wrote before it ended', async () => {
    const { output, cut } = await runShell('head -c 60000 /dev/zero', { timeoutMs: null, clock: systemClock });
    expect([output.length, cut]).toEqual([60_000, false]);
  });

  test('a background child that holds the pipe holds nobody', async () => {
    using folder = scratch();
    const late = join(folder.path, 'late');
    const text = `(while [ ! -e ${late} ]; do sleep 0.02; done; echo more; touch ${late}.alive) & echo begun`;
    expect(await runShell(text, { timeoutMs: null, clock: systemClock })).toEqual({
      failure: null,
      output: 'begun\n',
      cut: false,
    });
    // It may go on writing: its pipe is not broken by our going on.
    await runShell(`touch ${late}`, { timeoutMs: null, clock: systemClock });
    while (!existsSync(`${late}.alive`)) await systemClock.sleep(10, never);
  });

  test('in the session of this process when that is wanted', async () => {
    const ended = await runShell('ps -o sid= -p $$ | tr -d " "', {
      timeoutMs: null,
      clock: systemClock,
      ownSession: false,
    });
    const own = await runShell(`ps -o sid= -p ${process.pid} | tr -d " "`, { timeoutMs: null, clock: systemClock });
    expect(ended.output).toBe(own.output);
  });

  test('stdin is empty and there is a process group of its own', async () => {
    const { output } = await runShell('cat; ps -o pgid= -p $$ | tr -d " "; echo $$', {
      timeoutMs: null,
      clock: systemClock,
    });
    const [group, pid] = output.trim().split('\n');
    expect(group).toBe(pid);
  });
});

describe('the log', () => {
  test.each([
    [
      'printf "checked \\303\\251 $src\\n"',
      ['DEBUG Running printf "checked \\303\\251 /s\\n"', 'DEBUG "checked é /s\\n"'],
    ],
    ['true', ['DEBUG Running true', 'DEBUG ""']],
    [
      'echo 100% bad; printf "\\377\\001\\\\ \\"x\\"\\ty\\r\\n"; exit 2',
      [expect.anything(), 'ERROR check_cmd of /d: 100% bad', 'ERROR check_cmd of /d: \\xff\\x01\\ "x"\ty'],
    ],
    ['exit 2', [expect.anything(), 'ERROR check_cmd of /d printed nothing: exit status 2']],
    ['echo; echo x; exit 2', [expect.anything(), 'ERROR check_cmd of /d: ', 'ERROR check_cmd of /d: x']],
    [
      'seq 1 80; exit 2',
      [
        expect.anything(),
        ...Array.from({ length: 25 }, (_, i) => `ERROR check_cmd of /d: ${i + 1}`),
        'ERROR check_cmd of /d: … 30 lines left out …',
        ...Array.from({ length: 25 }, (_, i) => `ERROR check_cmd of /d: ${i + 56}`),
      ],
    ],
    [
      'head -c 70000 /dev/zero | tr "\\0" x; exit 2',
      [
        expect.anything(),
        `ERROR check_cmd of /d: ${'x'.repeat(65_536)}`,
        'ERROR check_cmd of /d: (cut after 65536 bytes)',
      ],
    ],
    ['test "$CONFD_SRC $CONFD_DEST" = "/s /d"', [expect.anything(), 'DEBUG ""']],
    [
      'head -c 70000 /dev/zero | tr "\\0" x',
      [expect.anything(), `DEBUG "${'x'.repeat(65_536)}" (cut after 65536 bytes)`],
    ],
  ])('%s', async (text, lines) => {
    const log = memoryLog();
    await run(commandOf('check_cmd', text), files, { log, clock: systemClock });
    expect(log.lines).toEqual(lines);
  });

  test('calls the staged file by the name of dest, and one that is kept by its own', async () => {
    const log = memoryLog();
    const staged = `/etc/.d é.${ownTag()}-00000000`;
    for (const src of [staged, '/etc/.d123']) {
      await run(
        commandOf('check_cmd', 'echo $CONFD_SRC:3; exit 1'),
        { src, dest: '/etc/d é' },
        { log, clock: systemClock },
      );
    }
    expect(log.lines.filter((line) => line.startsWith('ERROR'))).toEqual([
      'ERROR check_cmd of /etc/d é: /etc/d é (staged):3',
      'ERROR check_cmd of /etc/d é: /etc/.d123:3',
    ]);
  });

  test('says once that a command runs for a minute', async () => {
    using folder = scratch();
    const go = join(folder.path, 'go');
    const log = memoryLog();
    const clock = new FakeClock();
    const text = `while [ ! -e ${go} ]; do sleep 0.02; done`;
    const running = run(commandOf('reload_cmd', text), files, { log, clock });
    while (clock.pending.length === 0) await systemClock.sleep(5, never);
    await clock.advance(600_000);
    await runShell(`touch ${go}`, { timeoutMs: null, clock: systemClock });
    expect(await running).toBeNull();
    expect(log.lines.filter((line) => line.startsWith('WARNING'))).toEqual([
      'WARNING reload_cmd of /d is still running after 1m0s',
    ]);
    expect(clock.pending).toEqual([]);
  });
});

const never = new AbortController().signal;

function groupOf(pid: string): boolean {
  try {
    return process.kill(-Number(pid), 0);
  } catch {
    return false;
  }
}
