import { stepBytes } from '../../../go/json-string.ts';
import type { Load } from './limits.ts';
import { inSteps, nextTurn } from '../../state/steps.ts';
import { escapeStep, jsonString } from './escapes.ts';

/** What an answer holds: a short text, one character a byte, or one that is laid out in steps. */
export type Body = string | LongBody;

/** A longer byte string is encoded only when it is sent: in steps, and once for all who are sent the same. */
export const longString = 16 * 1024;

/** A text that is ready, or the inside of a JSON string that is not encoded yet. */
type Part = string | { readonly bytes: string };

/** A JSON text in the making. */
export class Draft {
  private text = '';
  private readonly parts: Part[] = [];
  private partsLength = 0;

  /** How long it is so far, long strings as they are before they are encoded. */
  get length(): number {
    return this.partsLength + this.text.length;
  }

  add(text: string): void {
    this.text += text;
    if (this.text.length > stepBytes) this.push(this.text);
  }

  /** Adds a byte string as a JSON string. */
  addString(bytes: string): void {
    if (bytes.length <= longString) {
      this.add(jsonString(bytes));
      return;
    }
    this.push(`${this.text}"`);
    this.parts.push({ bytes });
    this.partsLength += bytes.length;
    this.text = '"';
  }

  finish(): Body {
    if (this.parts.length === 0) return this.text;
    if (this.text !== '') this.push(this.text);
    return new LongBody(this.parts, this.partsLength);
  }

  private push(text: string): void {
    this.parts.push(text);
    this.partsLength += text.length;
    this.text = '';
  }
}

/** What is refused because too many answers wait to be read. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/**
 * A body that is laid out in steps, once for all who are sent it, and kept while anyone holds it. It is counted once, as
 * long as that.
 */
export class LongBody {
  private holders = 0;
  private counted = 0;
  private isOwed = false;
  private bytes: Promise<Buffer> | undefined;
  /** Tells a layout that nobody waits for any more from the next one. */
  private round = 0;

  constructor(
    private readonly parts: readonly Part[],
    /** In bytes, with long strings as they are before they are encoded. */
    readonly length: number,
  ) {}

  /** How much more memory it takes to send it to one more reader, as far as that can be known before. */
  get cost(): number {
    return this.holders > 0 ? 0 : this.length;
  }

  hold(load: Load): void {
    if (this.holders++ === 0) this.count(load, this.length);
  }

  release(load: Load): void {
    if (--this.holders > 0) return;
    this.round++;
    this.bytes = undefined;
    this.isOwed = false;
    this.count(load, 0);
  }

  /**
   * All of it, for those who hold it. Rejects with NoRoomError when it comes to more than may wait to be read, but not
   * where it is owed to somebody: who made a change must hear of it. Resolves for one reader a turn, as the system copies
   * megabytes of what is written to a socket.
   */
  layOut(load: Load, isOwed: boolean): Promise<Buffer> {
    this.isOwed ||= isOwed;
    const bytes = this.bytes ?? inSteps(this.steps(load, this.round));
    this.bytes = bytes.then(async (whole) => {
      await nextTurn();
      return whole;
    });
    this.bytes.catch(() => undefined); // whoever waits hears of it; there may be no next
    return bytes;
  }

  private count(load: Load, bytes: number): void {
    load.unread += bytes - this.counted;
    this.counted = bytes;
  }

  private *steps(load: Load, round: number): Generator<void, Buffer> {
    const pieces: Buffer[] = [];
    let length = 0;
    let pause = stepBytes;
    for (const piece of layOutParts(this.parts)) {
      pieces.push(piece);
      length += piece.length;
      if (length < pause) continue;
      pause = length + stepBytes;
      yield;
      if (round !== this.round) throw new Error('nobody waits for this any more');
      this.count(load, Math.max(this.counted, length));
      if (!this.isOwed && !load.hasRoom(0)) throw new NoRoomError('too many answers wait to be read');
    }
    if (pieces.length === 1) return pieces[0]!;
    return yield* gather(pieces, length);
  }
}

function* layOutParts(parts: readonly Part[]): Generator<Buffer> {
  for (const part of parts) {
    if (typeof part === 'string') yield Buffer.from(part, 'latin1');
    else {
      for (let at = 0; at < part.bytes.length;) {
        const [piece, next] = escapeStep(part.bytes, at);
        yield piece;
        at = next;
      }
    }
  }
}

/** So much is copied in one step. */
const copyBytes = 4 * 1024 * 1024;

function* gather(pieces: Buffer[], length: number): Generator<void, Buffer> {
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  let pause = copyBytes;
  for (let i = 0; i < pieces.length; i++) {
    at += pieces[i]!.copy(whole, at);
    pieces[i] = nothing;
    if (at < pause) continue;
    pause = at + copyBytes;
    yield;
  }
  return whole;
}

const nothing = Buffer.alloc(0);
