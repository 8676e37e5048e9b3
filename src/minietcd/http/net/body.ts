import type { IncomingMessage } from 'node:http';
import { EtcdError } from '../../state/errors.ts';
import type { ServerContext } from './server-context.ts';
import type { Load, Upload } from './limits.ts';

/** The maximum length of a form, as in Go. */
export const maxFormBytes = 10 * 1024 * 1024;

/** The maximum length of a JSON body: such bodies are short. */
export const maxJsonBytes = 64 * 1024;

/** After so many more bytes, an upload counts as making progress. */
const step = 64 * 1024;

/** The bytes of a short body. Throws as Arrival.done does. */
export async function readBody(site: ServerContext, req: IncomingMessage, longest: number): Promise<string> {
  const arrival = new Arrival(site, req, longest);
  try {
    return await arrival.done;
  } finally {
    arrival.forget();
  }
}

/** The body of a request; its bytes are counted until forget(). */
export class Arrival implements Upload {
  /**
   * Rejects with EtcdError 210 for a body that is too long, with 300 when the bodies of all clients together are, and
   * with a plain Error when the client disconnects.
   */
  readonly done: Promise<string>;
  seen: number;
  private readonly load: Load;
  private chunk: Buffer | undefined;
  private length = 0;
  private lengthSeen = 0;
  private isOver = false;
  private fail: (error: Error) => void = () => undefined;

  constructor(
    private readonly site: ServerContext,
    req: IncomingMessage,
    private readonly longest: number,
  ) {
    this.load = site.load;
    this.seen = site.keyspace.clock.now();
    this.load.uploads.add(this);
    // Uses events: an iterator would close the connection before a refusal is sent.
    this.done = new Promise((resolve, reject) => {
      this.fail = reject;
      req.on('data', (chunk: Buffer) => {
        if (!this.isOver) this.take(chunk);
      });
      req.on('end', () => {
        if (!this.isOver) resolve(this.finish());
      });
      req.on('close', () => {
        if (!this.isOver) this.giveUp(new Error('the client left')); // creating an error is expensive, and this is the usual end
      });
    });
  }

  giveWay(): void {
    this.giveUp(new EtcdError(300, 'too many uploads at once, and this one stalled: try again later', 0));
  }

  /** Nobody needs the body any more; may be called twice. */
  forget(): void {
    this.load.arriving -= this.length;
    this.length = 0;
    this.chunk = undefined;
  }

  private giveUp(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.load.uploads.delete(this);
    this.forget();
    this.fail(error);
  }

  private finish(): string {
    this.isOver = true;
    this.load.uploads.delete(this);
    const text = this.chunk?.toString('latin1', 0, this.length) ?? '';
    this.chunk = undefined;
    return text;
  }

  private take(chunk: Buffer): void {
    const length = this.length + chunk.length;
    if (length > this.longest) {
      this.giveUp(new EtcdError(210, 'http: POST too large', 0));
      return;
    }
    const now = this.site.keyspace.clock.now();
    if (!this.load.makeRoom(chunk.length, now)) {
      this.giveUp(new EtcdError(300, 'too many uploads at once: try again later', 0));
      return;
    }
    if (this.isOver) return; // giving up this upload has made room
    this.load.arriving += chunk.length;
    this.keep(chunk, length);
    this.length = length;
    if (length - this.lengthSeen < step) return;
    this.lengthSeen = length;
    this.seen = now;
    this.load.uploads.delete(this);
    this.load.uploads.add(this);
  }

  /** Most bodies come in one piece. Pieces are copied together: each one alone would keep its whole read buffer. */
  private keep(chunk: Buffer, length: number): void {
    if (this.chunk === undefined) {
      this.chunk = chunk;
      return;
    }
    if (length > this.chunk.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.longest, Math.ceil(1.5 * length)));
      this.chunk.copy(larger, 0, 0, this.length);
      this.chunk = larger;
    }
    chunk.copy(this.chunk, this.length);
  }
}
