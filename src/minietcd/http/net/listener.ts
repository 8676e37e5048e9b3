import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Server as TlsServer, TlsOptions, TLSSocket } from 'node:tls';
import type { Clock } from '../../../obs/clock.ts';
import { ListenError, type Address } from './address.ts';
import type { ServerLimits, Load } from './limits.ts';
import { certificateFault, loadTls, stampOf, type ServerTlsFiles } from './tls.ts';
import { PipelineQueue } from './pipeline-queue.ts';

/** After so long without a packet, TCP probes whether the client still exists. */
const probeMs = 30_000;

/** Time limit for open answers when the server closes. */
const lastAnswersMs = 1000;

/** Time limit for the head of a request. */
const headMs = 60_000;

const maxHeaderBytes = 64 * 1024;

/** Connections beyond the limit that still get an error answer. */
const refusedConnections = 1000;

/** How often the TLS files are checked. */
const checkMs = 5000;

/** The sockets of a server: its addresses, over TLS if it has the files. */
export class Listener {
  private readonly servers: Server[] = [];
  private readonly queue: PipelineQueue;
  private files: ServerTlsFiles | undefined;

  /** Gets the reason when a client is refused because of its certificate. */
  onRefusedClient: (why: string) => void = () => undefined;

  constructor(
    handle: RequestListener,
    private readonly limits: ServerLimits,
    private readonly load: Load,
  ) {
    this.queue = new PipelineQueue(handle);
  }

  /** The URLs of the server. */
  get urls(): readonly string[] {
    const scheme = this.files === undefined ? 'http' : 'https';
    return this.servers.map((server) => urlOf(scheme, server.address() as AddressInfo));
  }

  /** Listens on all addresses or none. Throws ListenError, which names the address or file that cannot be used. */
  async listen(addresses: readonly Address[], files?: ServerTlsFiles): Promise<void> {
    const tls = files === undefined ? undefined : await loadTls(files);
    const opened: Server[] = [];
    try {
      for (const address of addresses) {
        const server = this.create(tls);
        await listenOn(server, address);
        opened.push(server);
      }
    } catch (error) {
      await Promise.all(opened.map(closeServer));
      throw error;
    }
    this.files = files;
    this.servers.push(...opened);
  }

  /** Reads the TLS files again, for new connections. Throws ListenError; then the old ones stay in use. */
  async reload(): Promise<void> {
    if (this.files === undefined) return;
    const tls = await loadTls(this.files);
    for (const server of this.servers) (server as unknown as TlsServer).setSecureContext(tls);
  }

  /**
   * Reloads whenever the TLS files change, until aborted; `reported` is called each time, with the error if there is
   * one.
   */
  async follow(clock: Clock, signal: AbortSignal, reported: (error?: ListenError) => void): Promise<void> {
    const { files } = this;
    if (files === undefined) return;
    for (let seen = await stampOf(files); ;) {
      await clock.sleep(checkMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const stamp = await stampOf(files);
      if (stamp === seen) continue;
      seen = stamp;
      await this.reload().then(
        () => {
          reported();
        },
        (error: unknown) => {
          reported(error as ListenError);
        },
      );
    }
  }

  /** Stops listening; open answers have one second to finish. */
  async close(): Promise<void> {
    await Promise.all(this.servers.splice(0).map(closeServer));
  }

  private create(tls: TlsOptions | undefined): Server {
    const { requestMs, connections } = this.limits;
    const options: ServerOptions = {
      // Clients of etcd keep idle connections for a long time, and Go's server never closes them first.
      keepAliveTimeout: 0,
      keepAlive: true,
      keepAliveInitialDelay: probeMs,
      headersTimeout: Math.min(headMs, requestMs),
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.max(50, Math.min(5000, requestMs / 4)),
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false, // answered in Go's words instead
    };
    const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
    server.maxConnections = connections + refusedConnections;
    server.on('connection', (socket: Duplex) => {
      this.load.connections++;
      socket.once('close', () => this.load.connections--);
    });
    const take: RequestListener = (req, res) => {
      this.queue.take(req, res);
    };
    server.on('request', take);
    server.on('checkExpectation', take);
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      const code = socket.authorizationError as unknown as string | null; // its declared type is Error
      const why = certificateFault(code ?? error.code ?? '');
      if (why !== undefined) this.onRefusedClient(why);
    });
    server.on('clientError', (error, socket) => {
      this.queue.refuse(error, socket);
    });
    return server;
  }
}

function urlOf(scheme: string, address: AddressInfo): string {
  return `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function listenOn(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new ListenError(`cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined); // a failed connection affects its client only
      resolve();
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another program already listens there';
  if (error.code === 'EACCES') return 'permission denied';
  if (error.code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'no such host';
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
