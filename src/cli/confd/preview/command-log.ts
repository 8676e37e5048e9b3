import { type Level, type Logger, parseLevel } from '../../../obs/log.ts';
import { writeTo } from '../../process/output.ts';

/** The log of a command that somebody waits for: plain lines on stderr, from WARNING on unless -log-level says otherwise. */
export class CommandLog implements Logger {
  /** Whether there was an error. */
  failed = false;
  readonly #least: Level;

  constructor(level: Level = 'warning') {
    this.#least = level;
  }

  /** The log at the level that -log-level names, or null for a word that is none. */
  static at(word: string): CommandLog | null {
    const level = parseLevel(word);
    return level === undefined ? null : new CommandLog(level);
  }

  debug(message: string): void {
    if (this.#least === 'debug') writeTo(2, `debug: ${message}\n`);
  }

  info(message: string): void {
    if (this.#least === 'debug' || this.#least === 'info') writeTo(2, `info: ${message}\n`);
  }

  warning(message: string): void {
    if (['debug', 'info', 'warning'].includes(this.#least)) writeTo(2, `warning: ${message}\n`);
  }

  /** An error is said at every level; lines of advice stand below it. */
  error(message: string, advice: readonly string[] = []): void {
    this.failed = true;
    writeTo(2, [`error: ${message}`, ...advice].map((line) => `${line}\n`).join(''));
  }

  fatal(message: string): void {
    this.error(message);
  }
}
