import { hostname } from 'node:os';

/** The levels of confd, the lowest first; 'panic' as a threshold logs nothing. */
const levels = ['debug', 'info', 'warning', 'error', 'fatal', 'panic'] as const;
export type Level = (typeof levels)[number];

/** The log for the operator. Never pass the value of a key to it. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  fatal(message: string): void;
}

/** A level by confd's names (any case; warn = warning, trace = debug), or undefined. */
export function parseLevel(word: string): Level | undefined {
  const lower = word.toLowerCase();
  if (lower === 'warn') return 'warning';
  if (lower === 'trace') return 'debug';
  return levels.find((level) => level === lower);
}

/** confd's line: "<RFC 3339 local time> <host> <tag>[<pid>]: <LEVEL> <message>\n". */
export function createLogger(
  tag: string,
  threshold: Level,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): Logger {
  const least = levels.indexOf(threshold);
  const origin = `${hostname()} ${tag}[${process.pid}]:`;
  const logAt = (level: Level) => (message: string) => {
    if (levels.indexOf(level) >= least) write(`${localTime(now())} ${origin} ${level.toUpperCase()} ${message}\n`);
  };
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warning: logAt('warning'),
    error: logAt('error'),
    fatal: logAt('fatal'),
  };
}

/** A log that puts a label before its messages; without a label for ''. */
export function labelled(log: Logger, label: string): Logger {
  if (label === '') return log;
  const at = (level: keyof Logger) => (message: string) => {
    log[level](`${label}: ${message}`);
  };
  return { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error'), fatal: at('fatal') };
}

/** RFC 3339 in the local zone, to the second: Go's time.RFC3339. */
function localTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(offset);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
