import type { ConfigPlace } from '../config/error.ts';
import { toText } from '../go/bytes.ts';
import type { FuncMap } from '../go/value.ts';
import type { Position } from '../template/engine/engine.ts';

/** A template file, its text as a byte string, and the functions that it may call. */
export class TemplateText {
  /** The offset of each line's first byte. */
  private readonly starts: readonly number[];
  // Places are asked for in the order of the text, mostly: what lies before the last one is not counted again.
  private last = { start: 0, offset: 0, column: 1 };

  constructor(
    readonly path: string,
    readonly text: string,
    readonly funcs: FuncMap,
  ) {
    this.starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  /** The place of a byte, with the column in UTF-16 units from 1. */
  placeAt(offset: number): ConfigPlace {
    const line = this.lineOf(offset);
    const start = this.starts[line - 1]!;
    const from = this.last.start === start && this.last.offset <= offset ? this.last : { offset: start, column: 1 };
    const column = from.column + toText(this.text.slice(from.offset, offset)).length;
    this.last = { start, offset, column };
    return { file: this.path, line, column };
  }

  /** The place of a line and a column in bytes from 0, as errors of templates give it. */
  placeOf({ line, column }: Position): ConfigPlace {
    const start = this.starts[line - 1];
    if (column === null || start === undefined) return { file: this.path, line, column: null };
    const end = (this.starts[line] ?? this.text.length + 1) - 1;
    return this.placeAt(Math.min(start + column, end));
  }

  private lineOf(offset: number): number {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}
