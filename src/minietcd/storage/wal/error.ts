import { errnoText } from '../../../go/os.ts';

/** What is wrong with a data directory; the message names the file, the offset where there is one, and the way out. */
export class DataError extends Error {
  override readonly name = 'DataError';
  constructor(
    /** damaged: what the files hold is not what was written. refused: the directory cannot be used as it is. */
    readonly code: 'damaged' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What says more than the system's own words. */
const reasons = new Map([
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'no space left on the disk'],
  ['EDQUOT', 'the disk quota is used up'],
  ['ENOTDIR', 'it is not a directory'],
  ['EEXIST', 'it is not a directory'],
]);

/** Why the system refused, in words. */
export function reasonOf(error: unknown): string {
  return reasons.get((error as NodeJS.ErrnoException).code ?? '') ?? errnoText(error as NodeJS.ErrnoException);
}
