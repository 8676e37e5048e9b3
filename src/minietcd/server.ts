import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../obs/clock.ts';
import { answer } from './http.ts';
import { Keyspace } from './keyspace.ts';
import type { Site } from './site.ts';

/** Where a server listens; port 0 takes any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How a server presents itself; whatever is left out gets a default. */
export interface Identity {
  /** 'default' */
  readonly name?: string;
  /** What /v2/machines says; without it, the addresses that it listens on. */
  readonly clientUrls?: readonly string[];
  readonly peerUrls?: readonly string[];
  /** Origins whose pages may use the store from a browser; none, and '*' for all. */
  readonly cors?: readonly string[];
}

/** Clients of etcd keep idle connections for long, and Go's server never closes them first. */
const idleMs = 10 * 60_000;

/** How long open answers may take to finish once the server closes. */
const lastAnswersMs = 1000;

const maxHeaderBytes = 64 * 1024;
const maxConnections = 50_000;

/** An address that cannot be listened on; the message names it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** A single-node etcd in this process: one store, served on any number of addresses. */
export class MiniEtcd {
  readonly keyspace: Keyspace;
  private readonly servers: Server[] = [];
  private readonly stopping = new AbortController();
  private readonly sweeping: Promise<void>;
  private site: Site;

  constructor(clock: Clock, identity: Identity = {}) {
    this.keyspace = new Keyspace(clock);
    const member = {
      name: identity.name ?? 'default',
      id: randomId(),
      clusterId: randomId(),
      clientUrls: identity.clientUrls ?? [],
      peerUrls: identity.peerUrls ?? ['http://127.0.0.1:7001'],
      startedAt: clock.now(),
    };
    this.site = { keyspace: this.keyspace, member, cors: identity.cors ?? [] };
    this.sweeping = this.keyspace.sweep(this.stopping.signal);
  }

  /** Aborted once the server closes: whoever waits for the store in this process should give up. */
  get stopped(): AbortSignal {
    return this.stopping.signal;
  }

  /** The http:// URLs on which it answers. */
  get urls(): readonly string[] {
    return this.servers.map((server) => urlOf(server.address() as AddressInfo));
  }

  /** Serves all addresses or none. Throws ListenError, which names the address that cannot be had. */
  async listen(addresses: readonly Address[]): Promise<void> {
    const opened: Server[] = [];
    try {
      for (const address of addresses) {
        const server = this.createHttp();
        await listenOn(server, address);
        opened.push(server);
      }
    } catch (error) {
      await Promise.all(opened.map(closeServer));
      throw error;
    }
    this.servers.push(...opened);
    const { member } = this.site;
    if (member.clientUrls.length === 0) this.site = { ...this.site, member: { ...member, clientUrls: this.urls } };
  }

  /** Stops listening, ends open polls with what they have, and gives the rest a second to finish; twice is fine. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('mini-etcd is stopping'));
    this.keyspace.endWatches();
    await Promise.all([this.sweeping, ...this.servers.splice(0).map(closeServer)]);
  }

  private createHttp(): Server {
    const server = createHttpServer({
      keepAliveTimeout: idleMs,
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false, // answered in Go's words instead
    });
    server.maxConnections = maxConnections;
    server.on('request', (req, res) => {
      void answer(this.site, req, res);
    });
    server.on('clientError', refuseBytes);
    return server;
  }
}

function randomId(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`).toString(16);
}

function urlOf(address: AddressInfo): string {
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function listenOn(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new ListenError(`cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined); // a connection that could not be accepted is its client's loss only
      resolve();
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another program already listens there';
  if (error.code === 'EACCES') return 'permission denied';
  return error.message;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, lastAnswersMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Bytes that are no HTTP request: one line of answer where the socket still takes it. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
  socket.end(`${head}${status}`);
}
