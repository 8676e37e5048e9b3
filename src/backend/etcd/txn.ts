import type { IResponseHeader } from 'etcd3';

/** A pair with its creation and modification revisions. Byte strings. */
export interface Pair {
  readonly key: string;
  readonly value: string;
  readonly created: number;
  readonly modified: number;
}

/** The pairs of a range, up to the requested limit. */
export interface RangeAnswer {
  readonly pairs: readonly Pair[];
  readonly more: boolean;
  /** The number of all pairs in the range. */
  readonly count: number;
}

/** The answer to a transaction of reads. */
export interface TxnAnswer {
  readonly header: IResponseHeader;
  readonly responses: readonly RangeAnswer[];
  /** Its length in bytes. */
  readonly bytes: number;
}

/**
 * Decodes an etcdserverpb.TxnResponse. The library makes a dozen objects for each pair, which for a million pairs takes
 * longer than etcd needs to find them; this makes one. An answer that is cut short or invalid is an Error.
 */
export function decodeTxn(bytes: Buffer): TxnAnswer {
  const wire = new Wire(bytes);
  let header: IResponseHeader | null = null;
  const responses: RangeAnswer[] = [];
  while (wire.at < bytes.length) {
    const tag = wire.number();
    if (tag === 0x0a) header = readHeader(wire);
    else if (tag === 0x1a) responses.push(readResponse(wire));
    else wire.skip(tag);
  }
  if (header === null) throw new Error('the answer has no header');
  return { header, responses, bytes: bytes.length };
}

function readHeader(wire: Wire): IResponseHeader {
  const header: IResponseHeader = { cluster_id: '0', member_id: '0', revision: '0', raft_term: '0' };
  const end = wire.enter();
  while (wire.at < end) {
    const tag = wire.number();
    if (tag === 0x08) header.cluster_id = wire.unsigned();
    else if (tag === 0x10) header.member_id = wire.unsigned();
    else if (tag === 0x18) header.revision = wire.unsigned();
    else if (tag === 0x20) header.raft_term = wire.unsigned();
    else wire.skip(tag);
  }
  wire.leave(end);
  return header;
}

/** One response of the transaction; all of them are ranges. */
function readResponse(wire: Wire): RangeAnswer {
  let answer: RangeAnswer | null = null;
  const end = wire.enter();
  while (wire.at < end) {
    const tag = wire.number();
    if (tag === 0x0a) answer = readRange(wire);
    else wire.skip(tag);
  }
  wire.leave(end);
  if (answer === null) throw new Error('the answer is not that of a range request');
  return answer;
}

function readRange(wire: Wire): RangeAnswer {
  const pairs: Pair[] = [];
  let more = false;
  let count = 0;
  const end = wire.enter();
  while (wire.at < end) {
    const tag = wire.number();
    if (tag === 0x12) pairs.push(readPair(wire));
    else if (tag === 0x18) more = wire.number() !== 0;
    else if (tag === 0x20) count = wire.number();
    else wire.skip(tag);
  }
  wire.leave(end);
  return { pairs, more, count };
}

function readPair(wire: Wire): Pair {
  let key = '';
  let value = '';
  let created = 0;
  let modified = 0;
  const end = wire.enter();
  while (wire.at < end) {
    const tag = wire.number();
    if (tag === 0x0a) key = wire.text();
    else if (tag === 0x10) created = wire.number();
    else if (tag === 0x18) modified = wire.number();
    else if (tag === 0x2a) value = wire.text();
    else wire.skip(tag);
  }
  wire.leave(end);
  return { key, value, created, modified };
}

const truncated = 'the answer ends in the middle of a message';
const tooLong = 'the answer has a number of more than 64 bits';
/** The factor of the tenth and last byte of a varint. */
const longest = 2 ** 63;

/** A reader of protocol buffers, from front to back. */
class Wire {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** A varint; not exact beyond 2^53. */
  number(): number {
    let result = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
      if (scale >= longest) throw new Error(tooLong);
    }
  }

  /** A varint of up to 64 bits, as decimal digits. */
  unsigned(): string {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, result).toString();
      if (shift >= 63n) throw new Error(tooLong);
    }
  }

  text(): string {
    const end = this.enter();
    const text = this.bytes.toString('latin1', this.at, end);
    this.at = end;
    return text;
  }

  /** Enters a field of bytes; returns its end. */
  enter(): number {
    const length = this.number();
    const end = this.at + length;
    if (end > this.bytes.length) throw new Error(truncated);
    return end;
  }

  /** Leaves a field: nothing may have been read beyond its end. */
  leave(end: number): void {
    if (this.at !== end) throw new Error('the answer has a message that is longer than it says');
  }

  skip(tag: number): void {
    const type = tag & 7;
    if (type === 0) this.number();
    else if (type === 1) this.forward(8);
    else if (type === 2) this.at = this.enter();
    else if (type === 5) this.forward(4);
    else throw new Error(`the answer has a field of the unknown type ${type}`);
  }

  private forward(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length) throw new Error(truncated);
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw new Error(truncated);
    return this.bytes[this.at++]!;
  }
}
