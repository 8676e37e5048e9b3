import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { match } from '../../src/go/path.ts';
import { RespReader } from '../../src/backend/redis/resp.ts';

type Value = string | ReadonlyMap<string, string>;

/** A redis that knows what confd asks for. Texts are byte strings. */
export class RedisServer {
  readonly data = new Map<string, Value>();
  /** Every command, as "GET /a". */
  readonly asked: string[] = [];
  /** The errors that some commands get instead of an answer. */
  readonly errors = new Map<string, string>();
  /** What AUTH must be called with, or null. */
  login: readonly string[] | null = null;
  flags = 'AK';
  /** It takes commands and says nothing. */
  isMute = false;
  private readonly patterns = new Map<Socket, string[]>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((socket) => {
    this.serve(socket);
  });

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer();
    await new Promise<void>((resolve) => redis.server.listen(0, '127.0.0.1', resolve));
    return redis;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get node(): string {
    return `127.0.0.1:${this.port}`;
  }

  put(key: string, value: Value): void {
    this.data.set(key, value);
    this.tell(key, 'set');
  }

  remove(key: string): void {
    if (this.data.delete(key)) this.tell(key, 'del');
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private tell(key: string, event: string): void {
    if (!this.flags.includes('K')) return;
    const channel = `__keyspace@0__:${key}`;
    for (const [socket, patterns] of this.patterns) {
      for (const pattern of patterns) {
        if (globbed(pattern, channel)) send(socket, ['pmessage', pattern, channel, event]);
      }
    }
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    const reader = new RespReader();
    let isIn = this.login === null;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.patterns.delete(socket);
    });
    socket.on('data', (chunk) => {
      for (const command of reader.push(chunk)) {
        const [name = '', ...args] = command as string[];
        this.asked.push([name, ...args].join(' '));
        if (this.isMute) continue;
        const error = this.errors.get(name);
        if (error !== undefined) socket.write(`-${error}\r\n`);
        else if (name === 'AUTH') {
          isIn = this.login !== null && this.login.join(' ') === args.join(' ');
          socket.write(isIn ? '+OK\r\n' : '-WRONGPASS invalid username-password pair or user is disabled.\r\n');
        } else if (!isIn) socket.write('-NOAUTH Authentication required.\r\n');
        else send(socket, this.answer(socket, name, args));
      }
    });
  }

  private answer(socket: Socket, name: string, args: readonly string[]): unknown {
    const [key = ''] = args;
    const value = this.data.get(key);
    switch (name) {
      case 'PING':
        return 'PONG';
      case 'SELECT':
        return 'OK';
      case 'CONFIG':
        return ['notify-keyspace-events', this.flags];
      case 'TYPE':
        return value === undefined ? 'none' : typeof value === 'string' ? 'string' : 'hash';
      case 'MGET':
        return args.map((each) => {
          const found = this.data.get(each);
          return typeof found === 'string' ? found : null;
        });
      case 'HSCAN':
        return ['0', typeof value === 'object' ? [...value].flat() : []];
      case 'SCAN': {
        // Two pages, and each name twice, as redis may do.
        const found = [...this.data.keys()].filter((each) => globbed(args[2]!, each));
        return args[0] === '0' ? ['7', found.slice(0, found.length / 2 + 1)] : ['0', found];
      }
      case 'PSUBSCRIBE':
        this.patterns.set(socket, [...(this.patterns.get(socket) ?? []), key]);
        return ['psubscribe', key, 1];
      default:
        return null;
    }
  }
}

function globbed(pattern: string, text: string): boolean {
  // A star of redis takes slashes, too.
  return match(pattern.replaceAll('/', '\u0100'), text.replaceAll('/', '\u0100'));
}

function send(socket: Socket, value: unknown): void {
  socket.write(Buffer.from(encoded(value), 'latin1'));
}

function encoded(value: unknown): string {
  if (value === null) return '$-1\r\n';
  if (typeof value === 'number') return `:${value}\r\n`;
  if (Array.isArray(value)) return `*${value.length}\r\n${value.map(encoded).join('')}`;
  const text = value as string;
  return `$${text.length}\r\n${text}\r\n`;
}
