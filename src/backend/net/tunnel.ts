import { type Agent, type ClientRequest, request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { oneLine, errorText } from './error-text.ts';
import type { Proxy } from './proxy.ts';
import type { TlsOptions } from './tls.ts';

/** The target of a connection. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The header with the credentials for a proxy; empty when its address has none. */
export function proxyAuthorization({ userinfo }: Proxy): Readonly<Record<string, string>> {
  if (userinfo === '') return {};
  return { 'Proxy-Authorization': `Basic ${Buffer.from(userinfo, 'utf8').toString('base64')}` };
}

type Options = Place & ConnectionOptions & { readonly proxy?: Proxy | null };
type Done = (error: Error | null, connection?: Duplex) => void;

/**
 * Makes an agent connect through the `proxy` in the options of a request, within ms. With TLS the handshake is made
 * with the target, not with the proxy.
 */
export function viaProxies<A extends Agent>(agent: A, tls: TlsOptions | null, ms: number): A {
  const open = agent as unknown as { createConnection: (options: Options, done: Done) => Duplex | undefined };
  const directly = open.createConnection.bind(agent);
  open.createConnection = (options, done) => {
    const { proxy, host, port } = options;
    if (proxy === null || proxy === undefined) return directly(options, done);
    leadOn(connect({ host: proxy.host, port: proxy.port }), proxy, { host, port }, { tls: tls ?? {}, ms }).then(
      (socket) => {
        done(null, tls === null ? socket : connectTls({ ...options, socket }));
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
    return undefined;
  };
  return agent;
}

/** Asks the connected proxy for a connection to a place; returns that connection. */
export async function leadOn(
  socket: Socket,
  proxy: Proxy,
  to: Place,
  { tls, ms }: { readonly tls: TlsOptions; readonly ms: number },
): Promise<Socket> {
  const give = () => {
    socket.destroy(new Error(`no answer within ${Math.round(ms / 100) / 10} s`));
  };
  socket.setTimeout(ms, give);
  try {
    const led = await (proxy.kind === 'socks5' ? bySocks(socket, proxy, to) : byConnect(socket, proxy, to, tls));
    socket.setTimeout(0).removeListener('timeout', give);
    return led;
  } catch (cause) {
    socket.destroy();
    throw new Error(`the proxy ${proxy.label}: ${errorText(cause as Error)}`, { cause });
  }
}

function byConnect(socket: Socket, proxy: Proxy, { host, port }: Place, tls: TlsOptions): Promise<Socket> {
  const name = isIP(proxy.host) === 0 ? { servername: proxy.host } : {};
  const line = proxy.kind === 'https' ? connectTls({ ...tls, ...name, socket, host: proxy.host }) : socket;
  const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const headers = { Host: path, ...proxyAuthorization(proxy) };
    const asked: ClientRequest = request({ method: 'CONNECT', path, headers, createConnection: () => line });
    asked.once('connect', (answer, led: Socket, head) => {
      if (answer.statusCode !== 200) {
        reject(new Error(`it refuses the connection (${answer.statusCode} ${oneLine(answer.statusMessage ?? '')})`));
        return;
      }
      if (head.length > 0) led.unshift(head);
      resolve(led);
    });
    // Without a listener a later error would end the process.
    asked.on('error', reject);
    socket.once('error', reject);
    asked.end();
  });
}

const socksRefusals: readonly string[] = [
  ...['', 'general failure', 'not allowed', 'network is unreachable', 'no route to host', 'connection refused'],
  ...['timed out', 'it does not support the connect command', 'it does not support this type of address'],
];

/** RFC 1928, and RFC 1929 for the password. The proxy resolves the host name. */
async function bySocks(socket: Socket, { userinfo }: Proxy, { host, port }: Place): Promise<Socket> {
  const line = new Line(socket);
  socket.write(Buffer.from(userinfo === '' ? [5, 1, 0] : [5, 2, 0, 2]));
  const [version, method] = await line.take(2);
  if (version !== 5) throw new Error('it is not a SOCKS 5 proxy');
  if (method === 2) {
    const colon = userinfo.indexOf(':');
    const [user, password] = [userinfo.slice(0, colon), userinfo.slice(colon + 1)].map((text) => Buffer.from(text));
    socket.write(Buffer.concat([Buffer.from([1]), counted(user!), counted(password!)]));
    const [, status] = await line.take(2);
    if (status !== 0) throw new Error('it refuses the user name and password');
  } else if (method !== 0) throw new Error('it requires an authentication method that confd does not support');
  const name = Buffer.concat([Buffer.from([3]), counted(Buffer.from(host))]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), name, Buffer.from([port >> 8, port & 255])]));
  const [, status, , kind] = await line.take(4);
  if (status !== 0) throw new Error(socksRefusals[status!] ?? `SOCKS status ${status}`);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await line.take(1))[0]!;
  await line.take(length + 2);
  line.end();
  return socket;
}

function counted(bytes: Buffer): Buffer {
  if (bytes.length > 255) throw new Error('the host name, user name or password is longer than 255 bytes');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Reads a connection byte by byte. */
class Line {
  private failed: Error | null = null;
  private wake: (() => void) | null = null;
  private readonly onReadable = () => this.wake?.();
  private readonly onEnd = (error?: Error) => {
    this.failed ??= error ?? new Error('the connection broke');
    this.wake?.();
  };

  constructor(private readonly socket: Socket) {
    socket.on('readable', this.onReadable).on('error', this.onEnd).on('end', this.onEnd).on('close', this.endNow);
  }

  async take(count: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.socket.read(count) as Buffer | null;
      if (bytes?.length === count) return bytes;
      if (this.failed !== null) throw this.failed;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Hands the connection over to another reader. */
  end(): void {
    this.socket.removeListener('readable', this.onReadable).removeListener('end', this.onEnd);
    this.socket.removeListener('close', this.endNow);
  }

  private readonly endNow = () => {
    this.onEnd();
  };
}
