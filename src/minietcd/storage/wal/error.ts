import { errnoText } from '../../../go/os.ts';

/** An error of a data directory; the message names the file, the offset if there is one, and what to do. */
export class DataError extends Error {
  override readonly name = 'DataError';
  constructor(
    /** damaged: the content is not what was written. refused: the directory cannot be used as it is. */
    readonly code: 'damaged' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Clearer texts than those of the system. */
const reasons = new Map([
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'no space left on the disk'],
  ['EDQUOT', 'the disk quota is used up'],
  ['ENOTDIR', 'it is not a directory'],
  ['EEXIST', 'it is not a directory'],
]);

/** The system's error as text. */
export function reasonOf(error: unknown): string {
  return reasons.get((error as NodeJS.ErrnoException).code ?? '') ?? errnoText(error as NodeJS.ErrnoException);
}
