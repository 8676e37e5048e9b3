/** What one client, or all clients together, may use of a server. */
export interface ServerLimits {
  /** Time limit for the arrival of a request, head and body. */
  readonly requestMs: number;
  /** Time limit for reading an answer; a watch may wait without a limit, but its events must be read in time. */
  readonly answerMs: number;
  readonly connections: number;
  readonly watchers: number;
  /** Total bytes of the bodies that are arriving. */
  readonly arriving: number;
  /** Total bytes of the answers that clients have not read yet. */
  readonly unread: number;
}

const mebibyte = 1024 * 1024;

/** The default limits; etcd also gives a request five minutes. */
export const defaultServerLimits: ServerLimits = {
  requestMs: 300_000,
  answerMs: 300_000,
  connections: 50_000,
  watchers: 100_000,
  arriving: 256 * mebibyte,
  unread: 512 * mebibyte,
};

/** A body that is arriving. */
export interface Upload {
  /** The time of its last progress, in milliseconds since the epoch. */
  readonly seen: number;
  /** Called once to end it. */
  readonly giveWay: () => void;
}

/** An upload without progress for this long is ended when another one needs the memory. */
const stalledMs = 1000;

/** Counts what is limited, over all connections of a server. */
export class Load {
  connections = 0;
  /** Bytes of the bodies that are arriving or not processed yet. */
  arriving = 0;
  unread = 0;
  /** The uploads; the one without progress for the longest time first. */
  readonly uploads = new Set<Upload>();

  constructor(private readonly limits: ServerLimits) {}

  /** True when so many more bytes may arrive; stalled uploads are ended for them. */
  makeRoom(bytes: number, now: number): boolean {
    while (this.arriving + bytes > this.limits.arriving) {
      const [oldest] = this.uploads;
      if (oldest === undefined || now - oldest.seen < stalledMs) return false;
      oldest.giveWay();
    }
    return true;
  }

  /** True when so many more unread bytes are allowed. */
  hasRoom(bytes: number): boolean {
    return this.unread + bytes <= this.limits.unread;
  }
}
