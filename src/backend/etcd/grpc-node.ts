import type { ClientDuplexStream, ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import type { IAuthenticateRequest, IAuthenticateResponse, ITxnRequest, IWatchRequest, IWatchResponse } from 'etcd3';
import { BackendError } from '../contract/backend.ts';
import { aborted, incomplete, Late, noAnswer, within } from '../net/deadline.ts';
import type { Patience } from '../net/failover.ts';
import { ApiMissing, isVersionOfEtcd } from './api.ts';
import { GrpcLink, type Library } from './grpc-channel.ts';
import { type GrpcError, grpcErrorIn } from './grpc-error.ts';
import { decodeTxn, type TxnAnswer } from './txn.ts';
import { HttpClient, type HttpSettings } from '../net/http.ts';
import type { Node } from '../net/nodes.ts';
import { oneLine } from '../net/error-text.ts';
import type { Proxy } from '../net/proxy.ts';
import type { TlsSource } from '../net/tls.ts';
import { checkToken, checkTxn } from './v3-answer.ts';

/** The calls to an etcd, with their requests and answers. */
export interface Calls {
  readonly txn: { readonly request: ITxnRequest; readonly answer: TxnAnswer };
  readonly authenticate: { readonly request: IAuthenticateRequest; readonly answer: IAuthenticateResponse };
}

/** A call to a node. */
interface PendingCall<Name extends keyof Calls> {
  readonly name: Name;
  readonly request: Calls[Name]['request'];
  readonly token: string;
  readonly patience: Patience;
}

const methods = {
  txn: { service: 'KV', method: 'Txn', decode: decodeTxn },
  authenticate: { service: 'Auth', method: 'Authenticate' },
} as const;

/** Throw BackendError when the answer does not fit the request. */
const checks: {
  readonly [Name in keyof Calls]: (
    node: string,
    answer: Calls[Name]['answer'],
    request: Calls[Name]['request'],
  ) => void;
} = { txn: checkTxn, authenticate: checkToken };

/** The answer of a node, or its refusal. A node that does not answer is an error. */
export type CallResult<T> = { readonly answer: T } | { readonly refusal: GrpcError };

/** How long an answer took, in ms, never 0: the server until the answer began, then the network. */
export interface Pace {
  readonly serverMs: number;
  readonly lineMs: number;
}

/** An answer of a node, and how long it took. */
export interface NodeAnswer<T> {
  readonly result: CallResult<T>;
  readonly pace: Pace;
}

/** A watch stream, its node, and a way to close its connection. */
export interface OpenWatch {
  readonly node: string;
  readonly call: ClientDuplexStream<IWatchRequest, IWatchResponse>;
  readonly drop: () => void;
}

/** What all nodes of a client share. */
interface GrpcNodeDeps {
  readonly library: Library;
  /** Null when no node uses TLS. */
  readonly tls: TlsSource | null;
}

type Done = (error: ServiceError | null, answer: unknown) => void;
/**
 * One node of an etcd, with one HTTP/2 connection for all calls. A connection that failed is closed, and the next call
 * makes a new one at once, without the backoff of the library.
 */
export class GrpcNode {
  readonly label: string;
  private readonly proxy: Proxy | null;
  private link: GrpcLink | null = null;

  constructor(
    private readonly node: Node,
    private readonly settings: HttpSettings,
    private readonly deps: GrpcNodeDeps,
  ) {
    // As in Go, whose gRPC always uses the proxy for https.
    const { hostname, port, protocol } = node.url;
    const defaultPort = protocol === 'http:' ? 80 : 443;
    this.proxy = settings.route(new URL(`https://${hostname}:${port === '' ? defaultPort : port}`));
    if (this.proxy?.kind === 'https') {
      const why = `the v3 API of etcd can be used through http:// and socks5:// proxies only, not through ${this.proxy.label}`;
      throw new BackendError('settings', why);
    }
    this.label = this.proxy === null ? node.label : `${node.label} through the proxy ${this.proxy.label}`;
  }

  /** Makes a call within the time limit. */
  async call<Name extends keyof Calls>(
    { name, request, token, patience }: PendingCall<Name>,
    signal: AbortSignal,
  ): Promise<NodeAnswer<Calls[Name]['answer']>> {
    for (;;) {
      const link = await this.connect();
      try {
        const ask = (done: Done) => link.call(methods[name], request, this.metadata(token), done);
        const answer = (await this.inTime(new Exchange(ask), patience, signal)) as NodeAnswer<Calls[Name]['answer']>;
        link.isProven = true;
        if ('answer' in answer.result) checks[name](this.label, answer.result.answer, request);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BackendError) throw error;
        this.drop(link);
        // A kept connection may be dead; a new one is tried.
        if (!link.isProven || (error instanceof Late && error.hasBegun))
          throw await this.explain(error as Error, patience, signal);
      }
    }
  }

  /** Opens a stream for watches; sends nothing yet. */
  async watch(token: string): Promise<OpenWatch> {
    const link = await this.connect();
    const call = link.watch(this.metadata(token));
    // A later error without a listener would end the process.
    call.on('error', () => undefined);
    call.once('metadata', () => (link.isProven = true));
    const drop = () => {
      this.drop(link);
    };
    return { node: this.label, call, drop };
  }

  close(): void {
    if (this.link !== null) this.drop(this.link);
  }

  /** Why a connection failed, found out by an HTTP request that reports more than the library. */
  async explain(error: Error, { beginMs, until }: Patience, signal: AbortSignal): Promise<Error> {
    const { code, details = '' } = error as Partial<ServiceError>;
    if (code === undefined) return error;
    const left = until - this.settings.clock.now();
    const isOpen = !/^(No connection established|Name resolution failed)/.test(details);
    if (isOpen || left <= 0) return new Error(sentence(details));
    const route = () => this.proxy;
    const limits = { ...this.settings.limits, headersMs: Math.min(beginMs, left), totalMs: left };
    const http = await HttpClient.create({ ...this.settings, limits, nodes: [this.node.url.href], auth: null, route });
    try {
      const answer = await http.get('/version', signal);
      if (await isVersionOfEtcd(answer))
        return new ApiMissing('this etcd does not offer the v3 API; use -backend etcdv2');
      return new Error(`the HTTP server there is not etcd (it answered ${answer.status}): check the address`);
    } catch (failure) {
      signal.throwIfAborted();
      return (failure as BackendError).cause as Error;
    } finally {
      http.close();
    }
  }

  /** The result of an exchange; a node that has begun to answer gets the time of all nodes for the rest. */
  private async inTime(
    exchange: Exchange,
    { beginMs, totalMs, until }: Patience,
    signal: AbortSignal,
  ): Promise<NodeAnswer<unknown>> {
    const { clock } = this.settings;
    const asked = clock.now();
    const ms = Math.min(beginMs, until - asked);
    const wait =
      <T>(promise: Promise<T>) =>
      (inner: AbortSignal) =>
        Promise.race([promise, aborted(inner)]);
    try {
      await within({ ms, clock, late: noAnswer(beginMs) }, signal, wait(exchange.begun));
      const begun = clock.now();
      const rest = { ms: until - begun, clock, late: incomplete(totalMs) };
      const result = await within(rest, signal, wait(exchange.result));
      return { result, pace: { serverMs: Math.max(1, begun - asked), lineMs: Math.max(1, clock.now() - begun) } };
    } catch (error) {
      exchange.cancel();
      throw error;
    }
  }

  private drop(link: GrpcLink): void {
    link.drop();
    if (this.link === link) this.link = null;
  }

  private metadata(token: string): Metadata {
    const metadata = new this.deps.library.grpc.Metadata();
    // A member that lost the others must report that instead of not answering.
    metadata.set('hasleader', 'true');
    if (token !== '') metadata.set('token', token);
    return metadata;
  }

  private async connect(): Promise<GrpcLink> {
    const { link } = this;
    if (link !== null) return link;
    const { library, tls } = this.deps;
    const options = this.node.url.protocol === 'https:' ? await tls!.current() : null;
    const { limits } = this.settings;
    const line = { proxy: this.proxy, ms: limits.headersMs, maxBytes: limits.maxBytes };
    return (this.link ??= new GrpcLink(this.node, options, line, library));
  }
}

/** One call; `result` rejects when the node did not answer. */
class Exchange {
  /** Settles with the headers of the answer. */
  readonly begun: Promise<unknown>;
  readonly result: Promise<CallResult<unknown>>;
  private call!: ClientUnaryCall;

  constructor(ask: (done: Done) => ClientUnaryCall) {
    this.result = new Promise((resolve, reject) => {
      this.call = ask((error, answer) => {
        const refusal = error === null ? null : grpcErrorIn(error);
        if (refusal !== null) resolve({ refusal });
        else if (error !== null) reject(error);
        else resolve({ answer });
      });
    });
    // If nobody waits for it any more, its failure does not matter.
    this.result.catch(() => undefined);
    const headers = new Promise((resolve) => this.call.once('metadata', resolve));
    this.begun = Promise.race([headers, this.result]);
  }

  cancel(): void {
    this.call.cancel();
  }
}

/** The text of the server or the library, as part of a line. */
function sentence(details: string): string {
  if (details.startsWith('Response message parsing error')) return 'the answer is not a valid etcd answer';
  if (/RST_STREAM|Connection dropped|Session closed|ECONNRESET/.test(details)) return 'the connection broke';
  return oneLine(details.replace(/^etcdserver: /, '')) || 'the connection broke';
}
