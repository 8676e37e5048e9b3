import { connect, type Socket } from 'node:net';
import { fromText } from '../../go/bytes.ts';
import { BackendError } from '../contract/backend.ts';
import { deniedBy, errorText, oneLine } from '../net/error-text.ts';
import type { TlsOptions } from '../net/tls.ts';
import type { Address } from './address.ts';
import { encodeCommand, type Reply, RespError, RespReader } from './resp.ts';

interface Waiter {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const denials = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'DENIED']);
const passing = new Set(['LOADING', 'MASTERDOWN', 'BUSY', 'CLUSTERDOWN', 'TRYAGAIN', 'READONLY']);

/** A connection to one redis. */
export class Connection {
  private readonly reader = new RespReader();
  private readonly waiters: Waiter[] = [];
  private failure: BackendError | null = null;
  /** Gets the name of each key that a subscription tells of, as [channel, event]. */
  onMessage: ((channel: string) => void) | null = null;
  /** Called once when the connection is of no use any more. */
  onEnd: ((error: BackendError) => void) | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly label: string,
    private readonly timeoutMs: number,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    socket.on('timeout', () => {
      if (this.waiters.length > 0) this.fail(this.error('unreachable', `no answer within ${timeoutMs / 1000} s`));
    });
    socket.on('error', (error) => {
      this.fail(this.error(deniedBy(error) ? 'denied' : 'unreachable', reasonOf(error)));
    });
    socket.on('close', () => {
      this.fail(this.error('unreachable', 'the connection was closed'));
    });
  }

  /** Connects, with TLS where there are options for it. Throws BackendError, or the reason of the signal. */
  static async open(
    address: Address,
    tls: TlsOptions | null,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Connection> {
    signal.throwIfAborted();
    const { host, port, path } = address;
    const to = path === null ? { host, port } : { path };
    let socket: Socket;
    if (tls === null) socket = connect(to);
    else {
      const { isIP } = await import('node:net');
      const { connect: connectTls } = await import('node:tls');
      socket = connectTls({ ...to, ...(isIP(host) === 0 && host !== '' ? { servername: host } : {}), ...tls });
    }
    socket.setNoDelay(true);
    socket.setTimeout(timeoutMs);
    const connection = new Connection(socket, address.label, timeoutMs);
    const begun = new Promise<Reply>((resolve, reject) => {
      connection.waiters.push({ resolve, reject });
      socket.once(tls === null ? 'connect' : 'secureConnect', () => {
        connection.waiters.shift();
        resolve(null);
      });
    });
    const end = () => {
      connection.fail(connection.error('unreachable', 'the connection was given up'));
    };
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => {
      signal.removeEventListener('abort', end);
    });
    if (signal.aborted) end();
    await begun;
    return connection;
  }

  /** Sends a command; an answer that is an error comes back as RespError. Throws BackendError. */
  try(...args: string[]): Promise<Reply> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.socket.setTimeout(this.timeoutMs);
      this.socket.write(encodeCommand(args));
    });
  }

  /** Sends a command. Throws BackendError, also for an answer that is an error. */
  async ask(...args: string[]): Promise<Exclude<Reply, RespError>> {
    const reply = await this.try(...args);
    if (!(reply instanceof RespError)) return reply;
    throw this.refusal(reply);
  }

  /** Logs in. The server's own words are not shown: they may repeat the password. */
  async login(username: string, password: string): Promise<void> {
    if (password === '') return;
    const words = username === '' ? [password] : [username, password];
    const reply = await this.try('AUTH', ...words.map(fromText));
    if (!(reply instanceof RespError)) return;
    if (passing.has(reply.code)) throw this.error('unreachable', reply.code);
    const isUnset = /without any password|no password is set/i.test(reply.text);
    const why = isUnset ? 'the server has no password, but one is set here' : 'the user name or password is wrong';
    throw this.error('denied', `the login is refused: ${why} (${oneLine(reply.code).slice(0, 20)})`);
  }

  /** An answer that makes going on impossible. */
  refusal(reply: RespError): BackendError {
    const { code, text } = reply;
    if (denials.has(code)) return this.error('denied', oneLine(text));
    if (passing.has(code)) return this.error('unreachable', oneLine(text));
    if (code === 'MOVED' || code === 'ASK') {
      return this.error('protocol', `this is a node of a redis cluster, which is not supported (${oneLine(text)})`);
    }
    return this.error('protocol', oneLine(text));
  }

  error(code: BackendError['code'], why: string): BackendError {
    return new BackendError(code, `${this.label}: ${why}`);
  }

  close(): void {
    this.onEnd = null;
    this.fail(this.error('unreachable', 'the connection was closed here'));
  }

  private take(chunk: Buffer): void {
    try {
      for (const reply of this.reader.push(chunk)) this.give(reply);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      this.fail(this.error(error.code, error.message));
    }
  }

  private give(reply: Reply): void {
    if (Array.isArray(reply) && reply[0] === 'pmessage') this.onMessage?.(String(reply[2]));
    else this.waiters.shift()?.resolve(reply);
  }

  private fail(error: BackendError): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.socket.destroy();
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
    this.onEnd?.(error);
  }
}

function reasonOf(error: Error): string {
  return errorText(error).replace('write http://', 'write redis://');
}
