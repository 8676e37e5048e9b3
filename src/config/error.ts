/** A place in a file: line and column from 1, the column in UTF-16 units; null when unknown. */
export interface ConfigPlace {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** What a check of the configuration needs besides the message. */
interface Details extends ErrorOptions {
  readonly column?: number | null;
  /** The kind of error. */
  readonly code?: string;
  /** The message without the place. */
  readonly fact?: string;
}

/** A configuration that cannot be used; the message is written for the operator and names the file and line. */
export class ConfigError extends Error implements ConfigPlace {
  override readonly name = 'ConfigError';
  readonly column: number | null;
  readonly code: string;
  readonly fact: string;
  constructor(
    message: string,
    /** The file at fault; '' when a flag or variable is. */
    readonly file = '',
    readonly line: number | null = null,
    details: Details = {},
  ) {
    super(message, details);
    this.column = details.column ?? null;
    this.code = details.code ?? 'invalid-setting';
    this.fact =
      details.fact ?? (file !== '' && message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message);
  }
}

/** Something that works, but probably not as intended. */
export interface ConfigWarning extends ConfigPlace {
  /** The kind of warning. */
  readonly code: string;
  /** What the log says: the place and the fact. */
  readonly message: string;
  readonly fact: string;
}

/** A warning whose line in the log begins with the place; of a place without a file it is the fact alone. */
export function warningAt(code: string, { file, line, column }: ConfigPlace, fact: string): ConfigWarning {
  const where = file === '' ? '' : line === null ? `${file}: ` : `${file}:${line}: `;
  return { code, file, line, column, fact, message: where + fact };
}

/** A warning about a place that is known as text: `/etc/confd/confd.toml:3`, a flag, a variable. */
export function warningFrom(code: string, where: string, fact: string): ConfigWarning {
  const [, file, line] = /^(.*):([0-9]+)$/s.exec(where) ?? [];
  const place = { file: file ?? '', line: line === undefined ? null : Number(line), column: null };
  return { code, ...place, fact, message: `${where}: ${fact}` };
}

/** Gets the errors of a configuration one by one. */
export interface Report {
  /** Reports an error; throws it when the caller cannot continue without that part. */
  error(error: ConfigError): void;
  warning(warning: ConfigWarning): void;
}

/** Throws the error. */
export function fail(error: ConfigError): never {
  throw error;
}
