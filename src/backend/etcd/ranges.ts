import type { IRangeRequest, IRequestOp } from 'etcd3';
import type { Late } from '../net/deadline.ts';
import type { Pace } from './grpc-node.ts';
import type { TxnAnswer } from './txn.ts';
import { type LastWrite, lastWriteOf } from './last-write.ts';

/** Keys from start on, up to but without end; a single key when there is no end. Byte strings. */
export interface Range {
  readonly start: string;
  readonly end: string | null;
}

/** The most operations that an etcd takes in one transaction. */
const maxOps = 128;
/** About what one answer shall hold: it is in memory as a whole before it is read. */
const pageBytes = 32 * 1024 * 1024;
/** All of a usual tree. */
const firstPageKeys = 4096;
/** What a line can be asked to carry of which nothing is known but that it is slow. */
const carefulPageKeys = 512;
/** For every page etcd passes by the rest of the range, to count it. So many keys it passes by while it reads one. */
const passedByForOneRead = 6;

/** What the keys select as ranges that do not overlap: each key itself, and what is below its "/". */
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

/** The range as etcd takes it. */
export function bounds({ start, end }: Range): { key: Buffer; range_end?: Buffer } {
  const key = Buffer.from(start, 'latin1');
  return end === null ? { key } : { key, range_end: Buffer.from(end, 'latin1') };
}

/**
 * Walks through ranges page by page: what to ask next, until nothing is left. As every page costs the server a walk through
 * the rest, there are few: after the first, each is as large as memory and time allow.
 */
export class Pages {
  readonly pairs = new Map<string, string>();
  lastWrite: LastWrite | null = null;
  private pageKeys = firstPageKeys;
  private mostKeys = Infinity;
  private asked: readonly Range[] = [];

  constructor(
    private readonly left: Range[],
    /** So long an answer may take the server, and again the line. */
    private readonly answerMs: number,
  ) {}

  get isDone(): boolean {
    return this.left.length === 0;
  }

  /** The next page, as of a revision ('0' stands for now). */
  next(revision: string): IRequestOp[] {
    this.asked = this.left.splice(0, Math.min(maxOps, this.pageKeys));
    const single = this.asked.filter(({ end }) => end === null).length;
    const limit = Math.max(1, Math.floor((this.pageKeys - single) / Math.max(1, this.asked.length - single)));
    return this.asked.map((range): { request_range: IRangeRequest } => ({
      request_range: { ...bounds(range), limit, revision },
    }));
  }

  /** Asks for less after an answer that was too long; false when it cannot be less. */
  shrink(): boolean {
    return this.askAgain(Math.ceil(this.pageKeys / 8));
  }

  /** Asks for less after an answer that was late, be it the server or the line; false when not much was asked for. */
  hurry({ hasBegun }: Late): boolean {
    const asked = this.pageKeys;
    if (!this.askAgain(hasBegun ? carefulPageKeys : firstPageKeys)) return false;
    this.mostKeys = Math.max(this.pageKeys, Math.floor(asked / 4));
    return true;
  }

  /** Takes the answer; what it had to leave out is left for the next page. False when it makes no sense. */
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

  /** How many keys the next page may have, going by what this one was. */
  private fitting({ keys, rest, bytes }: PageSize, { serverMs, lineMs }: Pace): number {
    const passedBy = rest / passedByForOneRead;
    // However long it takes to pass by the rest, smaller pages would only make it more often.
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
  /** Keys of its ranges that it had to leave out. */
  readonly rest: number;
  readonly bytes: number;
}
