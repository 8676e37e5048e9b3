import { createRequire } from 'node:module';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type {
  IDeleteRangeRequest,
  IPutRequest,
  IRangeRequest,
  IRequestOp,
  ITxnRequest,
  IWatchCreateRequest,
  IWatchRequest,
} from 'etcd3';
import { freePort } from './port.mjs';
import { type Happening, inRange, type Pair, Revisions, type Write } from './revisions.ts';

/** How the server is set up. */
export interface ServerSettings {
  readonly users?: ReadonlyMap<string, string>;
  /** Users who may read only what is below a key. */
  readonly mayRead?: ReadonlyMap<string, string>;
  readonly cluster?: string;
  readonly port?: number;
  /** What the same port answers over HTTP/1.1, such as the v2 API or /version. */
  readonly http?: RequestListener;
  readonly tls?: grpc.ServerCredentials;
}

const proto = join(dirname(createRequire(import.meta.url).resolve('etcd3/package.json')), 'proto', 'rpc.proto');
const definition = loadSync(proto, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const services = grpc.loadPackageDefinition(definition)['etcdserverpb'] as Record<
  string,
  grpc.ServiceClientConstructor
>;

const bytes = (text: string) => Buffer.from(text, 'latin1');
const text = (buffer: Uint8Array | string | null | undefined) =>
  typeof buffer === 'string' ? buffer : Buffer.from(buffer ?? []).toString('latin1');

class Status extends Error {
  constructor(
    readonly code: grpc.status,
    readonly details: string,
  ) {
    super(details);
  }
}

type Unary = (request: never, metadata: grpc.Metadata) => object;

/** A watch as a client made it. */
interface Watch {
  readonly id: string;
  readonly key: string;
  readonly end: string;
  /** Long responses may come in parts. */
  readonly inParts: boolean;
  next: number;
}

/** The watch stream of a client. */
export type Stream = grpc.ServerDuplexStream<IWatchRequest, object>;

/** An etcd as far as its v3 API matters to a reader, in this process, with the faults that real ones have. */
export class Etcd3Server {
  revisions = new Revisions();
  cluster: string;
  term = 2;
  /** Requests that came, by method. */
  readonly seen = new Map<string, number>();
  private muted = false;
  /** Responses of a watch that are longer come in parts, where the client knows parts; Infinity for one before 3.4. */
  partBytes = 1.5 * 1024 * 1024;
  /** Called when a watch stands. */
  onWatch: (stream: Stream) => void = () => undefined;
  /** Called with each response of a watch; false when it is not to be sent. */
  onTell: (stream: Stream) => boolean = () => true;
  /** An answer begins at once, and is there so much later. */
  dawdleMs = 0;
  /** Called before a request is answered. */
  onRequest: (method: string) => void = () => undefined;
  /** What is sent in place of an answer; null for none. */
  spoil: (answer: object) => object | null = (answer) => answer;
  private readonly tokens = new Map<string, string>();
  private readonly streams = new Map<Stream, Watch[]>();
  private readonly sockets = new Set<Socket>();
  private readonly leases = new Map<string, NodeJS.Timeout>();
  private grpcServer!: grpc.Server;
  private server!: Server;
  private issued = 0;

  private constructor(private readonly settings: ServerSettings) {
    this.cluster = settings.cluster ?? '14841639068965178418';
  }

  static async start(settings: ServerSettings = {}): Promise<Etcd3Server> {
    const server = new Etcd3Server(settings);
    await server.listen(settings.port ?? (await freePort()));
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http${this.settings.tls === undefined ? '' : 's'}://127.0.0.1:${this.port}`;
  }

  put(key: string, value: string, lease = '0'): void {
    this.commit([{ put: { key, value, lease } }]);
  }

  /** Takes a key away, with everything below it. */
  removeTree(key: string): void {
    this.commit([{ remove: { key, end: '' } }, { remove: { key: `${key}/`, end: `${key}0` } }]);
  }

  remove(key: string): void {
    this.commit([{ remove: { key, end: '' } }]);
  }

  /** Applies writes as one revision and tells the watches. */
  commit(writes: readonly Write[]): void {
    if (this.revisions.write(writes).length > 0) this.pump();
  }

  /** Forgets the history before a revision. */
  compact(revision = this.revisions.revision): void {
    this.revisions.compact(revision);
  }

  /** Grants a lease that ends after ms. */
  lease(ms: number): string {
    const id = String(1000 + this.leases.size);
    this.leases.set(
      id,
      setTimeout(() => {
        this.commit(this.revisions.heldBy(id).map((key) => ({ remove: { key, end: '' } })));
      }, ms),
    );
    return id;
  }

  /** Keys that some lease holds. */
  get mortals(): number {
    return [...this.leases.keys()].flatMap((id) => this.revisions.heldBy(id)).length;
  }

  expireTokens(): void {
    this.tokens.clear();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Nothing is answered any more, although the connections live. */
  get isMute(): boolean {
    return this.muted;
  }

  /** Watches that stand hear afterwards what happened meanwhile. */
  set isMute(isMute: boolean) {
    this.muted = isMute;
    this.pump();
  }

  /** Ends and begins anew on the same port, perhaps with other data. */
  async restart(revisions = this.revisions): Promise<void> {
    const { port } = this;
    await this.stop();
    this.revisions = revisions;
    this.isMute = false;
    await this.listen(port);
  }

  async stop(): Promise<void> {
    this.grpcServer.forceShutdown();
    this.cut();
    this.streams.clear();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  async close(): Promise<void> {
    for (const timer of this.leases.values()) clearTimeout(timer);
    await this.stop();
  }

  private async listen(port: number): Promise<void> {
    this.grpcServer = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
    this.addServices();
    const injector = this.grpcServer.createConnectionInjector(
      this.settings.tls ?? grpc.ServerCredentials.createInsecure(),
    );
    const http = createHttpServer(
      this.settings.http ?? ((_, response) => response.writeHead(404).end('404 page not found\n')),
    );
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      if (this.settings.tls !== undefined) {
        injector.injectConnection(socket);
        return;
      }
      socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        if (first.toString('latin1', 0, 4) === 'PRI ') injector.injectConnection(socket);
        else {
          http.emit('connection', socket);
          socket.resume();
        }
      });
    });
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  private addServices(): void {
    this.add('KV', {
      Range: (request: IRangeRequest, metadata) => this.range(request, metadata),
      Put: ({ key, value, lease = '0' }: IPutRequest) => {
        this.put(text(key), text(value), String(lease));
        return { header: this.header() };
      },
      DeleteRange: ({ key, range_end }: IDeleteRangeRequest) => {
        this.commit([{ remove: { key: text(key), end: text(range_end) } }]);
        return { header: this.header() };
      },
      Txn: (request: ITxnRequest, metadata) => this.txn(request, metadata),
      Compact: ({ revision }: { revision: string }) => {
        this.compact(Number(revision));
        return { header: this.header() };
      },
    });
    this.add('Lease', {
      LeaseGrant: ({ TTL }: { TTL: string }) => ({ header: this.header(), ID: this.lease(Number(TTL) * 1000), TTL }),
    });
    this.add('Auth', { Authenticate: (request: { name: string; password: string }) => this.authenticate(request) });
    const { service } = services['Watch']!;
    this.grpcServer.addService(service, {
      watch: (stream: Stream) => {
        this.serveWatch(stream);
      },
    });
  }

  private add(name: string, methods: Record<string, Unary>): void {
    const { service } = services[name]!;
    const handlers = Object.entries(methods).map(([method, answer]) => [
      method,
      (call: grpc.ServerUnaryCall<never, object>, done: grpc.sendUnaryData<object>) => {
        const { request, metadata } = call;
        this.seen.set(method, (this.seen.get(method) ?? 0) + 1);
        if (this.isMute) return;
        this.onRequest(method);
        try {
          if (name === 'KV') this.userOf(metadata);
          const said = this.spoil(answer(request, metadata));
          if (said === null) return;
          if (this.dawdleMs === 0) {
            done(null, said);
            return;
          }
          call.sendMetadata(new grpc.Metadata());
          setTimeout(() => {
            done(null, said);
          }, this.dawdleMs);
        } catch (error) {
          done(error as Status);
        }
      },
    ]);
    this.grpcServer.addService(service, Object.fromEntries(handlers) as grpc.UntypedServiceImplementation);
  }

  private header(): object {
    return {
      cluster_id: this.cluster,
      member_id: '1',
      revision: String(this.revisions.revision),
      raft_term: String(this.term),
    };
  }

  private authenticate({ name, password }: { name: string; password: string }): object {
    const { users } = this.settings;
    if (users === undefined)
      throw new Status(grpc.status.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled');
    if (users.get(name) !== password) {
      throw new Status(grpc.status.INVALID_ARGUMENT, 'etcdserver: authentication failed, invalid user ID or password');
    }
    const token = `token.${(this.issued += 1)}`;
    this.tokens.set(token, name);
    return { header: this.header(), token };
  }

  /** Who asks; '' where there are no users. */
  private userOf(metadata: grpc.Metadata): string {
    if (this.settings.users === undefined) return '';
    const token = metadata.get('token')[0];
    if (token === undefined) throw new Status(grpc.status.INVALID_ARGUMENT, 'etcdserver: user name is empty');
    const user = this.tokens.get(String(token));
    if (user === undefined) throw new Status(grpc.status.UNAUTHENTICATED, 'etcdserver: invalid auth token');
    return user;
  }

  private permit(metadata: grpc.Metadata, key: string, end: string): void {
    const under = this.settings.mayRead?.get(this.userOf(metadata));
    if (under === undefined) return;
    if (inRange(key, under, `${under}0`) && (end === '' || end <= `${under}0`)) return;
    throw new Status(grpc.status.PERMISSION_DENIED, 'etcdserver: permission denied');
  }

  private range(request: IRangeRequest, metadata: grpc.Metadata): object {
    const [key, end] = [text(request.key), text(request.range_end)];
    if (key === '') throw new Status(grpc.status.INVALID_ARGUMENT, 'etcdserver: key is not provided');
    this.permit(metadata, key, end);
    const { revision, compacted } = this.revisions;
    const at = Number(request.revision ?? 0);
    if (at > revision) {
      throw new Status(grpc.status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision');
    }
    if (at > 0 && at < compacted) {
      throw new Status(grpc.status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted');
    }
    const pairs = this.revisions.at(at > 0 ? at : revision);
    const all = pairs.slice(firstFrom(pairs, key));
    const stop = all.findIndex((pair) => !inRange(pair.key, key, end));
    const found = stop < 0 ? all : all.slice(0, stop);
    const limit = Number(request.limit ?? 0);
    const kvs = limit > 0 ? found.slice(0, limit) : found;
    return { header: this.header(), kvs: kvs.map(kvOf), more: kvs.length < found.length, count: String(found.length) };
  }

  private txn({ success = [] }: ITxnRequest, metadata: grpc.Metadata): object {
    if (success.length > 128) {
      throw new Status(grpc.status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request');
    }
    this.commit(success.flatMap(writeOf));
    const responses = success.map(({ request_range }) =>
      !request_range ? { response_put: {} } : { response_range: this.range(request_range, metadata) },
    );
    return { header: this.header(), succeeded: true, responses };
  }

  private serveWatch(stream: Stream): void {
    this.seen.set('Watch', (this.seen.get('Watch') ?? 0) + 1);
    const watches: Watch[] = [];
    this.streams.set(stream, watches);
    const forget = () => this.streams.delete(stream);
    stream.on('cancelled', forget).on('error', forget).on('close', forget);
    stream.on('data', ({ create_request, cancel_request, progress_request }: IWatchRequest) => {
      if (this.isMute) return;
      if (create_request) this.createWatch(stream, watches, create_request);
      if (progress_request) {
        this.seen.set('Progress', (this.seen.get('Progress') ?? 0) + 1);
        stream.write({ header: this.header(), watch_id: '-1' });
      }
      if (cancel_request) {
        const gone = watches.findIndex(({ id }) => id === cancel_request.watch_id);
        if (gone >= 0)
          stream.write({ header: this.header(), watch_id: watches.splice(gone, 1)[0]!.id, canceled: true });
      }
    });
  }

  private createWatch(stream: Stream, watches: Watch[], request: IWatchCreateRequest): void {
    const [key, end] = [text(request.key), text(request.range_end)];
    const header = this.header();
    try {
      this.permit(stream.metadata, key, end);
      if (this.settings.users !== undefined) this.userOf(stream.metadata);
    } catch {
      // As real ones do up to 3.5: whatever is wrong with a token is called a lack of permission.
      const cancel_reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
      stream.write({ header, watch_id: '-1', created: true, canceled: true, cancel_reason });
      return;
    }
    const id = String(watches.length);
    const start = Number(request.start_revision ?? 0);
    stream.write({ header, watch_id: id, created: true });
    if (start > 0 && start < this.revisions.compacted) {
      stream.write({ watch_id: id, canceled: true, compact_revision: String(this.revisions.compacted) });
      return;
    }
    const next = start > 0 ? start : this.revisions.revision + 1;
    watches.push({ id, key, end, inParts: request.fragment === true, next });
    this.onWatch(stream);
    this.pump();
  }

  /** Tells every watch what has happened since it was last told. */
  private pump(): void {
    if (this.isMute) return;
    for (const [stream, watches] of this.streams) {
      for (const watch of watches) {
        const news = this.revisions.since(watch.next).filter(({ key }) => inRange(key, watch.key, watch.end));
        watch.next = Math.max(watch.next, this.revisions.revision + 1);
        this.tell(stream, watch, news);
      }
    }
  }

  private tell(stream: Stream, { id, inParts }: Watch, news: readonly Happening[]): void {
    const parts = inParts ? partsOf(news, this.partBytes) : [news];
    for (const [i, part] of parts.entries()) {
      if (part.length === 0 || !this.onTell(stream)) return;
      const fragment = i < parts.length - 1;
      stream.write({ header: this.header(), watch_id: id, events: part.map(eventOf), fragment });
    }
  }
}

/** Happenings in order, in lots of about so many bytes; a revision may begin in one and end in another. */
function partsOf(news: readonly Happening[], most: number): Happening[][] {
  const parts: Happening[][] = [[]];
  let size = 0;
  for (const happening of news) {
    const bytes = happening.key.length + (happening.pair?.value.length ?? 0);
    if (size > 0 && size + bytes > most) parts.push([]);
    size = parts.at(-1)!.length === 0 ? bytes : size + bytes;
    parts.at(-1)!.push(happening);
  }
  return parts;
}

function firstFrom(pairs: readonly Pair[], key: string): number {
  let [low, high] = [0, pairs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pairs[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function writeOf({ request_put, request_delete_range }: IRequestOp): Write[] {
  if (request_put) return [{ put: { key: text(request_put.key), value: text(request_put.value) } }];
  if (!request_delete_range) return [];
  return [{ remove: { key: text(request_delete_range.key), end: text(request_delete_range.range_end) } }];
}

function kvOf({ key, value, created, modified, version, lease }: Pair): object {
  return {
    key: bytes(key),
    value: bytes(value),
    create_revision: String(created),
    mod_revision: String(modified),
    version: String(version),
    lease,
  };
}

function eventOf({ key, revision, pair }: Happening): object {
  if (pair === null) return { type: 'Delete', kv: { key: bytes(key), mod_revision: String(revision) } };
  return { type: 'Put', kv: kvOf(pair) };
}
