/** What one client, or all of them together, can take from a server. */
export interface ServerLimits {
  /** How long a request may take to arrive, head and body. */
  readonly requestMs: number;
  /** How long an answer may take to be read; a watch waits without end, but its events must be read. */
  readonly answerMs: number;
  readonly connections: number;
  readonly watchers: number;
  /** Bytes of all bodies that are arriving. */
  readonly arriving: number;
  /** Bytes of all answers that their clients have not read yet. */
  readonly unread: number;
}

const mebibyte = 1024 * 1024;

/** The limits of a server that is told nothing else; etcd gives a request five minutes too. */
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
  /** When it last got on, in milliseconds since the epoch. */
  readonly seen: number;
  /** Called once to give it up. */
  readonly giveWay: () => void;
}

/** A body that has not got on for so long gives way to others, where there is no room for both. */
const stalledMs = 1000;

/** Counts what the limits are about, over all connections of a server. */
export class Load {
  connections = 0;
  /** Bytes of the bodies that are arriving, or not dealt with yet. */
  arriving = 0;
  unread = 0;
  /** The bodies that are arriving, first the one that has not got on for longest. */
  readonly uploads = new Set<Upload>();

  constructor(private readonly limits: ServerLimits) {}

  /** True where so many more bytes may arrive; what has stalled is given up for them. */
  makeRoom(bytes: number, now: number): boolean {
    while (this.arriving + bytes > this.limits.arriving) {
      const [oldest] = this.uploads;
      if (oldest === undefined || now - oldest.seen < stalledMs) return false;
      oldest.giveWay();
    }
    return true;
  }

  /** True where so many more bytes may wait to be read. */
  hasRoom(bytes: number): boolean {
    return this.unread + bytes <= this.limits.unread;
  }
}
