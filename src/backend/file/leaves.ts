import { clean } from '../../go/path.ts';
import { BackendError } from '../contract/backend.ts';

/** Deeper than this nothing is meant, and the stack has an end. */
export const deepest = 200;
/** So many values a file may have, those that aliases stand for included; a list or a mapping is one, too. */
const maxNodes = 2_000_000;
/** All keys of a file together: long ones are repeated for every value below them. */
const maxKeyBytes = 128 * 1024 * 1024;

export const tooDeep = `it is nested more than ${deepest} levels deep`;

/** What most keys do not have. */
const unclean = /\/(?:[/.]|$)|^[^/]|^$/;

const nowhere = (): number => 0;

/** The values of one file, and how much of them there is. */
export class Leaves {
  private nodes = 0;
  private keyBytes = 0;

  constructor(
    private readonly file: string,
    private readonly pairs: Map<string, string>,
  ) {}

  /** Every node that is looked at. Throws BackendError; lineOf tells where. */
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

/** What is wrong with a file, and in which line if that is known (0 if not). */
export function invalid(file: string, line: number, why: string): BackendError {
  return new BackendError('protocol', `${file}${line > 0 ? `: line ${line}` : ''}: ${why}`);
}
