/** A configuration that cannot be used; the message is written for the operator and names the file and line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    message: string,
    /** The file at fault; '' when a flag or variable is. */
    readonly file = '',
    readonly line: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
