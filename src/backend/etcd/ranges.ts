import type { IRangeRequest, IRequestOp, ITxnResponse } from 'etcd3';
import { newer, type Witness, witnessOf } from './witness.ts';

/** Keys from start on, up to but without end; a single key when there is no end. Byte strings. */
export interface Range {
  readonly start: string;
  readonly end: string | null;
}

/** The most operations that an etcd takes in one transaction. */
const mostOps = 128;
/** About what one answer shall hold, so that each is in time on a slow line, too. */
const pageBytes = 2 * 1024 * 1024;
const firstPageKeys = 512;
const mostPageKeys = 8192;

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

/** Walks through ranges page by page: what to ask next, until nothing is left. */
export class Pages {
  readonly pairs = new Map<string, string>();
  witness: Witness | null = null;
  private pageKeys = firstPageKeys;
  private asked: readonly Range[] = [];

  constructor(private readonly left: Range[]) {}

  get isDone(): boolean {
    return this.left.length === 0;
  }

  /** The next page, as of a revision ('0' stands for now). */
  next(revision: string): IRequestOp[] {
    this.asked = this.left.splice(0, Math.min(mostOps, this.pageKeys));
    const limit = Math.max(1, Math.floor(this.pageKeys / this.asked.length));
    return this.asked.map((range): { request_range: IRangeRequest } => ({
      request_range: { ...bounds(range), limit, revision },
    }));
  }

  /** Asks for less after an answer that was too long; false when it cannot be less. */
  shrink(): boolean {
    if (this.pageKeys === 1) return false;
    this.pageKeys = Math.ceil(this.pageKeys / 8);
    this.left.unshift(...this.asked);
    return true;
  }

  /** Takes the answer; what it had to leave out is left for the next page. False when it makes no sense. */
  take({ responses }: ITxnResponse): boolean {
    if (responses.length !== this.asked.length) return false;
    let [bytes, keys] = [0, 0];
    for (const [i, { end }] of this.asked.entries()) {
      const { kvs, more } = responses[i]!.response_range;
      let last = '';
      for (const pair of kvs) {
        const read = witnessOf(pair);
        this.pairs.set(read.key, read.value);
        this.witness = newer(this.witness, read);
        last = read.key;
        bytes += pair.key.length + pair.value.length;
      }
      keys += kvs.length;
      if (more && kvs.length === 0) return false;
      if (more) this.left.push({ start: `${last}\0`, end });
    }
    const fitting = Math.floor((pageBytes * keys) / Math.max(bytes, 1));
    if (keys > 0) this.pageKeys = Math.min(Math.max(fitting, 1), this.pageKeys * 4, mostPageKeys);
    return true;
  }
}
