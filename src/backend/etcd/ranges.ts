import type { IRangeRequest, IRequestOp } from 'etcd3';
import type { Late } from '../net/deadline.ts';
import type { Pace } from './grpc-node.ts';
import type { TxnAnswer } from './txn.ts';
import { type LastWrite, lastWriteOf } from './last-write.ts';

/** Keys from start (included) to end (excluded); a single key without end. Byte strings. */
export interface Range {
  readonly start: string;
  readonly end: string | null;
}

/** The maximum number of operations in one transaction of etcd. */
const maxOps = 128;
/** The approximate size of one answer: it is in memory as a whole before it is decoded. */
const pageBytes = 32 * 1024 * 1024;
/** Enough for a usual tree. */
const firstPageKeys = 4096;
/** Keys of a page for a connection that is known only to be slow. */
const carefulPageKeys = 512;
/** For every page etcd walks over the rest of the range to count it: so many keys in the time in which it reads one. */
const passedByForOneRead = 6;

/** The keys as ranges that do not overlap: each key itself, and everything below its "/". */
export function rangesOf(keys: readonly string[]): Range[] {
  const wanted = new Set(keys);
  const roots = [...wanted].filter((key) => !isBelowAnother(key, wanted));
  return roots.flatMap((root) =>
    root === '/'
      ? [{ start: '/', end: '0' }]
      : [
          { start: root, end: null },
          { start: `${root}/`, end: `${root}0` },
        ],
  );
}

function isBelowAnother(key: string, wanted: ReadonlySet<string>): boolean {
  if (key !== '/' && wanted.has('/')) return true;
  for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1))
    if (wanted.has(key.slice(0, slash))) return true;
  return false;
}

/** The range in etcd's form. */
export function bounds({ start, end }: Range): { key: Buffer; range_end?: Buffer } {
  const key = Buffer.from(start, 'latin1');
  return end === null ? { key } : { key, range_end: Buffer.from(end, 'latin1') };
}

/**
 * Reads ranges page by page. As every page costs the server a walk over the rest, there are few pages: after the first,
 * each is as large as memory and time allow.
 */
export class Pages {
  readonly pairs = new Map<string, string>();
  lastWrite: LastWrite | null = null;
  private pageKeys = firstPageKeys;
  private mostKeys = Infinity;
  private asked: readonly Range[] = [];

  constructor(
    private readonly left: Range[],
    /** The time limit of an answer for the server, and again for the network. */
    private readonly answerMs: number,
  ) {}

  get isDone(): boolean {
    return this.left.length === 0;
  }

  /** The request for the next page, at a revision ('0' is the current one). */
  next(revision: string): IRequestOp[] {
    this.asked = this.left.splice(0, Math.min(maxOps, this.pageKeys));
    const single = this.asked.filter(({ end }) => end === null).length;
    const limit = Math.max(1, Math.floor((this.pageKeys - single) / Math.max(1, this.asked.length - single)));
    return this.asked.map((range): { request_range: IRangeRequest } => ({
      request_range: { ...bounds(range), limit, revision },
    }));
  }

  /** Makes pages smaller after an answer that was too long; false when they cannot be smaller. */
  shrink(): boolean {
    return this.askAgain(Math.ceil(this.pageKeys / 8));
  }

  /** Makes pages smaller after an answer that was too slow; false when the page was small already. */
  hurry({ hasBegun }: Late): boolean {
    const asked = this.pageKeys;
    if (!this.askAgain(hasBegun ? carefulPageKeys : firstPageKeys)) return false;
    this.mostKeys = Math.max(this.pageKeys, Math.floor(asked / 4));
    return true;
  }

  /** Takes an answer; what it left out is requested with the next page. False when the answer is invalid. */
  take({ responses, bytes }: TxnAnswer, pace: Pace): boolean {
    if (responses.length !== this.asked.length) return false;
    let [keys, rest] = [0, 0];
    for (const [i, { end }] of this.asked.entries()) {
      const { pairs, more, count } = responses[i]!;
      for (const pair of pairs) {
        this.pairs.set(pair.key, pair.value);
        if (pair.modified > (this.lastWrite?.revision ?? 0)) this.lastWrite = lastWriteOf(pair);
      }
      keys += pairs.length;
      if (!more) continue;
      if (pairs.length === 0) return false;
      rest += Math.max(0, count - pairs.length);
      this.left.push({ start: `${pairs.at(-1)!.key}\0`, end });
    }
    if (keys > 0) this.pageKeys = this.fitting({ keys, rest, bytes }, pace);
    return true;
  }

  /** How many keys the next page may have, estimated from this one. */
  private fitting({ keys, rest, bytes }: PageSize, { serverMs, lineMs }: Pace): number {
    const passedBy = rest / passedByForOneRead;
    // Smaller pages would only make the server walk over the rest more often.
    const forServer = Math.max(((keys + passedBy) * this.answerMs) / serverMs - passedBy, firstPageKeys);
    const forLine = (keys * this.answerMs) / lineMs;
    const forMemory = (keys * pageBytes) / bytes;
    return Math.max(1, Math.floor(Math.min(forServer, forLine, forMemory, this.mostKeys)));
  }

  private askAgain(pageKeys: number): boolean {
    if (pageKeys >= this.pageKeys) return false;
    this.pageKeys = pageKeys;
    this.left.unshift(...this.asked);
    return true;
  }
}

interface PageSize {
  readonly keys: number;
  /** Keys of its ranges that are not in the page. */
  readonly rest: number;
  readonly bytes: number;
}
