import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import {
  type Backend,
  BackendError,
  type Cursor,
  type Edit,
  type Edits,
  type Resync,
  resync,
  type SessionItem,
} from '../contract/backend.ts';
import { jitterMs } from '../contract/backoff.ts';
import { followBuffered } from '../contract/change-buffer.ts';
import { Closing } from '../contract/closing.ts';
import { readSecret } from '../net/secret-file.ts';
import { type TlsFiles, TlsSource, wantsTls } from '../net/tls.ts';
import { type Address, parseAddress } from './address.ts';
import { Connection } from './connection.ts';
import { Dataset, Names } from './dataset.ts';

export interface RedisSettings {
  readonly nodes: readonly string[];
  readonly username: string;
  readonly password: string;
  /** Read at each login; it counts more than `password`. */
  readonly passwordFile: string;
  readonly tls: TlsFiles;
  /** What the store has in place of the slashes of a key, or ''. */
  readonly separator: string;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** From one complete read to the next, whatever notifications say. */
  readonly pollMs: number;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warning'>;
}

const maxPatterns = 100;
const maxDirty = 20_000;
const pingMs = 10_000;
const paceMs = 50;

/** The keys of a redis. Nothing is connected before the first read. Throws BackendError 'settings'. */
export async function redisBackend(settings: RedisSettings): Promise<Backend> {
  const addresses = settings.nodes.map(parseAddress);
  return new RedisBackend(addresses, await TlsSource.open(settings.tls), settings);
}

/** The two connections of a session, both to the same node. */
interface Link {
  readonly commands: Connection;
  readonly events: Connection;
  readonly database: number;
  /** The names, as the store has them, that notifications were about and that have not been read since. */
  readonly dirty: Set<string>;
  /** Why there will be no notifications, or null. */
  readonly refused: string | null;
}

class RedisBackend implements Backend {
  readonly name = 'redis';
  readonly canWatch = true;
  readonly selects = 'subtree';
  private readonly closing = new Closing();
  private readonly names: Names;
  /** What has been said of notifications. */
  private said = '';

  constructor(
    private readonly addresses: readonly Address[],
    private readonly tls: TlsSource,
    private readonly settings: RedisSettings,
  ) {
    this.names = new Names(settings.separator);
  }

  async *open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    const ended = this.closing.signalOf(signal);
    try {
      if (after === undefined) yield* this.session(keys, ended);
      else {
        // There is no history: once it answers again, everything is read.
        const [connection] = await this.connect(ended);
        connection.close();
        yield resync;
      }
    } catch (error) {
      ended.throwIfAborted();
      throw error;
    }
  }

  close(): Promise<void> {
    this.closing.close();
    return Promise.resolve();
  }

  private async *session(keys: readonly string[], signal: AbortSignal): AsyncGenerator<SessionItem, void> {
    const link = await this.link(keys, signal);
    try {
      const data = new Dataset(keys, this.names, link.commands);
      const pairs = await data.readAll();
      yield { kind: 'snapshot', cursor: new Map(), pairs: new Map(pairs) };
      yield* this.follow(link, data, signal);
    } finally {
      link.commands.close();
      link.events.close();
    }
  }

  private async *follow(link: Link, data: Dataset, signal: AbortSignal): AsyncGenerator<Edits | Resync, void> {
    const stream = { roots: [] };
    yield* followBuffered(new Map(), signal, async (buffer, ended) => {
      try {
        await this.watch(link, data, ended, (edits) => {
          buffer.put(stream, { index: 0n, edits });
        });
      } catch (error) {
        if (!(error instanceof BackendError) || error.code !== 'unreachable' || ended.aborted) {
          buffer.fail(error);
          return;
        }
        // A server that comes back may have lost everything: it is read again. Others lost it at the same moment.
        await this.settings.clock.sleep(jitterMs(), ended).catch(() => undefined);
        buffer.put(stream, { index: 0n, edits: 'resync' });
        buffer.end();
      }
    });
  }

  private async watch(
    { commands, events, database, dirty, refused }: Link,
    data: Dataset,
    signal: AbortSignal,
    put: (edits: Edit[]) => void,
  ): Promise<void> {
    const { clock, pollMs } = this.settings;
    const start = `__keyspace@${database}__:`;
    let wake: () => unknown = () => undefined;
    const ends: BackendError[] = [];
    const end = (error: BackendError) => {
      ends.push(error);
      wake();
    };
    events.onEnd = end;
    commands.onEnd = end;
    events.onMessage = (channel) => {
      dirty.add(channel.slice(start.length));
      wake();
    };
    await this.tell(commands, refused);
    let read = clock.now();
    for (;;) {
      if (dirty.size === 0 && ends.length === 0) {
        const timer = new AbortController();
        wake = () => {
          timer.abort();
        };
        const rest = Math.max(1, Math.min(pingMs, read + pollMs - clock.now()));
        await clock.sleep(rest, AbortSignal.any([signal, timer.signal])).catch(() => undefined);
        wake = () => undefined;
      }
      signal.throwIfAborted();
      if (ends[0] !== undefined) throw ends[0];
      if (dirty.size > maxDirty || clock.now() - read >= pollMs) {
        dirty.clear();
        put(await data.refresh());
        read = clock.now();
        await this.tell(commands, refused);
      } else if (dirty.size > 0) {
        const keys = [...dirty];
        dirty.clear();
        const edits = await data.update(keys);
        if (edits.length > 0) put(edits);
        await clock.sleep(paceMs, signal);
      } else {
        // A connection that is broken without a word is found by this.
        await Promise.all([events.ask('PING'), commands.ask('PING')]);
      }
    }
  }

  /** Says once why changes will be found late. */
  private async tell(commands: Connection, refused: string | null): Promise<void> {
    const { log, pollMs } = this.settings;
    const every = `redis is read every ${pollMs / 1000} s instead`;
    const answer = await commands.try('CONFIG', 'GET', 'notify-keyspace-events');
    let text = '';
    if (refused !== null) {
      text = `redis does not let this user hear of changes (${refused}): allow it with ACL SETUSER <user> '&__keyspace@*'; ${every}`;
    } else if (Array.isArray(answer) && typeof answer[1] === 'string') {
      const flags = answer[1];
      const isOn = flags.includes('K') && (flags.includes('A') || ['g', '$', 'h', 'x'].every((f) => flags.includes(f)));
      const wanted = `KA${flags.replace(/[^Enm]/g, '')}`;
      if (!isOn) {
        text = `redis does not tell of changes: switch it on with redis-cli CONFIG SET notify-keyspace-events ${wanted}; ${every}`;
      }
    } else if (this.said === '') {
      this.said = 'unknown';
      log.info(`redis does not say whether it tells of changes; it is also read every ${pollMs / 1000} s`);
    }
    if (text !== '' && text !== this.said) log.warning(text);
    if (text !== '') this.said = text;
  }

  /** Connects, and subscribes before anything is read: what changes from then on is in `dirty`. */
  private async link(keys: readonly string[], signal: AbortSignal): Promise<Link> {
    const [commands, address] = await this.connect(signal);
    const dirty = new Set<string>();
    let events: Connection | null = null;
    try {
      events = await this.connectTo(address, signal);
      const start = `__keyspace@${address.database}__:`;
      events.onMessage = (channel) => dirty.add(channel.slice(start.length));
      const patterns = this.names.patterns(keys);
      const few = patterns.length > maxPatterns ? ['*'] : patterns;
      const replies = await Promise.all(few.map((pattern) => events!.try('PSUBSCRIBE', start + pattern)));
      const error = replies.find((reply) => reply !== null && typeof reply === 'object' && 'code' in reply);
      const refused = error === undefined ? null : (error as { code: string }).code;
      return { commands, events, database: address.database, dirty, refused };
    } catch (error) {
      commands.close();
      events?.close();
      throw error;
    }
  }

  /** The first node that answers. */
  private async connect(signal: AbortSignal): Promise<readonly [Connection, Address]> {
    const failures: Error[] = [];
    for (const address of this.addresses) {
      try {
        return [await this.connectTo(address, signal), address];
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BackendError) || error.code === 'settings') throw error;
        failures.push(error);
      }
    }
    const denied = failures.find((error) => error instanceof BackendError && error.code !== 'unreachable');
    const code = denied instanceof BackendError ? denied.code : 'unreachable';
    throw new BackendError(code, failures.map(({ message }) => message).join('; '));
  }

  private async connectTo(address: Address, signal: AbortSignal): Promise<Connection> {
    const { timeoutMs, passwordFile, tls: files } = this.settings;
    const isTls = address.isTls ?? wantsTls(files);
    const connection = await Connection.open(address, isTls ? await this.tls.current() : null, timeoutMs, signal);
    try {
      const own = passwordFile === '' ? this.settings.password : await readSecret('password', passwordFile);
      await connection.login(this.settings.username || address.username, own || address.password);
      if (address.database !== 0) await connection.ask('SELECT', String(address.database));
      await connection.ask('PING');
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}
