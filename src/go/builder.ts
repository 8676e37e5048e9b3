import { reserveText, spend } from './budget.ts';

/** A piece of this length consists of few objects, and is flattened at once. */
const pieceLength = 64 * 1024;

/** Joins a long byte string without keeping an object for each part. */
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
    this.#last.charCodeAt(0); // flattens the parts to one string
    this.#length += this.#last.length;
    spend(this.#last.length >> 4);
    reserveText(this.#length);
    (this.#pieces ??= []).push(this.#last);
    this.#last = '';
  }
}

/**
 * Changes a text in pieces, and so with little memory and under the clock. `change` must give the same for a text as
 * for its parts one after the other, when no part ends inside a rune.
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

/** The last position up to `at` that is not inside a rune. */
function runeStart(text: string, at: number): number {
  for (let start = at; start > at - 4; start--) if ((text.charCodeAt(start) & 0xc0) !== 0x80) return start;
  return at; // four continuation bytes belong to no rune
}
