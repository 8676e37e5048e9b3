import { stepBytes } from '../../../go/json-string.ts';
import type { Load } from './limits.ts';
import { inSteps, nextTurn } from '../../state/steps.ts';
import { escapeStep, jsonString } from './escapes.ts';

/** The body of an answer: a short text with one character for each byte, or a long one that is built in steps. */
export type Body = string | LongBody;

/** A longer byte string is encoded when it is sent: in steps, and once for all clients that get it. */
export const longString = 16 * 1024;

/** A finished text, or the content of a JSON string that is not encoded yet. */
type Part = string | { readonly bytes: string };

/** A JSON text that is being built. */
export class Draft {
  private text = '';
  private readonly parts: Part[] = [];
  private partsLength = 0;

  /** The length so far, with long strings not yet encoded. */
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

/** The refusal when too many answers wait to be read. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/**
 * A body that is built in steps, once for all clients that get it, and kept while any of them holds it. It is counted
 * once during that time.
 */
export class LongBody {
  private holders = 0;
  private counted = 0;
  private isOwed = false;
  private bytes: Promise<Buffer> | undefined;
  /** Tells a build that nobody waits for any more from the next one. */
  private round = 0;

  constructor(
    private readonly parts: readonly Part[],
    /** In bytes, with long strings not yet encoded. */
    readonly length: number,
  ) {}

  /** How much more memory another reader needs, as far as that is known before the build. */
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
   * The whole body, for those who hold it. Rejects with NoRoomError when it exceeds the memory for unread answers,
   * except when it is owed: the result of a change must be sent. Resolves for one reader in each turn, because the
   * system copies all bytes that are written to a socket.
   */
  layOut(load: Load, isOwed: boolean): Promise<Buffer> {
    this.isOwed ||= isOwed;
    const bytes = this.bytes ?? inSteps(this.steps(load, this.round));
    this.bytes = bytes.then(async (whole) => {
      await nextTurn();
      return whole;
    });
    this.bytes.catch(() => undefined); // the waiting readers get the error; there may be no next one
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

/** Bytes that are copied in one step. */
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
