import { toText } from '../../go/bytes.ts';
import type { Position, TemplateFile } from '../engine/engine.ts';

/** Columns for the part of a line that is shown. */
const width = 100;
/** Columns of it before the caret. */
const before = 60;
const tab = 4;

/** Bytes of a line that are examined on each side of the place. */
const reach = 1000;

/** The place in a file, the line there, and a caret below the place with a word after it; one log line each. */
export function codeFrame(file: TemplateFile, at: Position, word: string): string[] {
  const gutter = String(at.line);
  const line = (file.text.split('\n', at.line)[at.line - 1] ?? '').replace(/\r$/, '');
  const column = at.column ?? 0;
  const from = Math.max(0, column - reach);
  const caret = cellsOf(line.slice(from, column)).length;
  const { shown, offset } = cut(cellsOf(line.slice(from, column + reach)), caret);
  const lines = [`  --> ${file.path}:${at.line}`, `  ${gutter} | ${shown}`];
  const mark = at.column === null ? '' : `${' '.repeat(offset)}^ `;
  const below = `${mark}${word}`.trimEnd();
  return below === '' ? lines : [...lines, `  ${' '.repeat(gutter.length)} | ${below}`];
}

/** A character for the log, and the columns that it needs. */
interface Cell {
  readonly text: string;
  readonly columns: number;
}

function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  let column = 0;
  for (const char of toText(line)) {
    const cell = cellOf(char, column);
    column += cell.columns;
    cells.push(cell);
  }
  return cells;
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;
const combining = /[\p{M}\p{Cf}]/u;
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60]/u;

function cellOf(char: string, column: number): Cell {
  if (char === '\t') return { text: ' '.repeat(tab - (column % tab)), columns: tab - (column % tab) };
  if (unprintable.test(char)) return { text: '\ufffd', columns: 1 };
  if (combining.test(char)) return { text: char, columns: 0 };
  return { text: char, columns: wide.test(char) ? 2 : 1 };
}

function columnsOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { columns }) => sum + columns, 0);
}

/** The part of a line around a character, and the column of the character in it. */
function cut(cells: readonly Cell[], caret: number): { readonly shown: string; readonly offset: number } {
  let first = caret;
  let offset = 0;
  const maxWidth = columnsOf(cells) <= width ? width : before;
  while (first > 0 && offset + cells[first - 1]!.columns <= maxWidth) offset += cells[--first]!.columns;
  let end = first;
  let used = 0;
  while (end < cells.length && used + cells[end]!.columns <= width) used += cells[end++]!.columns;
  const text = cells
    .slice(first, end)
    .map((cell) => cell.text)
    .join('');
  const isCut = first > 0;
  return { shown: `${isCut ? '…' : ''}${text}${end < cells.length ? '…' : ''}`, offset: offset + (isCut ? 1 : 0) };
}
