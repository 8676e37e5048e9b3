import type { IncomingMessage } from 'node:http';
import { EtcdError } from '../../state/errors.ts';
import type { ServerContext } from './server-context.ts';
import type { Load, Upload } from './limits.ts';

/** The longest form, as in Go. */
export const maxFormBytes = 10 * 1024 * 1024;

/** The longest body that is JSON: what is asked for in JSON has few words. */
export const maxJsonBytes = 64 * 1024;

/** A body that got so many bytes more has got on. */
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

/** The body of a request, which counts until it is forgotten. */
export class Arrival implements Upload {
  /**
   * Rejects with EtcdError 210 for a body that is too long, with 300 when those of all clients are, and with a plain Error
   * when the client leaves.
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
    // Listens instead of iterating, which would cut the connection before a refusal is sent.
    this.done = new Promise((resolve, reject) => {
      this.fail = reject;
      req.on('data', (chunk: Buffer) => {
        if (!this.isOver) this.take(chunk);
      });
      req.on('end', () => {
        if (!this.isOver) resolve(this.finish());
      });
      req.on('close', () => {
        if (!this.isOver) this.giveUp(new Error('the client left')); // an error is dear, and this is the usual end
      });
    });
  }

  giveWay(): void {
    this.giveUp(new EtcdError(300, 'too many uploads at once, and this one stalled: try again later', 0));
  }

  /** Nobody needs it any more; twice is fine. */
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
    if (this.isOver) return; // room was made by giving up this one
    this.load.arriving += chunk.length;
    this.keep(chunk, length);
    this.length = length;
    if (length - this.lengthSeen < step) return;
    this.lengthSeen = length;
    this.seen = now;
    this.load.uploads.delete(this);
    this.load.uploads.add(this);
  }

  /** Most bodies come in one piece. More of them are copied together: each alone would keep what was read with it. */
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
