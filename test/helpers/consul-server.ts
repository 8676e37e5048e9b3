import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { clean } from '../../src/go/path.ts';

/** A key as consul keeps it; keys and values are byte strings. */
interface Kept {
  readonly value: string;
  readonly created: number;
  readonly modified: number;
}

/** What a consul holds. */
interface State {
  readonly entries: Map<string, Kept>;
  /** The index at which a key that is gone was removed. */
  readonly graves: Map<string, number>;
  /** That of the last write to any key. */
  index: number;
}

/** Who may read what: by token ('' for those without one) the beginnings of keys. Others are not known. */
export type Rights = Readonly<Record<string, readonly string[]>>;

/** A question that is held back. */
interface Waiter {
  readonly isWoken: () => boolean;
  readonly answer: () => void;
}

interface Options {
  readonly tls?: SecureContextOptions & { readonly requestCert?: boolean };
}

/**
 * The keys of a consul over HTTP: indexes, blocking queries, listings, rights and their refusals are those of 1.14, which
 * `npm run test:peers consul` tries with the same tests.
 */
export class ConsulServer {
  /** Null where there are no rights, and everybody may read everything. */
  rights: Rights | null = null;
  /** Every question, in its order. */
  readonly asked: string[] = [];
  private state: State = { entries: new Map(), graves: new Map(), index: 1000 };
  private readonly waiters = new Set<Waiter>();
  private readonly server: Server;

  private constructor({ tls }: Options) {
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      this.serve(request, response);
    };
    this.server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve);
  }

  static async start(options: Options = {}): Promise<ConsulServer> {
    const consul = new ConsulServer(options);
    await new Promise<void>((resolve) => consul.server.listen(0, '127.0.0.1', resolve));
    return consul;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The index of the last write. */
  get index(): number {
    return this.state.index;
  }

  /** How many questions are held back now. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Writes a key, without a slash in front; the value that it has already is no write. */
  put(key: string, value: string): void {
    this.putAll([[key, value]]);
  }

  /** Writes keys at one index, as a transaction does. */
  putAll(pairs: Iterable<readonly [string, string]>): void {
    const { entries, graves } = this.state;
    const news = [...pairs].filter(([key, value]) => entries.get(key)?.value !== value);
    if (news.length === 0) return;
    const index = (this.state.index += 1);
    for (const [key, value] of news) {
      entries.set(key, { value, created: entries.get(key)?.created ?? index, modified: index });
      graves.delete(key);
    }
    this.wake();
  }

  /** Writes what has nothing to do with keys, so that the next write of a key has a higher index. */
  pass(count = 1): void {
    this.state.index += count;
  }

  /** Takes away a key, or all that begin with it. */
  remove(key: string, { isPrefix = false } = {}): void {
    const { entries, graves } = this.state;
    const gone = isPrefix ? [...entries.keys()].filter((each) => each.startsWith(key)) : [key];
    const there = gone.filter((each) => entries.has(each));
    if (there.length === 0) return;
    const index = (this.state.index += 1);
    for (const each of there) {
      entries.delete(each);
      graves.set(each, index);
    }
    this.wake();
  }

  /** Forgets which keys were removed, as a consul does after a quarter of an hour. */
  reap(): void {
    this.state.graves.clear();
  }

  snapshot(): State {
    const { entries, graves, index } = this.state;
    return { entries: new Map(entries), graves: new Map(graves), index };
  }

  /** Puts back what a snapshot holds. Whoever waits hears at once, and what was there before. */
  restore({ entries, graves }: State): void {
    for (const waiter of [...this.waiters]) waiter.answer();
    // The log goes on: the next write has a higher index than any before.
    this.state = { entries: new Map(entries), graves: new Map(graves), index: this.state.index };
  }

  /** Begins anew, without data, as after a start with an empty folder. */
  wipe(): void {
    this.state = { entries: new Map(), graves: new Map(), index: 10 };
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private wake(): void {
    for (const waiter of [...this.waiters]) if (waiter.isWoken()) waiter.answer();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request.url!);
    const url = new URL(request.url!, 'http://consul');
    const path = bytesOf(url.pathname);
    const cleaned = clean(path) + (path.endsWith('/') ? '/' : '');
    if (cleaned !== path) {
      response.writeHead(301, { Location: `${encodeURI(cleaned)}${url.search}` }).end();
      return;
    }
    const key = path.slice('/v1/kv/'.length);
    const token = String(request.headers['x-consul-token'] ?? '');
    const index = Number(url.searchParams.get('index') ?? 0);
    const isList = url.searchParams.has('recurse') || url.searchParams.has('keys');
    const now = () => this.indexOf(key, isList);
    const answer = () => {
      this.answer({ request, response, key, token, query: url.searchParams });
    };
    if (!this.isKnown(token) || index === 0 || now() > index) {
      answer();
      return;
    }
    const waiter: Waiter = {
      isWoken: () => now() > index,
      answer: () => {
        this.waiters.delete(waiter);
        clearTimeout(timer);
        answer();
      },
    };
    const timer = setTimeout(waiter.answer, msOf(url.searchParams.get('wait')));
    this.waiters.add(waiter);
    response.on('close', () => {
      this.waiters.delete(waiter);
      clearTimeout(timer);
    });
  }

  private answer({ request, response, key, token, query }: Question): void {
    const policy = this.rights === null ? 'allow' : 'deny';
    const refuse = (words: string) => {
      response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Consul-Default-Acl-Policy': policy });
      response.end(words);
    };
    if (!this.isKnown(token)) {
      refuse('ACL not found');
      return;
    }
    const isList = query.has('recurse') || query.has('keys');
    if (!isList && !this.mayRead(token, key)) {
      refuse(`Permission denied: token lacks permission 'key:read' on "${key}"`);
      return;
    }
    const all = [...this.state.entries].filter(([each]) => (isList ? each.startsWith(key) : each === key));
    const seen = all.filter(([each]) => this.mayRead(token, each)).sort(([a], [b]) => (a < b ? -1 : 1));
    const headers = {
      'X-Consul-Default-Acl-Policy': policy,
      'X-Consul-Index': String(this.indexOf(key, isList)),
      'X-Consul-Knownleader': 'true',
      'X-Consul-Lastcontact': '0',
      ...(seen.length < all.length && token !== '' ? { 'X-Consul-Results-Filtered-By-Acls': 'true' } : {}),
    };
    if (seen.length === 0 && !(query.has('keys') && key === '')) {
      response.writeHead(404, headers).end();
      return;
    }
    const list = query.has('keys') ? namesOf(seen, key, query.get('separator') ?? '') : seen.map(written);
    const body = Buffer.from(JSON.stringify(list), 'utf8');
    const isZipped = body.length >= 1024 && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const encoding = isZipped ? { 'Content-Encoding': 'gzip' } : {};
    response.writeHead(200, { ...headers, ...encoding, 'Content-Type': 'application/json' });
    response.end(isZipped ? gzipSync(body) : body);
  }

  /** The index of a key, or of all that begin with it; of what is not there that of the last write to any key. */
  private indexOf(key: string, isList: boolean): number {
    const { entries, graves, index } = this.state;
    if (!isList) return entries.get(key)?.modified ?? index;
    if (key === '') return index;
    const of = (map: Iterable<readonly [string, number]>) =>
      [...map].filter(([each]) => each.startsWith(key)).map(([, at]) => at);
    const there = of([...entries].map(([each, { modified }]) => [each, modified] as const));
    const newest = Math.max(0, ...there, ...of(graves));
    return newest === 0 ? index : newest;
  }

  private isKnown(token: string): boolean {
    return this.rights === null || token === '' || Object.hasOwn(this.rights, token);
  }

  private mayRead(token: string, key: string): boolean {
    return this.rights === null || (this.rights[token] ?? []).some((begin) => key.startsWith(begin));
  }
}

interface Question {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: string;
  readonly token: string;
  readonly query: URLSearchParams;
}

function namesOf(entries: readonly (readonly [string, Kept])[], prefix: string, separator: string): string[] {
  const names = entries.map(([key]) => {
    const at = separator === '' ? -1 : key.indexOf(separator, prefix.length);
    return text(at < 0 ? key : key.slice(0, at + separator.length));
  });
  return [...new Set(names)];
}

function written([key, { value, created, modified }]: readonly [string, Kept]): object {
  const Value = value === '' ? null : Buffer.from(value, 'latin1').toString('base64');
  return { LockIndex: 0, Key: text(key), Flags: 0, Value, CreateIndex: created, ModifyIndex: modified };
}

function text(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function bytesOf(path: string): string {
  return Buffer.from(decodeURIComponent(path), 'utf8').toString('latin1');
}

function msOf(wait: string | null): number {
  const [, number = '300', unit = 's'] = /^(\d+)(ms|s|m)$/.exec(wait ?? '') ?? [];
  return Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit]!;
}
