import type { ServerResponse } from 'node:http';
import type { Storage } from '../../storage/storage.ts';
import type { Keyspace } from '../../state/keyspace.ts';
import type { HttpStats } from './http-stats.ts';
import { NoRoomError, type Body, type LongBody } from './draft.ts';
import type { ServerLimits, Load } from './limits.ts';

/** The identity of this server. */
export interface Member {
  readonly name: string;
  /** Lower-case hex without leading zeros, like clusterId. */
  readonly id: string;
  readonly clusterId: string;
  /** The advertised client URLs. */
  readonly clientUrls: readonly string[];
  /** Shown only; nothing listens there. */
  readonly peerUrls: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** 2 at the first start, and one more at each start. */
  readonly raftTerm: number;
}

/** The settings of a cluster in etcd 0.4. */
export interface ClusterSettings {
  readonly activeSize: number;
  /** Seconds, like syncInterval. */
  readonly removeDelay: number;
  readonly syncInterval: number;
}

/** What every answer is made from. */
export interface ServerContext {
  readonly keyspace: Keyspace;
  readonly member: Member;
  /** Allowed origins of web pages; '*' allows all. */
  readonly cors: readonly string[];
  readonly limits: ServerLimits;
  readonly load: Load;
  readonly http: HttpStats;
  /** Undefined for a store in memory. */
  readonly disk: Pick<Storage, 'figures'> | undefined;
  /** What /v2/admin/config shows until a client changes it. */
  readonly cluster: ClusterSettings;
  /** The command line of the server. */
  readonly cmdline: readonly string[];
  /** Turns the logging of every change on or off. */
  readonly setVerbose: (verbose: boolean) => void;
}

/** The etcd release that this server behaves like. */
export const etcdVersion = '3.4.23';

/** Header names and values alternately, as writeHead takes them. */
export type Headers = readonly string[];

/** The headers that allow a web page to read an answer; none for an origin that is not listed. */
export function corsHeaders(site: ServerContext, origin: string | undefined): Headers {
  if (site.cors.length === 0) return [];
  const allowed = site.cors.includes('*') ? '*' : site.cors.find((entry) => entry === origin);
  if (allowed === undefined) return [];
  return [
    'Access-Control-Allow-Headers',
    'accept, content-type, authorization',
    'Access-Control-Allow-Methods',
    'POST, GET, OPTIONS, PUT, DELETE',
    'Access-Control-Allow-Origin',
    allowed,
  ];
}

/** The status line and headers of a long answer. */
interface Start {
  readonly status: number;
  readonly contentType: string;
  readonly isOwed: boolean;
}

/** One answer; headers that are set before the body are sent with it. */
export class Reply {
  private readonly headers: string[];
  private isLast = false;

  constructor(
    readonly raw: ServerResponse,
    cors: Headers,
    private readonly site: Pick<ServerContext, 'limits' | 'load'>,
  ) {
    this.headers = [...cors];
    raw.removeHeader('connection'); // Go sends no header when the connection stays open
  }

  /** Closes the connection after this answer. */
  closeAfter(): void {
    this.isLast = true;
  }

  add(name: string, value: string): void {
    this.headers.push(name, value);
  }

  addAll(headers: Headers): void {
    this.headers.push(...headers);
  }

  /** Sends a whole answer; the answer to a change is owed. A HEAD request gets the headers only. */
  send(status: number, contentType: string, body: Body, isOwed = false): void {
    const { raw } = this;
    if (typeof body !== 'string') {
      this.sendLong({ status, contentType, isOwed }, body);
      return;
    }
    // The length of a HEAD answer is sent only when a GET would have a body.
    const isLength = status !== 204 && (body !== '' || raw.req.method !== 'HEAD');
    this.head(status, contentType, isLength ? body.length : undefined);
    if (body !== '') {
      // end(body) would give the socket an extra empty piece, and joining the two costs more than writing one.
      raw.write(body, 'latin1');
      raw.socket?.uncork();
    }
    raw.end();
    this.holdUntilRead(body.length);
  }

  /** Sends a body when it is built; an owed one is never refused because of memory. */
  private sendLong({ status, contentType, isOwed }: Start, body: LongBody): void {
    const { raw } = this;
    const { load } = this.site;
    body.hold(load);
    raw.once('close', () => {
      body.release(load);
    });
    body.layOut(load, isOwed).then(
      (bytes) => {
        if (raw.destroyed) return;
        this.head(status, contentType, bytes.length);
        raw.write(bytes);
        raw.socket?.uncork();
        raw.end();
        this.holdUntilRead(raw.socket !== null && 'encrypted' in raw.socket ? bytes.length : 0);
      },
      (error: unknown) => {
        if (raw.destroyed) return;
        if (error instanceof NoRoomError) this.refuseForWant();
        else raw.destroy();
      },
    );
  }

  private head(status: number, contentType: string, length: number | undefined): void {
    if (contentType !== '') this.add('Content-Type', contentType);
    if (length !== undefined) this.add('Content-Length', String(length));
    this.addConnection(true);
    this.raw.writeHead(status, this.headers);
  }

  /** Closes the connection when the client does not read its answer in time. */
  private holdUntilRead(bytes: number): void {
    const { raw } = this;
    if (raw.writableLength === 0) return;
    const { limits, load } = this.site;
    load.unread += bytes;
    const timer = setTimeout(() => raw.destroy(), limits.answerMs);
    raw.once('close', () => {
      clearTimeout(timer);
      load.unread -= bytes;
    });
  }

  /** Sends the headers of an answer whose body follows in chunks. */
  open(status: number, contentType: string): void {
    this.add('Content-Type', contentType);
    this.addConnection(false);
    this.raw.writeHead(status, this.headers);
    this.raw.flushHeaders();
  }

  /** As in Go, sends a Connection header when the HTTP version alone does not decide. */
  private addConnection(hasEnd: boolean): void {
    const { shouldKeepAlive, req } = this.raw;
    if (this.isLast) this.add('Connection', 'close');
    else if (req.httpVersion === '1.0') {
      if (shouldKeepAlive && hasEnd) this.add('Connection', 'keep-alive');
    } else if (!shouldKeepAlive) this.add('Connection', 'close');
  }

  /** Refuses because too many answers are unread; called before anything was changed. */
  refuseForWant(): void {
    this.refuse(503, 'too many answers wait to be read by their clients: try again later');
  }

  /** Sends an error in plain text, in the words of Go's HTTP library. */
  refuse(status: number, text: string): void {
    this.add('X-Content-Type-Options', 'nosniff');
    this.send(status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  /** Answers what Go refuses before it looks for a page: plain text, and the connection is closed. */
  hangUp(status: number, text: string): void {
    this.raw.removeHeader('transfer-encoding');
    this.raw.writeHead(status, ['Content-Type', 'text/plain; charset=utf-8', 'Connection', 'close']);
    this.raw.end(text);
  }

  /** Answers 405. */
  refuseMethod(allow: string): void {
    this.add('Allow', allow);
    this.refuse(405, 'Method Not Allowed');
  }
}
