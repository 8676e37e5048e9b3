import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Agent as HttpsAgent, request as HttpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../obs/clock.ts';
import { BackendError } from './backend.ts';
import { within } from './deadline.ts';
import { type Node, parseNode } from './nodes.ts';
import { deniedBy, plainWords } from './plainwords.ts';
import { loadTls, type TlsFiles, wantsTls } from './tls.ts';

export interface HttpSettings {
  /** URLs or host:port, in the order in which they are tried. */
  readonly nodes: readonly string[];
  /** For nodes without a scheme; TLS files ask for https, too. */
  readonly scheme: 'http' | 'https';
  readonly tls: TlsFiles;
  /** Basic auth, or null. */
  readonly auth: { readonly username: string; readonly password: string } | null;
  readonly limits: HttpLimits;
  readonly clock: Clock;
}

export interface HttpLimits {
  /** From the start of a request to the headers of its answer. */
  readonly headersMs: number;
  /** A whole read, body included. */
  readonly totalMs: number;
  readonly maxBytes: number;
}

export const usualLimits: HttpLimits = { headersMs: 3000, totalMs: 60_000, maxBytes: 256 * 1024 * 1024 };

/** An answer whose headers are here; `body` waits for the rest, as bytes (one char each). */
export interface Answer {
  readonly node: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  body(): Promise<string>;
}

interface Https {
  readonly request: typeof HttpsRequest;
  readonly agent: HttpsAgent;
}

/**
 * GET requests to the nodes of one store, over connections that are kept. It stays with the node that works; when that
 * one fails (no connection, no headers in time, a status of 500 or more) the next is asked at once.
 */
export class HttpClient {
  private current = 0;
  private readonly agent = new HttpAgent({ keepAlive: true, keepAliveMsecs: 10_000 });

  private constructor(
    private readonly settings: HttpSettings,
    private readonly nodes: readonly Node[],
    private readonly https: Https | null,
  ) {}

  /** Checks addresses and certificates; nothing is connected yet. */
  static async create(settings: HttpSettings): Promise<HttpClient> {
    const scheme = settings.scheme === 'https' || wantsTls(settings.tls) ? 'https' : 'http';
    const nodes = settings.nodes.map((text) => parseNode(text, scheme));
    if (nodes.length === 0) throw new BackendError('settings', 'there is no node to connect to');
    if (nodes.every((node) => node.url.protocol === 'http:')) return new HttpClient(settings, nodes, null);
    const { Agent, request } = await import('node:https');
    const agent = new Agent({ keepAlive: true, keepAliveMsecs: 10_000, ...(await loadTls(settings.tls)) });
    return new HttpClient(settings, nodes, { request, agent });
  }

  /** The whole answer, in time or not at all. */
  async get(path: string, signal: AbortSignal): Promise<Answer> {
    const { limits, clock } = this.settings;
    return this.eachNode(signal, (node) => {
      const late = new Error(`the answer was not complete after ${limits.totalMs / 1000} s`);
      return within({ ms: limits.totalMs, clock, late }, signal, async (inner) => {
        const answer = await this.ask(node, path, inner);
        const body = await answer.body();
        return { ...answer, body: () => Promise.resolve(body) };
      });
    });
  }

  /** An answer as soon as its headers are here; the signal also ends the wait for its body. */
  async open(path: string, signal: AbortSignal): Promise<Answer> {
    return this.eachNode(signal, (node) => this.ask(node, path, signal));
  }

  /** Drops every connection. */
  close(): void {
    for (const agent of [this.agent, this.https?.agent]) {
      // A connection that was still being made when its request was given up comes back later.
      agent?.on('free', (socket: Socket) => socket.destroy());
      agent?.destroy();
    }
  }

  private async eachNode<T>(signal: AbortSignal, attempt: (node: Node) => Promise<T>): Promise<T> {
    const failures: { readonly node: Node; readonly cause: Error }[] = [];
    const first = this.current;
    for (let tried = 0; tried < this.nodes.length; tried++) {
      const index = (first + tried) % this.nodes.length;
      const node = this.nodes[index]!;
      signal.throwIfAborted();
      try {
        const result = await attempt(node);
        this.current = index;
        return result;
      } catch (cause) {
        signal.throwIfAborted();
        failures.push({ node, cause: cause as Error });
      }
    }
    const code = failures.every(({ cause }) => deniedBy(cause)) ? 'denied' : 'unreachable';
    const message = failures.map(({ node, cause }) => `${node.label}: ${plainWords(cause)}`).join('; ');
    throw new BackendError(code, message, { cause: failures.length === 1 ? failures[0]!.cause : failures });
  }

  private async ask(node: Node, path: string, signal: AbortSignal): Promise<Answer> {
    const response = await this.redirected(node, node.url.origin, node.url.pathname.replace(/\/+$/, '') + path, signal);
    const answer: Answer = {
      node: node.label,
      status: response.statusCode!,
      headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: () => readBody(response, this.settings.limits.maxBytes, signal),
    };
    if (answer.status >= 500) throw new Error(`answered ${answer.status}${reason(await answer.body())}`);
    return answer;
  }

  /** etcd 0.4's followers send readers on to the leader. */
  private async redirected(node: Node, origin: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    let url = new URL(path, `${origin}/`);
    let [host, raw] = [origin, path];
    for (let hops = 0; ; hops++) {
      const sameHost = new URL(host).hostname === node.url.hostname;
      const response = await this.send(host, raw, this.credentials(sameHost ? node : null), signal);
      const location = response.headers.location;
      if (![301, 302, 307, 308].includes(response.statusCode!) || location === undefined) return response;
      response.destroy();
      if (hops === 3 || !URL.canParse(location, url.href)) throw new Error('it redirects in circles');
      url = new URL(location, url);
      [host, raw] = [url.origin, url.pathname + url.search];
    }
  }

  private credentials(node: Node | null): string | null {
    if (node === null) return null;
    const { auth } = this.settings;
    const pair = auth === null ? node.userinfo : `${auth.username}:${auth.password}`;
    return pair === '' ? null : `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  }

  private async send(
    origin: string,
    path: string,
    authorization: string | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { limits, clock } = this.settings;
    const late = new Error(`no answer within ${limits.headersMs / 1000} s`);
    for (;;) {
      const request = this.start(origin, path, authorization);
      try {
        return await within({ ms: limits.headersMs, clock, late }, signal, (inner) => headersOf(request, inner));
      } catch (error) {
        // A kept connection may have died unseen; the kept ones go, and a new one decides.
        if (!request.reusedSocket || signal.aborted) throw error;
        this.dropIdle();
      }
    }
  }

  private dropIdle(): void {
    for (const agent of [this.agent, this.https?.agent]) {
      for (const socket of Object.values(agent?.freeSockets ?? {}).flat()) socket?.destroy();
    }
  }

  private start(origin: string, path: string, authorization: string | null): ClientRequest {
    const { protocol, hostname, port } = new URL(origin);
    const options = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      path,
      headers: { Accept: 'application/json', ...(authorization === null ? {} : { Authorization: authorization }) },
    };
    if (protocol === 'http:') return httpRequest({ ...options, agent: this.agent });
    if (this.https === null) throw new Error('it redirects to https, for which nothing is set');
    return this.https.request({ ...options, agent: this.https.agent });
  }
}

function headersOf(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const abort = () => request.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    request.once('response', (response) => {
      signal.removeEventListener('abort', abort);
      // Without a listener a connection that breaks before the body is read would end the process.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.on('error', (error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    });
    if (signal.aborted) abort();
    request.end();
  });
}

function readBody(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const abort = () => response.destroy(signal.reason as Error);
    const fail = (error: Error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) response.destroy(new Error(`the answer is longer than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    response.once('end', () => {
      signal.removeEventListener('abort', abort);
      resolve(Buffer.concat(chunks, size).toString('latin1'));
    });
    response.once('error', fail);
    response.once('close', () => {
      fail(new Error('the connection broke in the middle of the answer'));
    });
    if (signal.aborted) abort();
    else if (response.destroyed)
      fail(response.errored ?? new Error('the connection broke in the middle of the answer'));
  });
}

/** What an etcd says about a failure, for a message. */
function reason(body: string): string {
  const message = /"message"\s*:\s*"([^"\\]*)"/.exec(body)?.[1];
  return message === undefined ? '' : ` (${message})`;
}
