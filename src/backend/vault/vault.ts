import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { type Backend, type Cursor, resync, type SessionItem, type Snapshot } from '../contract/backend.ts';
import { Closing } from '../contract/closing.ts';
import { openSession } from '../contract/session.ts';
import { HttpClient, type HttpSettings } from '../net/http.ts';
import { type Question, type Reply, VaultApi } from './api.ts';
import { Leases } from './leases.ts';
import type { LoginSettings } from './login.ts';
import { Reader } from './reader.ts';
import { TokenKeeper } from './token-keeper.ts';

/** How a Vault is asked. */
export interface VaultSettings extends HttpSettings {
  /** '' for the root. */
  readonly namespace: string;
  readonly login: LoginSettings;
  /** How often a watch asks for versions. */
  readonly pollMs: number;
  readonly log: Logger;
}

/** The secrets of a Vault or an OpenBao. Nothing is connected before the first read. */
export async function vaultBackend(settings: VaultSettings): Promise<Backend> {
  return new VaultBackend(await HttpClient.create(settings), settings);
}

class VaultBackend implements Backend {
  readonly name = 'vault';
  readonly canWatch = true;
  readonly selects = 'subtree';
  private readonly closing = new Closing();
  private readonly api: VaultApi;
  private readonly keeper: TokenKeeper;
  private readonly leases: Leases;
  private readonly told = new Set<string>();
  private readonly clock: Clock;
  /** What was read up to a cursor. */
  private readonly readers = new WeakMap<Cursor, Reader>();

  constructor(
    private readonly http: HttpClient,
    private readonly settings: VaultSettings,
  ) {
    const { clock, log, namespace, login } = settings;
    this.clock = clock;
    this.api = new VaultApi(http, namespace);
    const closed = this.closing.signalOf(new AbortController().signal);
    this.keeper = new TokenKeeper(this.api, login, { clock, log, closed });
    this.leases = new Leases({ ask: this.ask.bind(this), generation: () => this.keeper.generation, clock });
  }

  open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    const ended = this.closing.signalOf(signal);
    return openSession(
      after,
      () => this.read(keys, ended),
      (cursor) => this.follow(keys, cursor, after !== undefined, ended),
    );
  }

  close(): Promise<void> {
    this.closing.close();
    this.http.close();
    return Promise.resolve();
  }

  private ask(question: Question, signal: AbortSignal): Promise<Reply> {
    return this.keeper.use(signal, (token) => this.api.ask(question, token, signal));
  }

  private async read(keys: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const reader = await this.readOnce(keys, null, signal);
    const pairs = new Map([...reader.roots.values()].flatMap((root) => [...root]));
    return { kind: 'snapshot', ...this.place(reader), pairs };
  }

  private async readOnce(keys: readonly string[], before: Reader | null, signal: AbortSignal): Promise<Reader> {
    signal.throwIfAborted();
    const { leases, told } = this;
    const { log } = this.settings;
    const reader = new Reader({ ask: this.ask.bind(this), leases, log, told }, before);
    await reader.read(keys, signal);
    return reader;
  }

  /** Where a session stands after a read, and how long that is good for where there are leases. */
  private place(reader: Reader): { readonly cursor: Cursor; readonly validMs?: number } {
    const cursor: Cursor = new Map();
    this.readers.set(cursor, reader);
    const validMs = this.leases.validMs(reader.paths);
    return validMs === undefined ? { cursor } : { cursor, validMs };
  }

  private async *follow(
    keys: readonly string[],
    cursor: Cursor,
    isResumed: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<SessionItem, void> {
    let before = this.readers.get(cursor);
    if (before === undefined) {
      signal.throwIfAborted();
      yield resync;
      return;
    }
    // After a failure it has been waited for already.
    for (let waits = !isResumed; ; waits = true) {
      if (waits) await this.clock.sleep(this.nextPollMs(), signal);
      const reader = await this.readOnce(keys, before, signal);
      if (reader.isSetBack) {
        yield resync;
        return;
      }
      const changed = [...reader.roots].filter(([root, pairs]) => !isEqual(pairs, before!.roots.get(root)));
      const place = this.place(reader);
      if (changed.length === 0) yield { kind: 'edits', ...place, edits: [] };
      for (const [root, pairs] of changed) yield { kind: 'replace', ...place, root, pairs };
      before = reader;
    }
  }

  /** Not all of a fleet at the same time. */
  private nextPollMs(): number {
    return this.settings.pollMs * (0.9 + 0.2 * Math.random());
  }
}

function isEqual(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string> | undefined): boolean {
  if (a.size !== b?.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
