import { errnoText } from '../../go/os.ts';

/** A failure of a pass for reasons outside this program; `message` is written for the operator. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  /** True when dest may have been changed already. */
  readonly touched: boolean;
  /** Further lines for the log. */
  readonly advice: readonly string[];

  constructor(
    message: string,
    options: ErrorOptions & { readonly touched?: boolean; readonly advice?: readonly string[] } = {},
  ) {
    super(message, options);
    this.touched = options.touched ?? false;
    this.advice = options.advice ?? [];
  }
}

/**
 * Runs a system call on path. Throws AgentError in Go's words ("open /x: permission denied"); other errors pass
 * through.
 */
export async function attempt<T>(op: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!isErrno(cause)) throw cause;
    throw new AgentError(`${op} ${path}: ${errnoText(cause)}`, { cause });
  }
}

/** True for a system error; with `code`, for that error only. */
export function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return false;
  return code === undefined || (error as NodeJS.ErrnoException).code === code;
}
