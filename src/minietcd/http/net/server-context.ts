import type { ServerResponse } from 'node:http';
import type { Storage } from '../../storage/storage.ts';
import type { Keyspace } from '../../state/keyspace.ts';
import type { HttpStats } from './http-stats.ts';
import { NoRoomError, type Body, type LongBody } from './draft.ts';
import type { ServerLimits, Load } from './limits.ts';

/** Who this server says it is. */
export interface Member {
  readonly name: string;
  /** Lower-case hex without leading zeros, as is clusterId. */
  readonly id: string;
  readonly clusterId: string;
  /** Where clients are told to connect. */
  readonly clientUrls: readonly string[];
  /** Shown to clients that ask; nothing listens there. */
  readonly peerUrls: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** 2 on the first start, and one more on each. */
  readonly raftTerm: number;
}

/** The settings that etcd 0.4 had for a whole cluster. */
export interface ClusterSettings {
  readonly activeSize: number;
  /** Seconds, as is syncInterval. */
  readonly removeDelay: number;
  readonly syncInterval: number;
}

/** What every answer is made from. */
export interface ServerContext {
  readonly keyspace: Keyspace;
  readonly member: Member;
  /** Origins that browsers may come from; '*' lets all in. */
  readonly cors: readonly string[];
  readonly limits: ServerLimits;
  readonly load: Load;
  readonly http: HttpStats;
  /** Undefined where nothing is kept. */
  readonly disk: Pick<Storage, 'figures'> | undefined;
  /** What /v2/admin/config shows until someone sets it. */
  readonly cluster: ClusterSettings;
  /** The words that the server was started with. */
  readonly cmdline: readonly string[];
  /** Whether every change is to be logged from now on. */
  readonly setVerbose: (verbose: boolean) => void;
}

/** The release of etcd whose behaviour this server has. */
export const etcdVersion = '3.4.23';

/** Header names and values in turn, as writeHead takes them. */
export type Headers = readonly string[];

/** The headers that let a browser's page read an answer; none for an origin that is not listed. */
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

/** How a long answer begins. */
interface Start {
  readonly status: number;
  readonly contentType: string;
  readonly isOwed: boolean;
}

/** Where one answer goes; headers set before its body are sent with it. */
export class Reply {
  private readonly headers: string[];
  private isLast = false;

  constructor(
    readonly raw: ServerResponse,
    cors: Headers,
    private readonly site: Pick<ServerContext, 'limits' | 'load'>,
  ) {
    this.headers = [...cors];
    raw.removeHeader('connection'); // Go says nothing where the connection stays open
  }

  /** The connection ends with this answer. */
  closeAfter(): void {
    this.isLast = true;
  }

  add(name: string, value: string): void {
    this.headers.push(name, value);
  }

  addAll(headers: Headers): void {
    this.headers.push(...headers);
  }

  /** Sends a whole answer, which is owed where something was changed; a HEAD request gets its headers only. */
  send(status: number, contentType: string, body: Body, isOwed = false): void {
    const { raw } = this;
    if (typeof body !== 'string') {
      this.sendLong({ status, contentType, isOwed }, body);
      return;
    }
    // What a HEAD request would have got has a length only where it has a body.
    const isLength = status !== 204 && (body !== '' || raw.req.method !== 'HEAD');
    this.head(status, contentType, isLength ? body.length : undefined);
    if (body !== '') {
      // end(body) would give the socket an empty piece besides, and gathering the two costs more than writing one.
      raw.write(body, 'latin1');
      raw.socket?.uncork();
    }
    raw.end();
    this.holdUntilRead(body.length);
  }

  /** Sends a body once it is laid out; one that is owed is never refused for want of room. */
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

  /** A client that does not read its answer in time loses it. */
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

  /** Sends the headers of an answer whose body comes later, in chunks. */
  open(status: number, contentType: string): void {
    this.add('Content-Type', contentType);
    this.addConnection(false);
    this.raw.writeHead(status, this.headers);
    this.raw.flushHeaders();
  }

  /** As Go, says what becomes of the connection where the version of HTTP alone does not say it. */
  private addConnection(hasEnd: boolean): void {
    const { shouldKeepAlive, req } = this.raw;
    if (this.isLast) this.add('Connection', 'close');
    else if (req.httpVersion === '1.0') {
      if (shouldKeepAlive && hasEnd) this.add('Connection', 'keep-alive');
    } else if (!shouldKeepAlive) this.add('Connection', 'close');
  }

  /** Answers that too many answers wait already: before anything was done. */
  refuseForWant(): void {
    this.refuse(503, 'too many answers wait to be read by their clients: try again later');
  }

  /** Sends a refusal in plain text, as Go's HTTP library words it. */
  refuse(status: number, text: string): void {
    this.add('X-Content-Type-Options', 'nosniff');
    this.send(status, 'text/plain; charset=utf-8', `${text}\n`);
  }

  /** Answers what Go refuses before it looks for a page: in bare text, and with the end of the connection. */
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
