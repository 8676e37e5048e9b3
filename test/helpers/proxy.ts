import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of a server, with which the network can be made to fail. */
export class Proxy {
  private readonly sockets = new Set<Socket>();
  private paused = false;
  private refusing = false;

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {}

  static async to(target: number): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, target);
    server.on('connection', (client) => {
      proxy.accept(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** From now on connections lead to another port. */
  retarget(port: number): void {
    this.target = port;
  }

  /** Breaks every connection; new ones are welcome. */
  cut(): void {
    for (const socket of this.sockets) reset(socket);
  }

  /** Breaks every connection, and new ones at once, until resume. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** Nothing passes any more, in either direction, and nobody is told: a network that went silent. */
  pause(): void {
    this.paused = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** Ends refuse and pause. */
  resume(): void {
    this.paused = false;
    this.refusing = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.on('error', () => undefined);
      reset(client);
      return;
    }
    const upstream = connect(this.target, '127.0.0.1');
    this.join(client, upstream);
    this.join(upstream, client);
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (chunk) => to.write(chunk));
    from.on('end', () => to.end());
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    if (this.paused) from.pause();
  }
}

/** Node 20 never finishes its exit after the reset of a socket that is still connecting, or ending. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
