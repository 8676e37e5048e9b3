import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { counted } from '../../go/count.ts';
import { fromText, toText } from '../../go/bytes.ts';
import { formatDuration } from '../../go/duration.ts';
import { errnoText, signalText } from '../../go/os.ts';
import { quote } from '../../go/strconv.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { AgentError, isErrno } from './error.ts';
import { ownTag } from './process-tag.ts';

/** The files that a command's text can name. */
export interface CommandFiles {
  /** A file that holds the rendering. */
  readonly src: string;
  readonly dest: string;
}

/** A check_cmd or reload_cmd, ready to run. */
export interface Command {
  readonly key: 'check_cmd' | 'reload_cmd';
  /** The text for the shell. Throws TemplateError, and AgentError for a path that has no safe place in it. */
  readonly text: (files: CommandFiles) => string;
  /** null: as long as it takes. */
  readonly timeoutMs: number | null;
}

/** How the process ends: from then on a command in hand is waited for no longer than the grace. */
export interface Ending {
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
}

/** What commands run with. */
export interface CommandDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** Left out, commands take as long as they take. */
  readonly ending?: Ending;
  /** A command without a time limit stays in the session of the process, so that sudo and ssh can ask on its terminal. */
  readonly onTerminal?: boolean;
}

/** How a command ended. */
export interface Ended {
  /** null for exit status 0, else Go's text: "exit status 3", "signal: killed". */
  readonly failure: string | null;
  /** stdout and stderr as they came, a byte string. */
  readonly output: string;
  /** True when there was more output than is kept. */
  readonly cut: boolean;
}

const outputBytes = 64 * 1024;
const slowMs = 60_000;
const graceMs = 5_000;
const pollMs = 100;

/**
 * Runs a command and logs its text and output: as one quoted text at DEBUG when it works, line by line when it fails. Gives
 * why it failed, or null. Throws AgentError when it cannot start.
 */
export async function run(command: Command, files: CommandFiles, deps: CommandDeps): Promise<string | null> {
  const { log, clock, ending, onTerminal = false } = deps;
  const { key, timeoutMs } = command;
  const text = command.text(files);
  log.debug(`Running ${text}`);
  const slow = () => {
    log.warning(`${key} of ${files.dest} is still running after ${durationText(slowMs)}`);
  };
  const env = { CONFD_SRC: files.src, CONFD_DEST: files.dest };
  const options = { timeoutMs, clock, slow, env, ownSession: !onTerminal || timeoutMs !== null };
  const ended = await runShell(text, { ...options, ...(ending && { ending }) });
  if (ended.failure === null) log.debug(toText(quote(ended.output)) + cutText(ended));
  else for (const line of complaints(ended, files)) log.error(`${key} of ${files.dest}${line}`);
  return ended.failure;
}

const cutText = ({ cut }: Ended) => (cut ? ` (cut after ${outputBytes} bytes)` : '');

/** Lines of a failed command that the log has room for; of more, the first and the last ones are shown. */
const maxLines = 50;

/** What a failed command said. The staged file is gone when somebody reads this, so it is called by dest's name. */
function complaints(ended: Ended, { src, dest }: CommandFiles): string[] {
  const staged = basename(src).includes(ownTag());
  const output = staged ? ended.output.replaceAll(fromText(src), fromText(`${dest} (staged)`)) : ended.output;
  const lines = output.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) return [` printed nothing: ${ended.failure ?? ''}`];
  const shown = lines.map((line) => `: ${printable(line)}`);
  const half = maxLines / 2;
  if (shown.length > maxLines) {
    shown.splice(half, shown.length - maxLines, `: … ${counted(shown.length - maxLines, 'line')} left out …`);
  }
  return ended.cut ? [...shown, `:${cutText(ended)}`] : shown;
}

/** Tabs as they are, other control characters and what is no UTF-8 in Go's escapes. */
function printable(line: string): string {
  const escaped = toText(quote(line)).slice(1, -1);
  return escaped.replace(/\\(["\\t])/g, (_, char: string) => (char === 't' ? '\t' : char));
}

/** How a shell is run. */
export interface ShellOptions {
  /** null: as long as it takes. */
  readonly timeoutMs: number | null;
  readonly clock: Clock;
  /** Called when it takes long. */
  readonly slow?: () => void;
  readonly ending?: Ending;
  /** What the environment has beside that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** False leaves the shell in the session, and with it on the terminal, of this process. */
  readonly ownSession?: boolean;
}

/**
 * Runs text in /bin/sh, usually in a session of its own, until the shell ends: a child that it leaves in the background
 * may keep the output open. After timeoutMs the group gets SIGTERM, and SIGKILL five seconds later. A shell that still
 * runs when the grace of the ending is over goes on without us: it may be waiting for our end.
 */
export async function runShell(text: string, options: ShellOptions): Promise<Ended> {
  const { execa } = await import('execa');
  // One pipe for both, so that the output stays in order.
  const shell = execa('/bin/sh', ['-c', `exec 2>&1;${text}`], {
    detached: options.ownSession ?? true,
    cleanup: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    ...(options.env && { env: options.env }),
  });
  const { pid } = shell;
  if (pid === undefined) throw cannotStart((await shell).cause);
  const exit = new Promise<string | null>((resolve) => {
    shell.once('exit', (code, signal) => {
      resolve(signal !== null ? `signal: ${signalText(signal)}` : code === 0 ? null : `exit status ${code ?? -1}`);
    });
  });
  const captures = [shell.stdout, shell.stderr].map((stream) => new Capture(stream));
  const failure = await supervise(pid, exit, options);
  for (const capture of captures) await capture.finish();
  const output = captures.map((capture) => capture.text()).join('');
  return { failure, output: output.slice(0, outputBytes), cut: output.length > outputBytes };
}

function cannotStart(cause: unknown): AgentError {
  const reason = isErrno(cause) ? errnoText(cause) : String(cause);
  return new AgentError(`fork/exec /bin/sh: ${reason}`, { cause });
}

/** Waits for the shell's end; ends it and its group when its time is up, and leaves it when the process must end. */
async function supervise(pid: number, exit: Promise<string | null>, options: ShellOptions): Promise<string | null> {
  const { timeoutMs, clock, slow = () => undefined, ending } = options;
  const over = new AbortController();
  const { signal } = over;
  clock.sleep(slowMs, signal).then(slow, () => undefined);
  const ended = exit.then((failure) => ({ failure }));
  const timeUp = timeoutMs === null ? never : after(clock.sleep(timeoutMs, signal), 'time is up');
  const mustGo = ending === undefined ? never : after(graceOver(ending, clock, signal), 'must go');
  const result = await Promise.race([ended, timeUp, mustGo]);
  if (result === 'time is up') await killGroup(pid, clock);
  over.abort();
  if (result === 'time is up') return `command timed out after ${durationText(timeoutMs ?? 0)}`;
  if (result === 'must go')
    return `it still runs ${durationText(ending?.graceMs ?? 0)} after confd was asked to stop; confd does not wait any longer`;
  return result.failure;
}

const never = new Promise<never>(() => undefined);

/** Gives the word when the waiting is over, and nothing any more when it was broken off. */
function after<T extends string>(waiting: Promise<void>, word: T): Promise<T> {
  return waiting.then(
    () => word,
    () => never,
  );
}

async function graceOver({ signal, graceMs }: Ending, clock: Clock, over: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true, signal: over },
      );
    });
  }
  await clock.sleep(graceMs, over);
}

/** SIGTERM to everything that the command started, and SIGKILL to what is left after the grace. */
async function killGroup(pid: number, clock: Clock): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < graceMs; waited += pollMs) {
    await clock.sleep(pollMs, new AbortController().signal);
    if (!signalGroup(pid, 0)) return;
  }
  signalGroup(pid, 'SIGKILL');
}

/** False when nobody is left in the group. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    if (isErrno(error, 'EPERM')) return true; // somebody is left, but under another user
    throw error;
  }
}

/**
 * Reads the rest of a stream and drops it, in a process that lives as long as somebody writes: with this one at the other
 * end, a server in the background would die of SIGPIPE at its first line after our end.
 */
function drain(stream: Readable): void {
  const reader = spawn('/bin/sh', ['-c', 'exec cat >/dev/null'], {
    stdio: [stream, 'ignore', 'ignore'],
    detached: true,
  });
  reader.on('error', () => undefined);
  reader.unref();
}

/** Collects the beginning of a stream. */
class Capture {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly stream: Readable) {
    stream.on('data', this.add);
    stream.on('error', () => undefined);
  }

  /**
   * Takes what was written before the shell ended, which is in the pipe by now: reads until two turns of the event
   * loop bring nothing. Whatever background children write from then on keeps nobody waiting.
   */
  async finish(): Promise<void> {
    for (let quiet = 0; quiet < 2 && !this.stream.readableEnded && this.size <= outputBytes; quiet++) {
      const before = this.size;
      await setImmediate();
      if (this.size > before) quiet = 0;
    }
    this.stream.off('data', this.add);
    if (this.stream.readableEnded) return;
    this.stream.pause();
    drain(this.stream);
    this.stream.destroy();
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  private readonly add = (chunk: Buffer): void => {
    if (this.size <= outputBytes) this.chunks.push(chunk);
    this.size += chunk.length;
  };
}

function durationText(ms: number): string {
  return formatDuration(BigInt(Math.round(ms * 1e6)));
}
