/** What one client, or all of them together, can take from a server. */
export interface Limits {
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
export const usualLimits: Limits = {
  requestMs: 300_000,
  answerMs: 300_000,
  connections: 50_000,
  watchers: 100_000,
  arriving: 256 * mebibyte,
  unread: 512 * mebibyte,
};

/** Counts what the limits are about, over all connections of a server. */
export class Load {
  connections = 0;
  arriving = 0;
  unread = 0;
}
