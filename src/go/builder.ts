import { reserveText, spend } from './budget.ts';

/** A piece of this length costs few objects, and is made at once. */
const pieceLength = 64 * 1024;

/** Puts a long byte string together, without an object in memory for each of its parts. */
export class Builder {
  #pieces: string[] | null = null;
  #length = 0; // of the pieces
  #last = '';

  add(text: string): void {
    if ((this.#last += text).length >= pieceLength) this.#settle();
  }

  get length(): number {
    return this.#length + this.#last.length;
  }

  toString(): string {
    if (this.#pieces === null) return this.#last;
    this.#settle();
    return this.#pieces.join('');
  }

  #settle(): void {
    this.#last.charCodeAt(0); // makes one piece of what it was put together from
    this.#length += this.#last.length;
    spend(this.#last.length >> 4);
    reserveText(this.#length);
    (this.#pieces ??= []).push(this.#last);
    this.#last = '';
  }
}

/**
 * A text changed piece by piece, and so in a little memory and under the clock. `change` must give for a text what it
 * gives for its parts one after the other, where no part ends inside a rune.
 */
export function byPieces(text: string, change: (piece: string) => string): string {
  if (text.length <= pieceLength) return change(text);
  const out = new Builder();
  for (let at = 0; at < text.length;) {
    const end = runeStart(text, at + pieceLength);
    out.add(change(text.slice(at, end)));
    spend(end - at);
    at = end;
  }
  return out.toString();
}

/** The last place up to `at` at which no rune goes on. */
function runeStart(text: string, at: number): number {
  for (let start = at; start > at - 4; start--) if ((text.charCodeAt(start) & 0xc0) !== 0x80) return start;
  return at; // four bytes that go on with a rune belong to none
}
