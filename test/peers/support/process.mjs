// Programs, folders and ports for the peer tests, all gone again when the run ends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = [];
const running = new Set();
let stateDir;

process.on('exit', () => {
  endPrograms();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** Ends what a failed test left running; without it the test process would wait for ever. */
export function endPrograms() {
  for (const child of running) child.kill('SIGKILL');
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** A new empty folder, removed when the test process ends. */
export function scratch(name) {
  const folder = mkdtempSync(join(tmpdir(), `peers-${name}-`));
  folders.push(folder);
  return folder;
}

/** Resolves with the first true answer of `ask`; fails after `ms`, naming what was waited for. */
export async function waitFor(what, ask, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) {
      const told = typeof what === 'function' ? what() : what;
      throw new Error(
        `gave up after ${ms} ms waiting for ${told.slice(0, 200)}${told.length > 200 ? `\n…${told.slice(-2500)}` : ''}`,
      );
    }
    await sleep(20);
  }
}

/** Starts a program; `.output()` is all it printed so far, `.ended` resolves to its exit code (or the signal's name). */
export function start(command, args, options = {}) {
  // Never the state directory of the machine.
  const env = { CONFD_STATE_DIR: (stateDir ??= scratch('state')), ...(options.env ?? process.env) };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env });
  running.add(child);
  let text = '';
  const collect = (chunk) => (text += chunk.toString('latin1'));
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      running.delete(child);
      // Its last words may still be on their way; what it started and left may hold the pipes open for ever.
      const timer = setTimeout(() => done(code ?? signal), 5000);
      child.once('close', () => (clearTimeout(timer), done(code ?? signal)));
    });
  });
  return {
    pid: child.pid,
    ended,
    output: () => text,
    forget: () => (text = ''),
    alive: () => child.exitCode === null && child.signalCode === null,
    signal: (name) => child.kill(name),
    /** @param {NodeJS.Signals} name */
    async stop(name = 'SIGTERM') {
      child.kill(name);
      return ended;
    },
  };
}

/** Runs a program to its end. */
export async function run(command, args, options = {}) {
  const program = start(command, args, options);
  const timer = setTimeout(() => program.signal('SIGKILL'), options.timeoutMs ?? 180_000);
  const code = await program.ended;
  clearTimeout(timer);
  return { code, output: program.output() };
}
