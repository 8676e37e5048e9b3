import { BackendError } from '../contract/backend.ts';

/** An answer of a server that is an error. */
export class RespError {
  constructor(readonly text: string) {}

  /** The first word, which tells the kind: "WRONGPASS". */
  get code(): string {
    return this.text.split(' ', 1)[0]!;
  }
}

/** What a server answers. Texts are byte strings. */
export type Reply = string | number | null | RespError | readonly Reply[];

const maxLine = 65_536;
const maxBulk = 512 * 1024 * 1024;
const maxItems = 10_000_000;
const maxDepth = 8;

/** The bytes of a command. */
export function encodeCommand(args: readonly string[]): Buffer {
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${parts.join('')}`, 'latin1');
}

/** Reads the answers of a server (RESP 2) from the pieces of a connection. */
export class RespReader {
  private chunks: Buffer[] = [];
  private size = 0;
  /** So many bytes are needed before there is more to read. */
  private needed = 1;
  private readonly open: { readonly items: Reply[]; readonly count: number }[] = [];

  /** The answers that this piece completes. Throws BackendError 'protocol' for what is not RESP. */
  push(chunk: Buffer): Reply[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.needed) return [];
    const bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const replies: Reply[] = [];
    let at = 0;
    this.needed = 1;
    while (at < bytes.length) {
      const next = this.read(bytes, at);
      if (next === null) break;
      at = next.end;
      if (next.reply !== undefined) this.add(next.reply, replies);
    }
    const rest = bytes.subarray(at);
    this.chunks = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
    return replies;
  }

  /** One value at a place, without `reply` where an array begins; null where bytes are missing. */
  private read(bytes: Buffer, at: number): { readonly end: number; readonly reply?: Reply } | null {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0 ? bytes.length - at > maxLine : lineEnd - at > maxLine) throw notRedis();
    if (!'+-:$*'.includes(String.fromCharCode(bytes[at]!))) throw notRedis();
    if (lineEnd < 0) {
      this.needed = bytes.length - at + 1;
      return null;
    }
    const line = bytes.toString('latin1', at + 1, lineEnd);
    const end = lineEnd + 2;
    switch (String.fromCharCode(bytes[at]!)) {
      case '+':
        return { end, reply: line };
      case '-':
        return { end, reply: new RespError(line) };
      case ':':
        return { end, reply: numberOf(line, Number.MAX_SAFE_INTEGER) };
      case '$': {
        const length = numberOf(line, maxBulk);
        if (length < 0) return { end, reply: null };
        if (bytes.length < end + length + 2) {
          this.needed = end + length + 2 - at;
          return null;
        }
        return { end: end + length + 2, reply: bytes.toString('latin1', end, end + length) };
      }
      default: {
        const count = numberOf(line, maxItems);
        if (count < 0) return { end, reply: null };
        if (count === 0) return { end, reply: [] };
        if (this.open.length >= maxDepth) throw notRedis();
        this.open.push({ items: [], count });
        return { end };
      }
    }
  }

  private add(reply: Reply, replies: Reply[]): void {
    let whole = reply;
    for (let last = this.open.at(-1); last !== undefined; last = this.open.at(-1)) {
      last.items.push(whole);
      if (last.items.length < last.count) return;
      this.open.pop();
      whole = last.items;
    }
    replies.push(whole);
  }
}

function numberOf(text: string, max: number): number {
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || number > max) throw notRedis();
  return number;
}

function notRedis(): BackendError {
  return new BackendError('protocol', 'the server there is not redis, or speaks TLS (write rediss://)');
}
