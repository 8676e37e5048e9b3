import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type * as Grpc from '@grpc/grpc-js';
import type { IWatchRequest, IWatchResponse } from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import type { Node } from '../net/nodes.ts';
import type { Proxy } from '../net/proxy.ts';
import type { TlsOptions } from '../net/tls.ts';
import { leadOn, type Place } from '../net/tunnel.ts';

/** The libraries, loaded for the first connection. */
export interface Library {
  readonly grpc: typeof Grpc.default;
  readonly Host: typeof Host;
}

/** Loads the libraries, and stops them from writing to the log. */
export async function loadLibrary(): Promise<Library> {
  // Both are CommonJS: in the bundle they only have a default export.
  const { default: grpc } = await import('@grpc/grpc-js');
  const { default: pool } = await import('etcd3/lib/connection-pool.js');
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  return { grpc, Host: pool.Host };
}

/** A unary method of a service. */
interface Method {
  readonly service: 'KV' | 'Auth';
  readonly method: string;
  /** Decodes its answers instead of the library. */
  readonly decode?: (bytes: Buffer) => unknown;
}

const fixedOptions = {
  // A dead connection is noticed within 13 s; etcd allows one ping in 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  // A connection of its own, so that closing it really closes it.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** How a connection is made. */
interface Line {
  readonly proxy: Proxy | null;
  /** Time limit for the proxy. */
  readonly ms: number;
  /** The longest answer that is accepted. */
  readonly maxBytes: number;
}

/**
 * One HTTP/2 connection to a node with the clients of etcd's services. It makes its own TLS: gRPC's TLS sends an IP
 * address as the server name, and does not give up a connection attempt before the other side does.
 */
export class GrpcLink {
  /** True when data has arrived over it. */
  isProven = false;
  private isDropped = false;
  private readonly sockets = new Set<Socket>();
  private readonly channel: Grpc.Channel;
  private readonly host: Host;

  constructor(
    node: Node,
    private readonly tls: TlsOptions | null,
    private readonly line: Line,
    { grpc, Host }: Library,
  ) {
    const { hostname, port } = node.url;
    const address = `${hostname}:${port || (tls === null ? '80' : '443')}`;
    const { proxy } = line;
    const host = hostname.replace(/^\[|\]$/g, '');
    const place = { host, port: Number(port || (tls === null ? 80 : 443)) };
    const credentials = grpc.credentials.createInsecure();
    credentials._createSecureConnector = () => ({
      connect: (socket) => this.secure(socket, place),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => grpc.credentials.createEmpty(),
      destroy: () => undefined,
    });
    const options = {
      ...fixedOptions,
      'grpc.max_receive_message_length': line.maxBytes,
      'grpc.default_authority': address,
    };
    const first =
      proxy === null ? address : `${proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host}:${proxy.port}`;
    this.channel = new grpc.Channel(first, credentials, options);
    this.host = new Host(address, credentials, { channelOverride: this.channel });
  }

  /** Calls a method of one of etcd's services. */
  call(
    { service, method, decode }: Method,
    request: object,
    metadata: Grpc.Metadata,
    done: Grpc.requestCallback<unknown>,
  ): Grpc.ClientUnaryCall {
    const client = this.host.getServiceClient(service);
    const { path, requestSerialize, responseDeserialize } = (client.constructor as Grpc.ServiceClientConstructor)
      .service[method]!;
    return client.makeUnaryRequest(path, requestSerialize, decode ?? responseDeserialize, request, metadata, done);
  }

  /** Opens a stream for watches. */
  watch(metadata: Grpc.Metadata): Grpc.ClientDuplexStream<IWatchRequest, IWatchResponse> {
    const client = this.host.getServiceClient('Watch') as unknown as {
      watch: (metadata: Grpc.Metadata) => Grpc.ClientDuplexStream<IWatchRequest, IWatchResponse>;
    };
    return client.watch(metadata);
  }

  /** Closes the connection and ends all calls on it. */
  drop(): void {
    this.isDropped = true;
    this.channel.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async secure(socket: Socket, place: Place): Promise<{ socket: Socket; secure: boolean }> {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    // The connection may be established after drop().
    if (this.isDropped) socket.destroy();
    const { tls, line } = this;
    const { proxy, ms } = line;
    const led = proxy === null ? socket : await leadOn(socket, proxy, place, { tls: tls ?? {}, ms });
    if (tls === null) return { socket: led, secure: false };
    const { host } = place;
    return new Promise((resolve, reject) => {
      const name = isIP(host) === 0 ? { servername: host } : {};
      const secured = connectTls({ ...tls, ...name, socket: led, host, ALPNProtocols: ['h2'] }, () => {
        resolve({ socket: secured, secure: true });
      });
      secured.on('error', reject);
    });
  }
}
