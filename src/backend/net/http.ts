import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Agent as HttpsAgent, request as HttpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import type { Credentials } from './credentials.ts';
import { incomplete, noAnswer, within } from './deadline.ts';
import { Failover, type Patience } from './failover.ts';
import { type Node, parseNode } from './nodes.ts';
import { oneLine } from './error-text.ts';
import type { Proxy, Route } from './proxy.ts';
import { type TlsFiles, type TlsOptions, TlsSource, wantsTls } from './tls.ts';
import type { Token } from './token.ts';
import { proxyAuthorization, viaProxies } from './tunnel.ts';

export interface HttpSettings {
  /** URLs or host:port, in the order in which they are tried. */
  readonly nodes: readonly string[];
  /** For nodes without a scheme; TLS files make it https, too. */
  readonly scheme: 'http' | 'https';
  readonly tls: TlsFiles;
  /** For basic auth; null uses the credentials in the addresses. */
  readonly auth: Credentials | null;
  /** Sent in a header of every request. */
  readonly token?: Token | null;
  /** The store may compress its answers. */
  readonly isCompressed?: boolean;
  /** The proxies for the nodes. */
  readonly route: Route;
  readonly limits: HttpLimits;
  readonly clock: Clock;
}

export interface HttpLimits {
  /** From the start of a request to the headers of its answer, for all nodes together. */
  readonly headersMs: number;
  /** For a whole request, including the body; only the body of a long poll may take longer. */
  readonly totalMs: number;
  readonly maxBytes: number;
}

export const defaultHttpLimits: HttpLimits = { headersMs: 3000, totalMs: 60_000, maxBytes: 256 * 1024 * 1024 };

/** The parsed nodes. */
export function nodesOf({ nodes, scheme, tls }: HttpSettings): readonly Node[] {
  if (nodes.length === 0) throw new BackendError('settings', 'there is no node to connect to');
  return nodes.map((text) => parseNode(text, scheme === 'https' || wantsTls(tls) ? 'https' : 'http'));
}

/** A request. Its headers and body may hold secrets: a redirect to another host does not get them. */
export interface HttpMessage {
  /** GET by default. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Headers;
  /** Bytes, one char each. */
  readonly body?: string;
}

/**
 * An answer whose headers have arrived; `body` waits for the rest, as bytes (one char each), without a limit unless 'in
 * time'.
 */
export interface HttpAnswer {
  readonly node: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  body(pace?: 'in time'): Promise<string>;
  /** True when a part of the body that body() waits for has arrived. */
  hasBegun(): boolean;
  /** Closes the connection of an answer whose body is not needed. */
  drop(): void;
}

interface Https {
  readonly request: typeof HttpsRequest;
  readonly tls: TlsSource;
  readonly connect: (options: TlsOptions) => HttpsAgent;
  /** The options of the agent's connections. */
  options: TlsOptions;
  agent: HttpsAgent;
}

const keeping = { keepAlive: true, keepAliveMsecs: 10_000 } as const;

/**
 * GET requests to the nodes of one store, over kept connections. The node that works is asked again; when it fails (no
 * connection, no headers in time, a status of 500 or more) the next one is asked at once.
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

  /** Checks addresses and certificates; connects to nothing yet. */
  static async create(settings: HttpSettings): Promise<HttpClient> {
    const nodes = nodesOf(settings).map((node) => {
      const proxy = settings.route(node.url);
      return proxy === null ? node : { ...node, label: `${node.label} through the proxy ${proxy.label}` };
    });
    // A file that cannot be read is an error whatever the scheme of the nodes is.
    const tls = await TlsSource.open(settings.tls);
    const isPlain = ({ url }: Node) => url.protocol === 'http:' && settings.route(url)?.kind !== 'https';
    if (nodes.every(isPlain)) return new HttpClient(settings, nodes, null);
    const { Agent, request } = await import('node:https');
    const options = await tls.current();
    const connect = (now: TlsOptions) => viaProxies(new Agent({ ...keeping, ...now }), now, settings.limits.headersMs);
    return new HttpClient(settings, nodes, { request, tls, connect, options, agent: connect(options) });
  }

  /** The whole answer within the time limit. */
  get(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.send({ path }, signal);
  }

  /** The whole answer to any request within the time limit. It may be sent twice when a kept connection breaks. */
  async send(sent: HttpMessage, signal: AbortSignal): Promise<HttpAnswer> {
    return this.failover.ask(signal, (node, patience) => this.whole({ ...sent, node, patience }, signal));
  }

  /** An answer as soon as its headers have arrived; the signal also ends the wait for its body. */
  async open(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.failover.ask(signal, (node, patience) => this.ask({ node, path, patience }, signal));
  }

  /**
   * The whole answer to a request that the node holds back for up to waitMs, until there is something to tell. It is sent to
   * one node over one connection: a store that comes back after a break may have other data.
   */
  async wait(path: string, waitMs: number, signal: AbortSignal): Promise<HttpAnswer> {
    return this.failover.ask(signal, (node, patience) => this.whole({ node, path, patience }, signal), {
      moreMs: waitMs,
    });
  }

  /** Closes every connection. */
  close(): void {
    for (const agent of this.agents) {
      retire(agent);
      agent.destroy();
    }
  }

  private get agents(): readonly HttpAgent[] {
    return this.https === null ? [this.agent] : [this.agent, this.https.agent];
  }

  private async whole(asked: PendingRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.ask(asked, signal);
    const body = await answer.body('in time');
    if (answer.status === 400 && saysTls(body)) throw new Error('the server uses TLS on this port: write https://');
    return { ...answer, body: () => Promise.resolve(body) };
  }

  private async ask(asked: PendingRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { node } = asked;
    const path = node.url.pathname.replace(/\/+$/, '') + asked.path;
    const { limits, clock } = this.settings;
    const response = await this.admitted({ ...asked, path }, signal);
    const { maxBytes } = limits;
    const { totalMs, until } = asked.patience;
    const isZipped = this.settings.isCompressed === true && response.headers['content-encoding'] === 'gzip';
    const stream = isZipped ? await unzipped(response) : response;
    const inTime = () => {
      const limit = { ms: until - clock.now(), clock, late: incomplete(totalMs) };
      return within(limit, signal, (inner) => readBody(stream, maxBytes, inner));
    };
    const answer: HttpAnswer = {
      node: node.label,
      status: response.statusCode!,
      headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: (pace) => (pace === undefined ? readBody(stream, maxBytes, signal) : inTime()),
      hasBegun: () => response.readableDidRead,
      drop: () => response.destroy(),
    };
    if (answer.status >= 500)
      throw new Error(`answered ${answer.status}${reason(answer, await this.wordsOf(answer, signal))}`);
    return answer;
  }

  /** Asks again with the current password or token when the request was refused. */
  private async admitted(asked: PendingRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { auth, token = null } = this.settings;
    for (;;) {
      const [login, secret] = [auth?.login, token?.secret];
      const userinfo = login === undefined ? asked.node.userinfo : `${login.username}:${login.password}`;
      const response = await this.redirected(asked, { ...basic(userinfo), ...token?.headers }, signal);
      if (![401, 403].includes(response.statusCode!)) return response;
      const isOtherLogin = login !== undefined && (await auth!.renew(login));
      const isOtherToken = secret !== undefined && (await token!.renew(secret));
      if (!isOtherLogin && !isOtherToken) return response;
      response.destroy();
    }
  }

  /** Followers of an etcd 0.4 redirect readers to the leader. */
  private async redirected(asked: PendingRequest, identity: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    const { node, path, patience, method = 'GET', headers = {}, body = '' } = asked;
    const isSecret = Object.keys(headers).length > 0 || body !== '';
    let { origin } = node.url;
    let [url, raw] = [new URL(path, `${origin}/`), path];
    for (let hops = 0; ; hops++) {
      const { hostname, protocol } = new URL(origin);
      // Password and token are sent to the host of the node only, and never over http when the node is at https.
      const isSafe = hostname === node.url.hostname && (protocol === node.url.protocol || protocol === 'https:');
      if (isSecret && !isSafe) throw new Error(`it redirects to ${origin}, which is not a node and gets no secrets`);
      const ask = { origin, path: raw, method, headers: { ...headers, ...(isSafe ? identity : {}) }, body };
      const response = await this.exchange(ask, patience, signal);
      const location = response.headers.location;
      if (![301, 302, 307, 308].includes(response.statusCode!) || location === undefined) return response;
      response.destroy();
      if (hops === 3 || !URL.canParse(location, url.href)) throw new Error('it redirects in a loop');
      url = new URL(location, url);
      [origin, raw] = [url.origin, url.pathname + url.search];
    }
  }

  private async exchange(
    ask: HttpRequest,
    { beginMs, until, isOnce }: Patience,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { clock } = this.settings;
    for (;;) {
      const secure = await this.secure();
      const ms = Math.min(beginMs, until - clock.now());
      const request = this.start(ask, secure);
      try {
        return await within({ ms, clock, late: noAnswer(beginMs) }, signal, (inner) => headersOf(request, inner));
      } catch (error) {
        // A kept connection may be dead: the kept ones are closed, and a new one is tried.
        if (!request.reusedSocket || isOnce || signal.aborted) throw await this.explained(error as Error, ask, until);
        this.dropIdle();
      }
    }
  }

  /** The error text of a node that fails, if it arrives in time. */
  private async wordsOf(answer: HttpAnswer, signal: AbortSignal): Promise<string> {
    try {
      return await answer.body('in time');
    } catch {
      signal.throwIfAborted();
      return '';
    }
  }

  /** A server that expects TLS closes a plain connection: this finds out whether it does. */
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

  /** The https agent; a new one when certificate files were replaced, so that no old connection is used. */
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

  private start({ origin, path, method, headers: asked, body }: HttpRequest, https: Https | null): ClientRequest {
    const url = new URL(origin);
    const proxy = this.settings.route(url);
    const zip = this.settings.isCompressed === true ? { 'Accept-Encoding': 'gzip' } : {};
    const headers = { Accept: 'application/json', ...zip, ...asked };
    if (proxy !== null && proxy.kind !== 'socks5' && url.protocol === 'http:') {
      const { host, port, kind } = proxy;
      const own = { Host: url.host, ...headers, ...proxyAuthorization(proxy) };
      const sent = { host, port, path: origin + path, headers: own, proxy: null };
      return this.requestTo({ ...sent, method, body }, kind, https);
    }
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const kind = url.protocol === 'http:' ? 'http' : 'https';
    const port = url.port === '' ? (kind === 'http' ? 80 : 443) : Number(url.port);
    return this.requestTo({ host, port, path, headers, proxy, method, body }, kind, https);
  }

  private requestTo({ body, ...options }: Sent, kind: 'http' | 'https', https: Https | null): ClientRequest {
    if (kind === 'https' && https === null)
      throw new Error('it redirects to https: write https:// in the address of the node');
    const request =
      kind === 'http'
        ? httpRequest({ ...options, agent: this.agent })
        : https!.request({ ...options, agent: https!.agent });
    if (body !== '') {
      request.setHeader('Content-Length', body.length);
      request.write(body, 'latin1');
    }
    return request;
  }
}

/** A request for Node, and the proxy of its connection. */
interface Sent {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: Proxy | null;
  readonly method: string;
  readonly body: string;
}

interface PendingRequest extends HttpMessage {
  readonly node: Node;
  readonly patience: Patience;
}

interface HttpRequest extends Required<HttpMessage> {
  readonly origin: string;
}

type Headers = Readonly<Record<string, string>>;

function basic(userinfo: string): Headers {
  return userinfo === '' ? {} : { Authorization: `Basic ${Buffer.from(userinfo, 'utf8').toString('base64')}` };
}

/** The body of a compressed answer. */
async function unzipped(response: IncomingMessage): Promise<Readable> {
  const [{ createGunzip }, { pipeline }] = await Promise.all([import('node:zlib'), import('node:stream')]);
  // Errors are reported where the body is read.
  return pipeline(response, createGunzip(), () => undefined);
}

/** From now on the agent's connections are closed after their requests. */
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
      // Without a listener, a connection that breaks before the body is read would end the process.
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

function readBody(response: Readable, maxBytes: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const abort = () => response.destroy(signal.reason as Error);
    const fail = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      // The reason of a signal may be a DOMException, whose code is a number.
      const code = String(error.code);
      if (code === 'ERR_STREAM_PREMATURE_CLOSE') reject(cutOff());
      else reject(code.startsWith('Z_') ? new Error('the compressed answer is damaged or cut off') : error);
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
      fail(cutOff());
    });
    if (signal.aborted) abort();
    else if (response.destroyed) fail(response.errored ?? cutOff());
  });
}

function cutOff(): Error {
  return new Error('the connection broke in the middle of the answer');
}

/** The answer of Go's and nginx's servers to a plain HTTP request at a TLS port. */
function saysTls(body: string): boolean {
  return /HTTP request (?:to an HTTPS server|was sent to HTTPS port)/.test(body);
}

/** The error text in a body, for a message: etcd and vault send JSON, consul plain text. */
function reason({ headers }: HttpAnswer, body: string): string {
  const isText = /^text\/plain\b/.test(headers.get('content-type') ?? '');
  const message = /"(?:message"\s*:|errors"\s*:\s*\[)\s*"([^"\\]*)"/.exec(body)?.[1] ?? (isText ? body.trim() : '');
  return message === '' ? '' : ` (${oneLine(message)})`;
}
