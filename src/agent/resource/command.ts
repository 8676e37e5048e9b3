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

/** The files that a command can name. */
export interface CommandFiles {
  /** The file with the new content. */
  readonly src: string;
  readonly dest: string;
}

/** A check_cmd or reload_cmd, ready to run. */
export interface Command {
  readonly key: 'check_cmd' | 'reload_cmd';
  /** The text for the shell. Throws TemplateError, and AgentError for a path that cannot be inserted safely. */
  readonly text: (files: CommandFiles) => string;
  /** null: no limit. */
  readonly timeoutMs: number | null;
}

/** The end of the process: from then on a running command is waited for no longer than graceMs. */
export interface Ending {
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
}

/** What commands run with. */
export interface CommandDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** Without it, commands are waited for without a limit. */
  readonly ending?: Ending;
  /**
   * Runs a command without a time limit in the session of the process, so that sudo and ssh can ask on its terminal.
   */
  readonly onTerminal?: boolean;
}

/** How a command ended. */
export interface Ended {
  /** null for exit status 0, otherwise Go's text: "exit status 3", "signal: killed". */
  readonly failure: string | null;
  /** stdout and stderr in their order, as a byte string. */
  readonly output: string;
  /** True when the output was longer than what is kept. */
  readonly cut: boolean;
}

const outputBytes = 64 * 1024;
const slowMs = 60_000;
const graceMs = 5_000;
const pollMs = 100;

/**
 * Runs a command and logs its text and output: as one quoted text at DEBUG when it succeeds, line by line when it
 * fails. Returns why it failed, or null. Throws AgentError when it cannot start.
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

/** Lines of a failed command that are logged; of more, the first and the last ones. */
const maxLines = 50;

/**
 * The output of a failed command, for the log. The staged file is gone when somebody reads this, so dest is named
 * instead.
 */
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

/** Keeps tabs; shows other control characters and invalid UTF-8 as Go's escapes. */
function printable(line: string): string {
  const escaped = toText(quote(line)).slice(1, -1);
  return escaped.replace(/\\(["\\t])/g, (_, char: string) => (char === 't' ? '\t' : char));
}

/** How a shell is run. */
export interface ShellOptions {
  /** null: no limit. */
  readonly timeoutMs: number | null;
  readonly clock: Clock;
  /** Called when the command takes long. */
  readonly slow?: () => void;
  readonly ending?: Ending;
  /** Variables in addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** False runs the shell in the session, and on the terminal, of this process. */
  readonly ownSession?: boolean;
}

/**
 * Runs text in /bin/sh, usually in its own session, until the shell ends: a child in the background may keep the output
 * open. After timeoutMs the process group gets SIGTERM, and SIGKILL five seconds later. When the grace period of
 * `ending` is over, a running shell is left alone: it may be waiting for this process to end.
 */
export async function runShell(text: string, options: ShellOptions): Promise<Ended> {
  const { execa } = await import('execa');
  // One pipe for stdout and stderr keeps their order.
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

/** Waits for the shell to end; kills its group at the time limit, and leaves it when this process must end. */
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

/** Resolves to the word when the waiting is over; never when it was cancelled. */
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

/** Sends SIGTERM to the group, and SIGKILL to what is left after the grace period. */
async function killGroup(pid: number, clock: Clock): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < graceMs; waited += pollMs) {
    await clock.sleep(pollMs, new AbortController().signal);
    if (!signalGroup(pid, 0)) return;
  }
  signalGroup(pid, 'SIGKILL');
}

/** False when the group has no process any more. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    if (isErrno(error, 'EPERM')) return true; // a process is left, but it belongs to another user
    throw error;
  }
}

/**
 * Reads the rest of a stream in a process that runs as long as the stream is open: otherwise a server in the background
 * would die of SIGPIPE at its first line after this process has ended.
 */
function drain(stream: Readable): void {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const reader = spawn('/bin/sh', ['-c', 'exec cat >/dev/null'], {
    stdio: [stream, 'ignore', 'ignore'],
    detached: true,
  });
  reader.on('error', () => undefined);
  reader.unref();
}

/** Keeps the beginning of a stream. */
class Capture {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly stream: Readable) {
    stream.on('data', this.add);
    stream.on('error', () => undefined);
  }

  /**
   * Reads what was written before the shell ended, which is in the pipe by now: until two turns of the event loop bring
   * nothing. Later output of background children is not waited for.
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
