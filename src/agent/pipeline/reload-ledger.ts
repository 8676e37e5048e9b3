import { resolve } from 'node:path';

/** A reload that is still to be made for what dest holds, or is about to hold. */
export interface PendingReload {
  readonly dest: string;
  /** The resource file. */
  readonly resource: string;
  /** reload_cmd as the resource has it; what runs is always the resource's present one. */
  readonly command: string;
  /** Of the content that was to be put in place, in hex. */
  readonly md5: string;
  /** When it became pending, RFC 3339. */
  readonly since: string;
  /** How many runs in a row were asked to end while the command ran, and did not see it end. */
  readonly stops: number;
}

/**
 * Where pending reloads are kept, one a dest: written before dest is replaced, cleared when the reload has worked, so
 * that whatever ends the process in between leaves the entry. Nothing here throws for reasons outside this program.
 */
export interface ReloadLedger {
  /** True when what is kept outlives the process. */
  readonly isDurable: boolean;
  find(dest: string): Promise<PendingReload | null>;
  /** Takes the place of an entry for the same dest. */
  put(entry: PendingReload): Promise<void>;
  /** Forgets the entry of dest, unless another process has written a newer one. */
  clear(dest: string): Promise<void>;
}

/** A ledger that ends with the process. */
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
