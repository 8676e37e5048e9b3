import type { ClientDuplexStream, ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import type {
  IAuthenticateRequest,
  IAuthenticateResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchRequest,
  IWatchResponse,
} from 'etcd3';
import type { BackendError } from '../backend.ts';
import { within } from '../deadline.ts';
import { ApiMissing } from './api.ts';
import { GrpcLink, type Library } from './grpclink.ts';
import { type Refusal, refusalIn } from './grpcrefusal.ts';
import { HttpClient, type HttpSettings } from '../http.ts';
import type { Node } from '../nodes.ts';
import type { TlsSource } from '../tls.ts';

/** The calls that are made of an etcd, with what they ask and answer. */
export interface Calls {
  readonly txn: { readonly request: ITxnRequest; readonly answer: ITxnResponse };
  readonly authenticate: { readonly request: IAuthenticateRequest; readonly answer: IAuthenticateResponse };
}

const services = { txn: 'KV', authenticate: 'Auth' } as const;

/** What a node said: an answer, or why it gives none. A node that says nothing is an error. */
export type Said<T> = { readonly answer: T } | { readonly refusal: Refusal };

/** A watch stream, the node that it leads to, and a way to be rid of its connection. */
export interface OpenWatch {
  readonly node: string;
  readonly call: ClientDuplexStream<IWatchRequest, IWatchResponse>;
  readonly drop: () => void;
}

/** What all nodes of a client share. */
interface Means {
  readonly library: Library;
  /** Null where no node is asked over TLS. */
  readonly tls: TlsSource | null;
}

type UnaryMethod = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: unknown) => void,
) => ClientUnaryCall;

type WatchMethod = (metadata: Metadata) => OpenWatch['call'];

/**
 * One node of an etcd, over one HTTP/2 connection for all calls. A connection that failed is thrown away: the next call
 * makes a new one at once, and no breaker or backoff of the library stands in between.
 */
export class GrpcNode {
  readonly label: string;
  private link: GrpcLink | null = null;

  constructor(
    private readonly node: Node,
    private readonly settings: HttpSettings,
    private readonly means: Means,
  ) {
    this.label = node.label;
  }

  /** Asks, in time or not at all. */
  async call<Name extends keyof Calls>(
    name: Name,
    request: Calls[Name]['request'],
    token: string,
    signal: AbortSignal,
  ): Promise<Said<Calls[Name]['answer']>> {
    const { limits, clock } = this.settings;
    const late = new Error(`no answer within ${limits.headersMs / 1000} s`);
    for (;;) {
      const link = await this.connect();
      try {
        const client = link.client(services[name]) as Readonly<Record<string, UnaryMethod>>;
        const said = await within({ ms: limits.headersMs, clock, late }, signal, (inner) =>
          unary((done) => client[name]!(request, this.metadata(token), done), inner),
        );
        link.isProven = true;
        return said as Said<Calls[Name]['answer']>;
      } catch (error) {
        signal.throwIfAborted();
        this.drop(link);
        // A kept connection may have died unseen; a new one decides.
        if (!link.isProven) throw await this.explain(error as Error, signal);
      }
    }
  }

  /** Opens a stream for watches; nothing has been sent yet. */
  async watch(token: string): Promise<OpenWatch> {
    const link = await this.connect();
    const client = link.client('Watch') as Readonly<Record<'watch', WatchMethod>>;
    const call = client.watch(this.metadata(token));
    // An error after the end of those who listen would end the process.
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

  /** What a connection could not be made of, in the words of an attempt that knows more than the library tells. */
  async explain(error: Error, signal: AbortSignal): Promise<Error> {
    const { code, details = '' } = error as Partial<ServiceError>;
    if (code === undefined) return error;
    if (!/^(No connection established|Name resolution failed)/.test(details)) return new Error(sentence(details));
    const http = await HttpClient.create({ ...this.settings, nodes: [this.node.url.href], auth: null });
    try {
      const { status } = await http.open('/version', signal);
      return new ApiMissing(`it answers over HTTP (status ${status}), but offers no v3 API`);
    } catch (failure) {
      signal.throwIfAborted();
      return (failure as BackendError).cause as Error;
    } finally {
      http.close();
    }
  }

  private drop(link: GrpcLink): void {
    link.drop();
    if (this.link === link) this.link = null;
  }

  private metadata(token: string): Metadata {
    const metadata = new this.means.library.grpc.Metadata();
    // A member that lost the others shall say so instead of being silent.
    metadata.set('hasleader', 'true');
    if (token !== '') metadata.set('token', token);
    return metadata;
  }

  private async connect(): Promise<GrpcLink> {
    const { link } = this;
    if (link !== null) return link;
    const { library, tls } = this.means;
    const options = this.node.url.protocol === 'https:' ? await tls!.current() : null;
    return (this.link ??= new GrpcLink(this.node, options, this.settings.limits.maxBytes, library));
  }
}

/** Makes a call that ends when the signal fires; rejects when the node did not answer. */
function unary(
  start: (done: (error: ServiceError | null, answer: unknown) => void) => ClientUnaryCall,
  signal: AbortSignal,
): Promise<Said<unknown>> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
      call.cancel();
    };
    const call = start((error, answer) => {
      signal.removeEventListener('abort', abort);
      const refusal = error === null ? null : refusalIn(error);
      if (refusal !== null) resolve({ refusal });
      else if (error !== null) reject(error);
      else resolve({ answer });
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** The server's or library's words, as part of a line. */
function sentence(details: string): string {
  if (/RST_STREAM|Connection dropped|Session closed|ECONNRESET/.test(details)) return 'the connection broke';
  const words = details.replace(/^etcdserver: /, '').replace(/[^ -~]+/g, ' ');
  return words.slice(0, 200) || 'the connection broke';
}
