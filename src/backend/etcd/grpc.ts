import type { Login } from '../net/credentials.ts';
import { BackendError } from '../contract/backend.ts';
import { Failover, type Patience } from '../net/failover.ts';
import { loadLibrary } from './grpc-channel.ts';
import { type Calls, GrpcNode, type NodeAnswer, type OpenWatch, type Pace, type CallResult } from './grpc-node.ts';
import { asksForToken, authIsOff, deniesPermission, type GrpcError, toBackendError } from './grpc-error.ts';
import { type HttpSettings, nodesOf } from '../net/http.ts';
import type { Node } from '../net/nodes.ts';
import { TlsSource } from '../net/tls.ts';

/** One attempt at one node, with its limits. */
interface Attempt {
  readonly node: GrpcNode;
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/**
 * Calls to the nodes of one etcd. The node that works is asked again; when it does not answer, the next one is asked at
 * once. A token is requested when it is needed, and again when it has expired.
 */
export class GrpcClient {
  private readonly failover: Failover<GrpcNode>;
  private token: string | null;

  private constructor(
    private readonly nodes: readonly GrpcNode[],
    private readonly settings: HttpSettings,
    /** The credentials in the addresses. */
    private readonly guest: Login | null,
    tls: TlsSource | null,
  ) {
    const { limits, clock } = settings;
    const limit = { beginMs: limits.headersMs, totalMs: limits.totalMs, clock };
    this.failover = new Failover(nodes, limit, () => tls?.fault ?? '');
    this.token = settings.auth === null && guest === null ? '' : null;
  }

  /** Checks addresses and certificates, and loads the gRPC library; connects to nothing yet. */
  static async create(settings: HttpSettings): Promise<GrpcClient> {
    const nodes = nodesOf(settings);
    // A file that cannot be read is an error whatever the scheme of the nodes is.
    const files = await TlsSource.open(settings.tls);
    const tls = nodes.some(({ url }) => url.protocol === 'https:') ? files : null;
    const deps = { library: await loadLibrary(), tls };
    const speakers = nodes.map((node) => new GrpcNode(node, settings, deps));
    return new GrpcClient(speakers, settings, guestOf(nodes), tls);
  }

  /** The least time that a node has to begin an answer, in ms. */
  get patienceMs(): number {
    return this.settings.limits.headersMs / this.nodes.length;
  }

  /** Makes one call; `node` is the node that answered. */
  call<Name extends keyof Calls>(
    name: Name,
    request: Calls[Name]['request'],
    signal: AbortSignal,
  ): Promise<NodeAnswer<Calls[Name]['answer']> & { readonly node: string }> {
    return this.failover.ask(signal, async (node, patience) => {
      let pace: Pace = { serverMs: patience.beginMs, lineMs: patience.beginMs };
      const attempt = async (token: string) => {
        const answer = await node.call({ name, request, token, patience }, signal);
        pace = answer.pace;
        return answer.result;
      };
      return {
        node: node.label,
        result: await this.authorised({ node, patience, signal }, attempt, asksForToken),
        pace,
      };
    });
  }

  /** Opens a watch; `begin` reports, within ms, whether the watch was accepted. The caller closes it. */
  async watch<T>(signal: AbortSignal, begin: (open: OpenWatch, ms: number) => Promise<CallResult<T>>): Promise<T> {
    return answered(
      await this.failover.ask(signal, async (node, patience) => {
        const attempt = async (token: string) => {
          const open = await node.watch(token);
          try {
            const result = await begin(open, patience.beginMs);
            if ('refusal' in result) open.call.cancel();
            return result;
          } catch (error) {
            open.call.cancel();
            signal.throwIfAborted();
            open.drop();
            if (error instanceof BackendError) throw error;
            throw await node.explain(error as Error, patience, signal);
          }
        };
        return {
          node: node.label,
          result: await this.authorised({ node, patience, signal }, attempt, mayBeOfWatchToken),
        };
      }),
    );
  }

  /** Closes every connection. */
  close(): void {
    for (const node of this.nodes) node.close();
  }

  /** Attempts something with the current token; when the token is refused, once more with a new one. */
  private async authorised<T>(
    current: Attempt,
    attempt: (token: string) => Promise<CallResult<T>>,
    mayBeOfToken: (refusal: GrpcError) => boolean,
  ): Promise<CallResult<T>> {
    const known = this.token;
    if (known !== null) {
      const result = await attempt(known);
      if (!('refusal' in result) || this.login === null || !mayBeOfToken(result.refusal)) return result;
    }
    const authenticated = await this.authenticate(current);
    return 'refusal' in authenticated ? authenticated : attempt(authenticated.answer);
  }

  private get login(): Login | null {
    return this.settings.auth?.login ?? this.guest;
  }

  /** A new token; '' when authentication is off. */
  private async authenticate({ node, patience, signal }: Attempt): Promise<CallResult<string>> {
    this.token = null;
    const { auth } = this.settings;
    for (;;) {
      const login = this.login!;
      const request = { name: login.username, password: login.password };
      const { result } = await node.call({ name: 'authenticate', request, token: '', patience }, signal);
      if (!('refusal' in result)) return { answer: (this.token = result.answer.token) };
      if (authIsOff(result.refusal)) return { answer: (this.token = '') };
      if (auth === null || !(await auth.renew(login))) return result;
    }
  }
}

/** For a watch, etcd reports a token that it no longer accepts as a missing permission. */
function mayBeOfWatchToken(refusal: GrpcError): boolean {
  return asksForToken(refusal) || deniesPermission(refusal);
}

/** User and password of the first address that has them. */
function guestOf(nodes: readonly Node[]): Login | null {
  const userinfo = nodes.map((node) => node.userinfo).find((text) => text !== '');
  if (userinfo === undefined) return null;
  const colon = userinfo.indexOf(':');
  return { username: userinfo.slice(0, colon), password: userinfo.slice(colon + 1) };
}

/** The answer of a node; BackendError when it refused. */
export function answered<T>({ node, result }: { readonly node: string; readonly result: CallResult<T> }): T {
  if ('refusal' in result) throw toBackendError(node, result.refusal);
  return result.answer;
}
