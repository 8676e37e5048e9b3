import { type Level, type Logger, parseLevel } from '../../../obs/log.ts';
import { writeTo } from '../../process/output.ts';

/**
 * The log of a command that a user waits for: plain lines on stderr, from WARNING on unless -log-level says otherwise.
 */
export class CommandLog implements Logger {
  /** True after an error. */
  failed = false;
  readonly #least: Level;

  constructor(level: Level = 'warning') {
    this.#least = level;
  }

  /** A log with the level of -log-level, or null for an unknown level. */
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

  /** Errors are printed at every level; lines of advice follow. */
  error(message: string, advice: readonly string[] = []): void {
    this.failed = true;
    writeTo(2, [`error: ${message}`, ...advice].map((line) => `${line}\n`).join(''));
  }

  fatal(message: string): void {
    this.error(message);
  }
}
