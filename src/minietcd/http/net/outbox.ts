import type { ServerResponse } from 'node:http';
import type { Body, LongBody } from './draft.ts';
import type { Load } from './limits.ts';
import { WriteTurns } from './write-turns.ts';

/** All writes of the process share its event loop. */
const turns = new WriteTurns();

/** The events for the client of a watch, each body in one chunk, and the bytes that are not read yet. */
export class Outbox {
  /** Bodies that wait until the long body before them is built. */
  private readonly queue: Body[] = [];
  /** Long bodies that are being built for this client or not read yet. */
  private readonly held: LongBody[] = [];
  /** Bytes of long bodies that are not read yet and may be shared. */
  private shared = 0;
  /** The memory of this client alone, as counted in the load. */
  private counted = 0;
  private isLast = false;
  /**
   * Nothing may be written in this turn: a body was written already, and Node 26 and later would join the next one to
   * its chunk; or too many other clients write in this turn.
   */
  private isHeld = false;
  private patienceMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly raw: ServerResponse,
    private readonly load: Load,
  ) {
    raw.once('close', () => {
      this.forget();
    });
  }

  /** Bytes that the client has not read yet. */
  get behind(): number {
    return this.queue.reduce((sum, { length }) => sum + length, this.raw.writableLength);
  }

  /** Sends a body after those before it. */
  write(body: Body): void {
    if (this.isLast || this.raw.destroyed) return;
    if (typeof body !== 'string') this.hold(body);
    this.queue.push(body);
    if (this.queue.length === 1 && !this.isHeld && this.hasTurn()) this.send();
    else this.count();
  }

  /** Sends a last body, if any; the client has patienceMs to read the rest. */
  end(patienceMs: number, body: Body = ''): void {
    if (this.isLast || this.raw.destroyed) return;
    this.patienceMs = patienceMs;
    if (typeof body === 'string' && this.queue.length === 0 && !this.isHeld && (body === '' || this.hasTurn())) {
      this.isLast = true;
      this.raw.end(body, 'latin1');
      this.await();
      return;
    }
    if (body !== '') this.write(body);
    this.isLast = true;
  }

  /** False when too many others write in this turn: then this client writes in a later one. */
  private hasTurn(): boolean {
    const isNow = turns.take(() => {
      this.isHeld = false;
      if (!this.raw.destroyed) this.send();
    });
    this.isHeld = !isNow;
    return isNow;
  }

  private hold(body: LongBody): void {
    body.hold(this.load);
    this.held.push(body);
  }

  /** Sends the first body of the queue, and those after it. */
  private send(): void {
    const body = this.queue[0];
    if (body === undefined) {
      if (this.isLast) this.raw.end();
      this.await();
    } else if (typeof body === 'string') {
      this.raw.write(body, 'latin1');
      this.sendNext();
    } else {
      this.sendLong(body);
    }
  }

  /** Ends the chunk of the first body before the next one begins. */
  private sendNext(): void {
    this.queue.shift();
    this.isHeld = true;
    this.count();
    process.nextTick(() => {
      this.isHeld = false;
      if (!this.raw.destroyed) this.send();
    });
  }

  private sendLong(body: LongBody): void {
    this.count();
    body.layOut(this.load, false).then(
      (bytes) => {
        if (this.raw.destroyed) return;
        this.shared += bytes.length;
        this.raw.write(bytes, () => {
          this.shared -= bytes.length;
          this.letGo(body);
          this.count();
        });
        this.sendNext();
      },
      () => {
        // A client without an answer asks again, as after a time-out of etcd.
        if (!this.raw.destroyed) this.raw.end();
        this.await();
      },
    );
  }

  private letGo(body: LongBody): void {
    const at = this.held.indexOf(body);
    if (at < 0) return;
    this.held.splice(at, 1);
    body.release(this.load);
  }

  /** Counts the unread bytes; after the last body they must be read in time. */
  private await(): void {
    this.count();
    if (!this.raw.writableEnded || this.raw.writableLength === 0) return;
    this.timer ??= setTimeout(() => this.raw.destroy(), this.patienceMs);
  }

  /** Encryption makes a copy of shared bytes. */
  private count(): void {
    const { raw, load } = this;
    if (raw.destroyed) return;
    let own = raw.writableLength;
    if (raw.socket !== null && !('encrypted' in raw.socket)) own = Math.max(0, own - this.shared);
    for (const body of this.queue) if (typeof body === 'string') own += body.length;
    load.unread += own - this.counted;
    this.counted = own;
  }

  /** The connection has ended. */
  private forget(): void {
    clearTimeout(this.timer);
    this.isLast = true;
    this.load.unread -= this.counted;
    this.counted = 0;
    for (const body of this.held.splice(0)) body.release(this.load);
  }
}
