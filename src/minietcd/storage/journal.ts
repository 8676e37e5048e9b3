import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import type { FolderLock } from './lock.ts';
import { encodeRequest } from './codec.ts';
import type { PendingChange } from '../state/keyspace.ts';
import { WalError, type Wal } from './wal/wal.ts';

/** What a journal needs: the clock, and the log. */
export interface JournalDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** The type of a record with a request. */
export const requestRecord = 1;

/** The type of a record for the start of a server. */
export const startRecord = 2;

/** The size of one batch; more waits for the next sync. */
const maxBatchBytes = 4 * 1024 * 1024;

/** How often a disk that accepts no changes is tried again. */
const probeMs = 2000;

const rescue = 'all keys are still in memory, and "mini-etcd export" saves them';

interface Waiting {
  readonly pending: PendingChange;
  readonly payload: Uint8Array;
}

/**
 * Group commit: changes that arrive while the disk is busy share the next sync. A full disk refuses changes until there
 * is room again; a failed sync ends the server.
 */
export class Journal {
  private readonly waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  /** Set while changes are refused. */
  private returning: Promise<void> | undefined;
  private refusal: string | undefined;
  /** Changes in a batch that are not answered yet. */
  private taken = 0;
  private refusals = 0;
  /** True when the log has records of another process. */
  private isStale = false;
  private lose: (error: Error) => void = () => undefined;

  /** Resolves when the log cannot be trusted any more: the process should end. */
  readonly lost = new Promise<Error>((resolve) => (this.lose = resolve));

  constructor(
    private readonly wal: Wal,
    private readonly lock: Pick<FolderLock, 'isHeld' | 'renew'>,
    private readonly around: JournalDeps,
    private readonly stopping: AbortSignal,
  ) {}

  /** True while changes are refused. */
  get isReadOnly(): boolean {
    return this.refusal !== undefined;
  }

  /** How many changes wait for the disk. */
  get pending(): number {
    return this.waiting.length + this.taken;
  }

  /** How many changes were refused. */
  get refused(): number {
    return this.refusals;
  }

  /** Takes a change; exactly one of its functions is called later. */
  add(pending: PendingChange): void {
    if (this.refusal !== undefined) {
      this.refusals++;
      pending.refuse(this.refusal);
      return;
    }
    this.waiting.push({ pending, payload: encodeRequest(pending.request) });
    // Everything that arrives in this turn of the event loop is in the same batch.
    this.running ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.run());
  }

  /** Checks the directory, also without a change, and refuses changes if it was replaced or changed. */
  look(): void {
    if (this.running !== undefined || this.refusal !== undefined) return;
    const { fault } = this;
    if (fault !== undefined) this.giveUp(new WalError('away', fault), []);
  }

  /** Waits for the current batches, then closes the files. */
  async close(): Promise<void> {
    while (this.running !== undefined) await this.running;
    await this.returning;
    this.refusal ??= 'the server is stopping';
    this.wal.close();
  }

  private async run(): Promise<void> {
    try {
      let done: readonly Waiting[] = [];
      while (this.waiting.length > 0 || done.length > 0) {
        const batch = this.nextBatch();
        // Not while others wait for an answer.
        const mayBlock = done.length === 0 && batch.length === 1 && batch[0]!.pending.isAlone;
        const appending = this.append(batch, mayBlock);
        // While the disk writes the next batch.
        for (const { pending } of done) pending.commit();
        this.taken -= done.length;
        done = (await appending) ? batch : [];
      }
    } finally {
      this.running = undefined;
    }
  }

  /** What happened to the directory; undefined while it is unchanged. */
  private get fault(): string | undefined {
    const { fault } = this.wal;
    return fault ?? (this.lock.isHeld ? undefined : 'the lock of the data directory was removed');
  }

  /** True when a batch is on disk; false when it cannot be, and all its changes were refused. */
  private async append(batch: readonly Waiting[], mayBlock: boolean): Promise<boolean> {
    if (batch.length === 0) return true;
    try {
      if (!this.lock.isHeld)
        throw new WalError('away', this.fault ?? 'the data directory could not be reached for a moment');
      const entries = batch.map(({ payload }) => ({ type: requestRecord, payload }));
      await this.wal.append(entries, mayBlock);
      return true;
    } catch (error) {
      this.giveUp(error as WalError, batch);
      return false;
    }
  }

  private nextBatch(): readonly Waiting[] {
    let bytes = 0;
    const size = this.waiting.findIndex(({ payload }) => (bytes += payload.length) > maxBatchBytes);
    const batch = this.waiting.splice(0, size < 0 ? this.waiting.length : Math.max(size, 1));
    this.taken += batch.length;
    return batch;
  }

  private giveUp(error: WalError, batch: readonly Waiting[]): void {
    this.refusal = `write-ahead log: ${error.message}`;
    this.taken -= batch.length;
    const refused = [...batch, ...this.waiting.splice(0)];
    this.refusals += refused.length;
    for (const { pending } of refused) pending.refuse(this.refusal);
    if (error.code === 'lost') {
      this.lose(new Error(this.refusal, { cause: error }));
      return;
    }
    const { log } = this.around;
    if (error.code === 'full') log.error(`${this.refusal}: changes are refused until there is room`);
    else log.error(`${this.refusal}: changes are refused until this is repaired; ${rescue}`);
    this.returning = this.goOn(error.code);
  }

  /** Waits until the disk accepts changes again. */
  private async goOn(code: 'full' | 'away'): Promise<void> {
    try {
      if (code === 'full' || !(await this.isBack())) {
        do {
          await this.around.clock.sleep(probeMs, this.stopping);
        } while (!(await this.isBack()));
      }
      this.refusal = undefined;
      this.around.log.info(
        `${code === 'full' ? 'the disk has room again' : 'the data directory can be used again'}: changes are accepted`,
      );
    } catch (error) {
      if (error instanceof WalError) this.lose(error);
    }
  }

  /** Takes a removed lock again, unless another process was here meanwhile. */
  private async isBack(): Promise<boolean> {
    if (this.isStale || this.wal.fault !== undefined) return false;
    if (!this.lock.isHeld) {
      if (this.hasStrangers()) return false;
      try {
        await this.lock.renew();
      } catch (error) {
        this.say((error as Error).message);
        return false;
      }
      if (this.hasStrangers()) return false;
      this.around.log.warning('the lock of the data directory is taken again');
    }
    return this.wal.hasRoom();
  }

  /** True when another process has written to the log: the state of this process is then out of date for ever. */
  private hasStrangers(): boolean {
    if (this.wal.isUntouched) return false;
    this.isStale = true;
    this.say('another process has written to it: restart this one');
    return true;
  }

  private say(why: string): void {
    const refusal = `write-ahead log: ${why}`;
    if (this.refusal === refusal) return;
    this.refusal = refusal;
    this.around.log.error(`${refusal}; changes are refused, and ${rescue}`);
  }
}
