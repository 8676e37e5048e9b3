import type { ServerResponse } from 'node:http';
import type { Body, LongBody } from './draft.ts';
import type { Load } from './limits.ts';
import { WriteTurns } from './write-turns.ts';

/** All that this process writes shares its event loop. */
const turns = new WriteTurns();

/** What the client of a watch is sent, each body in one chunk, and what of it waits to be read. */
export class Outbox {
  /** What waits for the long body at its head to be laid out. */
  private readonly queue: Body[] = [];
  /** Long bodies that are laid out for this client, or wait to be read. */
  private readonly held: LongBody[] = [];
  /** Bytes of long bodies that wait to be read: others may share them. */
  private shared = 0;
  /** What this client alone keeps in memory, as it is counted in the load. */
  private counted = 0;
  private isLast = false;
  /**
   * Nothing is to be written now: a body was written in this turn, to whose chunk Node 26 and later would join the next; or
   * too many others write in this turn.
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

  /** Sends a body behind those that are on their way. */
  write(body: Body): void {
    if (this.isLast || this.raw.destroyed) return;
    if (typeof body !== 'string') this.hold(body);
    this.queue.push(body);
    if (this.queue.length === 1 && !this.isHeld && this.hasTurn()) this.send();
    else this.count();
  }

  /** Sends a last body, if there is one: the client has so long to take in all that is left. */
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

  /** False where too many others write in this turn: then this one writes what there is in a later one. */
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

  /** Sends what is at the head of the queue, and what follows it. */
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

  /** Lets the chunk of the body at the head go, before the next one begins. */
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
        // Who gets nothing asks again, as after a time-out of etcd.
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

  /** Counts what waits; once nothing more comes, it has to be read in time. */
  private await(): void {
    this.count();
    if (!this.raw.writableEnded || this.raw.writableLength === 0) return;
    this.timer ??= setTimeout(() => this.raw.destroy(), this.patienceMs);
  }

  /** What is encrypted is a copy of what is shared. */
  private count(): void {
    const { raw, load } = this;
    if (raw.destroyed) return;
    let own = raw.writableLength;
    if (raw.socket !== null && !('encrypted' in raw.socket)) own = Math.max(0, own - this.shared);
    for (const body of this.queue) if (typeof body === 'string') own += body.length;
    load.unread += own - this.counted;
    this.counted = own;
  }

  /** The connection is done with. */
  private forget(): void {
    clearTimeout(this.timer);
    this.isLast = true;
    this.load.unread -= this.counted;
    this.counted = 0;
    for (const body of this.held.splice(0)) body.release(this.load);
  }
}
