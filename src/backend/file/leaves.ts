import { clean } from '../../go/path.ts';
import { BackendError } from '../contract/backend.ts';

/** Maximum depth of nesting: no real file is deeper, and the stack is limited. */
export const deepest = 200;
/** Maximum number of values in a file, aliases expanded; lists and mappings count, too. */
const maxNodes = 2_000_000;
/** Maximum length of all keys of a file: long keys are repeated for every value below them. */
const maxKeyBytes = 128 * 1024 * 1024;

export const tooDeep = `it is nested more than ${deepest} levels deep`;

/** Keys that need cleaning; most do not. */
const unclean = /\/(?:[/.]|$)|^[^/]|^$/;

const nowhere = (): number => 0;

/** The values of one file, and their number. */
export class Leaves {
  private nodes = 0;
  private keyBytes = 0;

  constructor(
    private readonly file: string,
    private readonly pairs: Map<string, string>,
  ) {}

  /** Counts a node. Throws BackendError; lineOf returns its line. */
  count(depth: number, lineOf: () => number = nowhere): void {
    if (depth > deepest) throw invalid(this.file, lineOf(), tooDeep);
    if (++this.nodes > maxNodes) throw invalid(this.file, lineOf(), `it has more than ${maxNodes} values`);
  }

  set(key: string, value: string): void {
    this.keyBytes += key.length;
    if (this.keyBytes > maxKeyBytes) throw invalid(this.file, 0, `its keys take more than ${maxKeyBytes} bytes`);
    this.pairs.set(unclean.test(key) ? clean(key) : key, value);
  }
}

/** The error for a file, with its line if that is known (0 if not). */
export function invalid(file: string, line: number, why: string): BackendError {
  return new BackendError('protocol', `${file}${line > 0 ? `: line ${line}` : ''}: ${why}`);
}
