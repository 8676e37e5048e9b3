import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Agent as HttpsAgent, request as HttpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import type { Credentials } from './credentials.ts';
import { incomplete, noAnswer, within } from './deadline.ts';
import { Failover, type Patience } from './failover.ts';
import { type Node, parseNode } from './nodes.ts';
import { oneLine } from './error-text.ts';
import type { Proxy, Route } from './proxy.ts';
import { type TlsFiles, type TlsOptions, TlsSource, wantsTls } from './tls.ts';
import { proxyAuthorization, viaProxies } from './tunnel.ts';

export interface HttpSettings {
  /** URLs or host:port, in the order in which they are tried. */
  readonly nodes: readonly string[];
  /** For nodes without a scheme; TLS files ask for https, too. */
  readonly scheme: 'http' | 'https';
  readonly tls: TlsFiles;
  /** For basic auth; null leaves it to what stands in the addresses. */
  readonly auth: Credentials | null;
  /** By which proxies nodes are asked. */
  readonly route: Route;
  readonly limits: HttpLimits;
  readonly clock: Clock;
}

export interface HttpLimits {
  /** From the start of a request to the headers of its answer, all nodes together. */
  readonly headersMs: number;
  /** A whole request, body included; only the body of a long poll may take longer. */
  readonly totalMs: number;
  readonly maxBytes: number;
}

export const defaultHttpLimits: HttpLimits = { headersMs: 3000, totalMs: 60_000, maxBytes: 256 * 1024 * 1024 };

/** The nodes as addresses. */
export function nodesOf({ nodes, scheme, tls }: HttpSettings): readonly Node[] {
  if (nodes.length === 0) throw new BackendError('settings', 'there is no node to connect to');
  return nodes.map((text) => parseNode(text, scheme === 'https' || wantsTls(tls) ? 'https' : 'http'));
}

/** An answer whose headers are here; `body` waits for the rest, as bytes (one char each), without end unless in time. */
export interface HttpAnswer {
  readonly node: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  body(pace?: 'in time'): Promise<string>;
  /** True once a part of the body that body() waits for has come. */
  hasBegun(): boolean;
  /** Ends the connection of an answer whose body nobody wants. */
  drop(): void;
}

interface Https {
  readonly request: typeof HttpsRequest;
  readonly tls: TlsSource;
  readonly connect: (options: TlsOptions) => HttpsAgent;
  /** The agent whose connections are made with these options. */
  options: TlsOptions;
  agent: HttpsAgent;
}

const keeping = { keepAlive: true, keepAliveMsecs: 10_000 } as const;

/**
 * GET requests to the nodes of one store, over connections that are kept. It stays with the node that works; when that
 * one fails (no connection, no headers in time, a status of 500 or more) the next is asked at once.
 */
export class HttpClient {
  private readonly failover: Failover<Node>;
  private readonly agent: HttpAgent;

  private constructor(
    private readonly settings: HttpSettings,
    nodes: readonly Node[],
    private readonly https: Https | null,
  ) {
    const { limits, clock } = settings;
    const limit = { beginMs: limits.headersMs, totalMs: limits.totalMs, clock };
    this.agent = viaProxies(new HttpAgent(keeping), null, limits.headersMs);
    this.failover = new Failover(nodes, limit, () => https?.tls.fault ?? '');
  }

  /** Checks addresses and certificates; nothing is connected yet. */
  static async create(settings: HttpSettings): Promise<HttpClient> {
    const nodes = nodesOf(settings).map((node) => {
      const proxy = settings.route(node.url);
      return proxy === null ? node : { ...node, label: `${node.label} through the proxy ${proxy.label}` };
    });
    // A file that cannot be read is an error whatever the scheme of the nodes.
    const tls = await TlsSource.open(settings.tls);
    const isPlain = ({ url }: Node) => url.protocol === 'http:' && settings.route(url)?.kind !== 'https';
    if (nodes.every(isPlain)) return new HttpClient(settings, nodes, null);
    const { Agent, request } = await import('node:https');
    const options = await tls.current();
    const connect = (now: TlsOptions) => viaProxies(new Agent({ ...keeping, ...now }), now, settings.limits.headersMs);
    return new HttpClient(settings, nodes, { request, tls, connect, options, agent: connect(options) });
  }

  /** The whole answer, in time or not at all. */
  async get(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.failover.ask(signal, async (node, patience) => {
      const answer = await this.ask({ node, path, patience }, signal);
      const body = await answer.body('in time');
      if (answer.status === 400 && saysTls(body)) throw new Error('the server uses TLS on this port: write https://');
      return { ...answer, body: () => Promise.resolve(body) };
    });
  }

  /** An answer as soon as its headers are here; the signal also ends the wait for its body. */
  async open(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.failover.ask(signal, (node, patience) => this.ask({ node, path, patience }, signal));
  }

  /** Drops every connection. */
  close(): void {
    for (const agent of this.agents) {
      retire(agent);
      agent.destroy();
    }
  }

  private get agents(): readonly HttpAgent[] {
    return this.https === null ? [this.agent] : [this.agent, this.https.agent];
  }

  private async ask(asked: PendingRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { node } = asked;
    const path = node.url.pathname.replace(/\/+$/, '') + asked.path;
    const { limits, clock } = this.settings;
    const response = await this.admitted({ ...asked, path }, signal);
    const { maxBytes } = limits;
    const { totalMs, until } = asked.patience;
    const inTime = () => {
      const limit = { ms: until - clock.now(), clock, late: incomplete(totalMs) };
      return within(limit, signal, (inner) => readBody(response, maxBytes, inner));
    };
    const answer: HttpAnswer = {
      node: node.label,
      status: response.statusCode!,
      headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: (pace) => (pace === undefined ? readBody(response, maxBytes, signal) : inTime()),
      hasBegun: () => response.readableDidRead,
      drop: () => response.destroy(),
    };
    if (answer.status >= 500) throw new Error(`answered ${answer.status}${reason(await this.wordsOf(answer, signal))}`);
    return answer;
  }

  /** An answer to somebody who is let in, if the password that is valid now can do that. */
  private async admitted(asked: PendingRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { auth } = this.settings;
    if (auth === null) return this.redirected(asked, basic(asked.node.userinfo), signal);
    for (let { login } = auth; ; { login } = auth) {
      const response = await this.redirected(asked, basic(`${login.username}:${login.password}`), signal);
      if (![401, 403].includes(response.statusCode!) || !(await auth.renew(login))) return response;
      response.destroy();
    }
  }

  /** etcd 0.4's followers send readers on to the leader. */
  private async redirected(
    asked: PendingRequest,
    authorization: string | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { node, path, patience } = asked;
    let { origin } = node.url;
    let [url, raw] = [new URL(path, `${origin}/`), path];
    for (let hops = 0; ; hops++) {
      const { hostname, protocol } = new URL(origin);
      // A password goes to the node's own host only, and never in the clear where https was asked for.
      const isSafe = hostname === node.url.hostname && (protocol === node.url.protocol || protocol === 'https:');
      const ask = { origin, path: raw, authorization: isSafe ? authorization : null };
      const response = await this.send(ask, patience, signal);
      const location = response.headers.location;
      if (![301, 302, 307, 308].includes(response.statusCode!) || location === undefined) return response;
      response.destroy();
      if (hops === 3 || !URL.canParse(location, url.href)) throw new Error('it redirects in a loop');
      url = new URL(location, url);
      [origin, raw] = [url.origin, url.pathname + url.search];
    }
  }

  private async send(ask: HttpRequest, { beginMs, until }: Patience, signal: AbortSignal): Promise<IncomingMessage> {
    const { clock } = this.settings;
    for (;;) {
      const secure = await this.secure();
      const ms = Math.min(beginMs, until - clock.now());
      const request = this.start(ask, secure);
      try {
        return await within({ ms, clock, late: noAnswer(beginMs) }, signal, (inner) => headersOf(request, inner));
      } catch (error) {
        // A kept connection may have died unseen; the kept ones go, and a new one decides.
        if (!request.reusedSocket || signal.aborted) throw await this.explained(error as Error, ask, until);
        this.dropIdle();
      }
    }
  }

  /** What a failing node says about it, as far as it does so in time. */
  private async wordsOf(answer: HttpAnswer, signal: AbortSignal): Promise<string> {
    try {
      return await answer.body('in time');
    } catch {
      signal.throwIfAborted();
      return '';
    }
  }

  /** Whoever is cut off in the clear may have met a server that speaks TLS. */
  private async explained(error: NodeJS.ErrnoException, { origin }: HttpRequest, until: number): Promise<Error> {
    const url = new URL(origin);
    const left = Math.min(until - this.settings.clock.now(), 1000);
    const isCut = /^(?:ECONNRESET|EPIPE|HPE_.*)$/.test(error.code ?? '');
    if (!isCut || url.protocol !== 'http:' || left <= 0 || this.settings.route(url) !== null) return error;
    const { speaksTls } = await import('./tls-probe.ts');
    const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
    return (await speaksTls(place, left)) ? new Error('the server uses TLS on this port: write https://') : error;
  }

  private dropIdle(): void {
    this.agents.forEach(endIdle);
  }

  /** What asks over https: with a new agent once certificate files were replaced, so that no old connection is used. */
  private async secure(): Promise<Https | null> {
    const { https } = this;
    if (https === null) return null;
    const options = await https.tls.current();
    if (options !== https.options) {
      retire(https.agent);
      Object.assign(https, { options, agent: https.connect(options) });
    }
    return https;
  }

  private start({ origin, path, authorization }: HttpRequest, https: Https | null): ClientRequest {
    const url = new URL(origin);
    const proxy = this.settings.route(url);
    const headers = { Accept: 'application/json', ...(authorization === null ? {} : { Authorization: authorization }) };
    if (proxy !== null && proxy.kind !== 'socks5' && url.protocol === 'http:') {
      const { host, port, kind } = proxy;
      const own = { Host: url.host, ...headers, ...proxyAuthorization(proxy) };
      return this.requestTo({ host, port, path: origin + path, headers: own, proxy: null }, kind, https);
    }
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const kind = url.protocol === 'http:' ? 'http' : 'https';
    const port = url.port === '' ? (kind === 'http' ? 80 : 443) : Number(url.port);
    return this.requestTo({ host, port, path, headers, proxy }, kind, https);
  }

  private requestTo(options: Sent, kind: 'http' | 'https', https: Https | null): ClientRequest {
    if (kind === 'http') return httpRequest({ ...options, agent: this.agent });
    if (https === null) throw new Error('it redirects to https, for which nothing is set');
    return https.request({ ...options, agent: https.agent });
  }
}

/** A request as Node takes it, and the proxy that its connection is to be led on by. */
interface Sent {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: Proxy | null;
}

interface PendingRequest {
  readonly node: Node;
  readonly path: string;
  readonly patience: Patience;
}

interface HttpRequest {
  readonly origin: string;
  readonly path: string;
  readonly authorization: string | null;
}

function basic(userinfo: string): string | null {
  return userinfo === '' ? null : `Basic ${Buffer.from(userinfo, 'utf8').toString('base64')}`;
}

/** From now on the agent's connections end with their requests. */
function retire(agent: HttpAgent): void {
  agent.on('free', (socket: Socket) => socket.destroy());
  endIdle(agent);
}

function endIdle(agent: HttpAgent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
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

/** What Go's and nginx's servers answer to whoever asks in the clear where they speak TLS. */
function saysTls(body: string): boolean {
  return /HTTP request (?:to an HTTPS server|was sent to HTTPS port)/.test(body);
}

/** What an etcd says about a failure, for a message. */
function reason(body: string): string {
  const message = /"message"\s*:\s*"([^"\\]*)"/.exec(body)?.[1];
  return message === undefined ? '' : ` (${oneLine(message)})`;
}
