import { createServer as createHttp, request, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Proxy } from '../../src/backend/net/proxy.ts';

/** How a proxy of a test behaves. */
export interface Manners {
  readonly kind?: Proxy['kind'];
  /** For kind https. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** What it wants to hear as user:password. */
  readonly userinfo?: string;
  /** It takes connections and says nothing. */
  readonly isMute?: boolean;
}

/** A proxy that leads everything, whatever its name, to one port of this machine. */
export class ToyProxy {
  /** What it was asked for: "GET http://…", "CONNECT host:port" or "SOCKS host:port". */
  readonly seen: string[] = [];
  private readonly sockets = new Set<Socket>();
  private server!: Server | HttpServer;

  private constructor(
    private readonly to: number,
    private readonly manners: Manners,
  ) {}

  static async start(to: number, manners: Manners = {}): Promise<ToyProxy> {
    const toy = new ToyProxy(to, manners);
    toy.server = manners.kind === 'socks5' || manners.isMute === true ? toy.socks() : toy.http();
    toy.server.on('connection', (socket: Socket) => {
      toy.sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => toy.server.listen(0, '127.0.0.1', resolve));
    return toy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  proxy(userinfo = ''): Proxy {
    const { kind = 'http' } = this.manners;
    return { label: `${kind}://PROXY`, kind, host: '127.0.0.1', port: this.port, userinfo };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private isWelcome(header: string | undefined): boolean {
    const { userinfo } = this.manners;
    return userinfo === undefined || header === `Basic ${Buffer.from(userinfo).toString('base64')}`;
  }

  private http(): HttpServer {
    const { kind, tls } = this.manners;
    const server = kind === 'https' ? createHttps(tls!) : createHttp();
    server.on('request', (asked, response) => {
      this.seen.push(`${asked.method} ${asked.url}`);
      if (!this.isWelcome(asked.headers['proxy-authorization'])) {
        response.writeHead(407).end();
        return;
      }
      const { pathname, search } = new URL(asked.url!);
      const { host } = asked.headers;
      const options = { host: '127.0.0.1', port: this.to, path: pathname + search, headers: { host } };
      const onward = request(options, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy()).end();
    });
    server.on('connect', (asked, socket: Socket) => {
      this.seen.push(`CONNECT ${asked.url}`);
      socket.on('error', () => undefined);
      if (!this.isWelcome(asked.headers['proxy-authorization'])) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      this.join(socket, 'HTTP/1.1 200 OK\r\n\r\n');
    });
    return server;
  }

  private socks(): Server {
    return createServer((socket) => {
      if (this.manners.isMute !== true) void this.greet(socket).catch(() => socket.destroy());
    });
  }

  private async greet(socket: Socket): Promise<void> {
    const take = async (count: number): Promise<Buffer> => {
      for (;;) {
        const bytes = socket.read(count) as Buffer | null;
        if (bytes !== null) return bytes;
        await new Promise((resolve) => socket.once('readable', resolve));
      }
    };
    const [, count] = await take(2);
    await take(count!);
    const { userinfo } = this.manners;
    socket.write(Buffer.from([5, userinfo === undefined ? 0 : 2]));
    if (userinfo !== undefined) {
      const user = (await take((await take(2))[1]!)).toString();
      const password = (await take((await take(1))[0]!)).toString();
      const isKnown = `${user}:${password}` === userinfo;
      socket.write(Buffer.from([1, isKnown ? 0 : 1]));
      if (!isKnown) return;
    }
    const kind = (await take(4))[3];
    const host = kind === 1 ? (await take(4)).join('.') : (await take((await take(1))[0]!)).toString();
    const port = (await take(2)).readUInt16BE();
    this.seen.push(`SOCKS ${host}:${port}`);
    if (host === 'forbidden.test') socket.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
    else this.join(socket, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  }

  private join(socket: Socket, welcome: string | Buffer): void {
    const onward = connect(this.to, '127.0.0.1', () => {
      socket.write(welcome);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    this.sockets.add(onward);
  }
}
