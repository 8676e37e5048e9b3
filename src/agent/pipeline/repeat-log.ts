import type { Logger } from '../../obs/log.ts';

/**
 * The log of one resource's passes. Lines that the failed pass before has logged too go to DEBUG, until the first new
 * line. Call `begin` before each pass and `end` after it.
 */
export class RepeatLog implements Logger {
  /** The lines of the failed pass before; null when it did not fail. */
  private before: ReadonlySet<string> | null = null;
  private lines = new Set<string>();
  private isNew = true;
  private failures = 0;

  constructor(private readonly log: Logger) {}

  begin(): void {
    this.lines = new Set();
    this.isNew = this.before === null;
  }

  /** How many passes in a row have failed with the same lines; 1 when there was a new line. */
  end(failed: boolean): number {
    this.before = failed ? this.lines : null;
    if (!failed) this.failures = 0;
    else this.failures = this.isNew ? 1 : this.failures + 1;
    return this.failures;
  }

  /** Logs one line in place of the repeated ones. */
  again(message: string): void {
    this.log.error(message);
  }

  debug(message: string): void {
    this.log.debug(message);
  }

  info(message: string): void {
    this.say('info', message);
  }

  warning(message: string): void {
    this.say('warning', message);
  }

  error(message: string): void {
    this.say('error', message);
  }

  fatal(message: string): void {
    this.log.fatal(message);
  }

  private say(level: 'info' | 'warning' | 'error', message: string): void {
    const line = withoutNumbers(message);
    this.lines.add(line);
    this.isNew ||= this.before?.has(line) !== true;
    this.log[this.isNew ? level : 'debug'](message);
  }
}

/** Programs print process ids and times, which differ each time. */
function withoutNumbers(message: string): string {
  return /^(check|reload)_cmd of /.test(message) ? message.replace(/\d+/g, '#') : message;
}
