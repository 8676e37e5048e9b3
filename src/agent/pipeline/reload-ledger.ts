import { resolve } from 'node:path';

/** A reload that is still to be run for the content of dest. */
export interface PendingReload {
  readonly dest: string;
  /** The resource file. */
  readonly resource: string;
  /** reload_cmd at the time of the entry; a later run uses the resource's current command. */
  readonly command: string;
  /** MD5 of the content that was to be written, in hex. */
  readonly md5: string;
  /** When it became pending, RFC 3339. */
  readonly since: string;
  /** How many runs in a row were asked to end while the command ran, and did not see it finish. */
  readonly stops: number;
}

/**
 * The pending reloads, one for each dest. An entry is written before dest is replaced and cleared when the reload has
 * succeeded, so that it survives any end of the process in between. Nothing here throws for reasons outside this
 * program.
 */
export interface ReloadLedger {
  /** True when entries survive the process. */
  readonly isDurable: boolean;
  find(dest: string): Promise<PendingReload | null>;
  /** Adds an entry; replaces one for the same dest. */
  put(entry: PendingReload): Promise<void>;
  /** Removes the entry of dest, unless another process has written a newer one. */
  clear(dest: string): Promise<void>;
}

/** A ledger in memory. */
export class MemoryLedger implements ReloadLedger {
  readonly isDurable = false;
  private readonly entries = new Map<string, PendingReload>();

  find(dest: string): Promise<PendingReload | null> {
    return Promise.resolve(this.entries.get(resolve(dest)) ?? null);
  }

  put(entry: PendingReload): Promise<void> {
    this.entries.set(resolve(entry.dest), entry);
    return Promise.resolve();
  }

  clear(dest: string): Promise<void> {
    this.entries.delete(resolve(dest));
    return Promise.resolve();
  }
}
