import { errnoText } from '../../go/os.ts';

/** What a resource's pass can fail with for reasons outside this program; `message` is written for the operator. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  /** True when dest may already hold something else than before. */
  readonly touched: boolean;
  /** Lines for the log below the message. */
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

/** Runs one system call on path; throws AgentError in Go's words ("open /x: permission denied"). Bugs pass through. */
export async function attempt<T>(op: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!isErrno(cause)) throw cause;
    throw new AgentError(`${op} ${path}: ${errnoText(cause)}`, { cause });
  }
}

/** True for an error that the system gave; with code, for that one only. */
export function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return false;
  return code === undefined || (error as NodeJS.ErrnoException).code === code;
}
