/** Packs numbers and byte strings, little-endian, into a growing buffer. */
export class BinaryWriter {
  private buffer: Buffer;
  private at = 0;

  constructor(size = 256) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  get length(): number {
    return this.at;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  /** Whole numbers up to 2^53, and times. */
  number(value: number): void {
    this.reserve(8);
    this.at = this.buffer.writeDoubleLE(value, this.at);
  }

  big(value: bigint): void {
    this.reserve(8);
    this.at = this.buffer.writeBigUInt64LE(value, this.at);
  }

  text(value: string): void {
    this.reserve(4 + value.length);
    this.at = this.buffer.writeUInt32LE(value.length, this.at);
    if (value.length > shortText) this.at += this.buffer.write(value, this.at, 'latin1');
    else for (let i = 0; i < value.length; i++) this.buffer[this.at++] = value.charCodeAt(i);
  }

  /** A copy of everything that was packed; the writer is then empty. */
  take(): Buffer {
    const bytes = Buffer.from(this.buffer.subarray(0, this.at));
    this.at = 0;
    return bytes;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

/** For a short text, a loop is faster than a call of native code. */
const shortText = 24;

/** Reads what a BinaryWriter wrote, in the same order; throws RangeError at the end. */
export class BinaryReader {
  constructor(
    private readonly bytes: Buffer,
    private at = 0,
    private readonly end = bytes.length,
  ) {}

  get isDone(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    this.take(1);
    return this.bytes[this.at - 1]!;
  }

  number(): number {
    this.take(8);
    return this.bytes.readDoubleLE(this.at - 8);
  }

  big(): bigint {
    this.take(8);
    return this.bytes.readBigUInt64LE(this.at - 8);
  }

  text(): string {
    this.take(4);
    const length = this.bytes.readUInt32LE(this.at - 4);
    this.take(length);
    return this.bytes.toString('latin1', this.at - length, this.at);
  }

  private take(bytes: number): void {
    this.at += bytes;
    if (this.at > this.end) throw new RangeError('the bytes end too early');
  }
}
