import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import {
  type Backend,
  BackendError,
  type Cursor,
  type Edits,
  resync,
  type Resync,
  type SessionItem,
  type Snapshot,
} from '../contract/backend.ts';
import { backoffMs } from '../contract/backoff.ts';
import { followBuffered } from '../contract/change-buffer.ts';
import { Closing } from '../contract/closing.ts';
import { openSession } from '../contract/session.ts';
import { aborted, follow } from '../net/deadline.ts';
import { HttpClient, type HttpSettings } from '../net/http.ts';
import { ChangeSearch, proveGone } from './change-search.ts';
import { KnownKeys } from './known-keys.ts';
import { type Found, KvApi } from './kv-api.ts';
import type { Entry } from './kv-answer.ts';
import { PrefixWatch, type WaitHealth } from './prefix-watch.ts';
import { coveringRoots, planWatches, type WatchPlan } from './watch-plan.ts';

export interface ConsulSettings extends HttpSettings {
  /** Of an enterprise's consul, or ''. */
  readonly namespace: string;
  /** The same. */
  readonly partition: string;
  readonly log: Pick<Logger, 'warning'>;
  /** For how long a node is asked to wait for a change. */
  readonly waitMs?: number;
}

const defaultWaitMs = 60_000;

/** The keys of a consul. Nothing is connected before the first read. */
export async function consulBackend(settings: ConsulSettings): Promise<Backend> {
  const clients = { http: await HttpClient.create(settings), waiting: await HttpClient.create(settings) };
  const scope = Object.entries({ ns: settings.namespace, partition: settings.partition })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`);
  return new ConsulBackend(new KvApi(clients, scope.join(''), settings.token ?? null), settings);
}

/** What a session has read of what one watch follows. */
interface Begun {
  readonly plan: WatchPlan;
  /** Where the prefix was before the roots were read. */
  readonly index: number;
  readonly known: KnownKeys;
}

class ConsulBackend implements Backend {
  readonly name = 'consul';
  readonly canWatch = true;
  readonly selects = 'text';
  private readonly closing = new Closing();
  private readonly clock: Clock;
  private readonly health: WaitHealth;
  /** What the last session knew, by root: what a token sees less of now need not be gone. */
  private readonly last = new Map<string, KnownKeys>();
  /** Roots below which keys are hidden, which has been said. */
  private readonly filtered = new Set<string>();

  constructor(
    private readonly kv: KvApi,
    private readonly settings: ConsulSettings,
  ) {
    this.clock = settings.clock;
    this.health = { breaks: 0, waitMs: settings.waitMs ?? defaultWaitMs };
  }

  open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    const ended = this.closing.signalOf(signal);
    let begun: readonly Begun[] | null = null;
    return openSession(
      after,
      async () => {
        const [snapshot, all] = await this.read(keys, ended);
        begun = all;
        return snapshot;
      },
      (cursor) => (begun === null ? this.resume(keys, ended) : this.follow(begun, cursor, ended)),
    );
  }

  close(): Promise<void> {
    this.closing.close();
    this.kv.close();
    return Promise.resolve();
  }

  /** A store does not tell which keys are gone since some index: once it answers again, everything is read. */
  private async *resume(keys: readonly string[], signal: AbortSignal): AsyncGenerator<Resync, void> {
    signal.throwIfAborted();
    const { breaks } = this.health;
    // It answers, but every wait breaks.
    if (breaks > 1) await this.clock.sleep(backoffMs(breaks - 1), signal);
    const [root] = coveringRoots(keys);
    if (root !== undefined) await this.kv.names(root, signal);
    yield resync;
  }

  private async read(keys: readonly string[], signal: AbortSignal): Promise<readonly [Snapshot, readonly Begun[]]> {
    const pairs = new Map<string, string>();
    const failed = new AbortController();
    const letGo = follow(signal, failed);
    const take = (entries: ReadonlyMap<string, Entry>) => {
      for (const [key, { value }] of entries) pairs.set(`/${key}`, value);
    };
    try {
      const plans = planWatches(coveringRoots(keys));
      const begun = (await Promise.all(plans.map((plan) => this.begin(plan, take, failed.signal)))).flat();
      const cursor = new Map(begun.map(({ plan, index }) => [plan.prefix, BigInt(index)]));
      return [{ kind: 'snapshot', cursor, pairs }, begun];
    } catch (error) {
      failed.abort(error);
      throw error;
    } finally {
      letGo();
    }
  }

  /** Reads the roots of a watch. Its index comes first: what is written meanwhile is found by the first wait. */
  private async begin(
    plan: WatchPlan,
    take: (entries: ReadonlyMap<string, Entry>) => void,
    signal: AbortSignal,
  ): Promise<readonly Begun[]> {
    const { prefix, roots } = plan;
    if (roots.length === 1) {
      const { index, found } = await this.readRoot(prefix, signal);
      take(found);
      return [{ plan, index, known: this.last.get(prefix)! }];
    }
    const { secret } = this.kv;
    let there: Found<readonly string[]>;
    try {
      there = await this.kv.names(prefix, signal);
    } catch (error) {
      if (!isDenied(error)) throw error;
      // Some may read what they want and not list what is above it.
      const alone = roots.map((root) => this.begin({ prefix: root, roots: [root] }, take, signal));
      return (await Promise.all(alone)).flat();
    }
    // Where nothing else is below the prefix, one question brings all roots.
    const isAll = there.found.every((name) => roots.some((root) => name.startsWith(root)));
    const byRoot = isAll ? shared(await this.kv.entries(prefix, signal), roots) : null;
    const entries = new Map<string, Entry>();
    await Promise.all(
      roots.map(async (root) => {
        const { found } = byRoot === null ? await this.readRoot(root, signal) : byRoot.get(root)!;
        if (byRoot !== null) await this.verify(root, byRoot.get(root)!, signal);
        for (const [key, entry] of found) entries.set(key, entry);
      }),
    );
    if (secret !== this.kv.secret) return this.begin(plan, take, signal);
    take(entries);
    return [{ plan, index: there.index, known: new KnownKeys(entries) }];
  }

  private async readRoot(root: string, signal: AbortSignal): Promise<Found<Map<string, Entry>>> {
    const { secret } = this.kv;
    const read = await this.kv.entries(root, signal);
    await this.verify(root, read, signal);
    return secret === this.kv.secret ? read : this.readRoot(root, signal);
  }

  /** Makes sure that what was not found below a root is not hidden from the token. */
  private async verify(
    root: string,
    { found, isFiltered }: Found<Map<string, Entry>>,
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.last.get(root)?.below('') ?? [];
    await proveGone(
      this.kv,
      before.filter((key) => !found.has(key)),
      signal,
    );
    if (found.size === 0) await this.proveReadable(root, signal);
    if (isFiltered && !this.filtered.has(root)) {
      this.filtered.add(root);
      this.settings.log.warning(`the token may not read all keys at /${root}: consul leaves the others out`);
    }
    this.last.set(root, new KnownKeys(found));
  }

  /** Nothing is found by those who may read nothing, too; but a key that they ask for is refused: BackendError 'denied'. */
  private async proveReadable(root: string, signal: AbortSignal): Promise<void> {
    try {
      // Of all keys any one will do.
      await this.kv.entry(root === '' ? 'confd' : root, signal);
    } catch (error) {
      if (!isDenied(error) || root === '') throw error;
      // A right that ends with a slash is for what is below the key.
      await this.kv.entry(`${root}/`, signal);
    }
  }

  private async *follow(
    begun: readonly Begun[],
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<Edits | Resync, void> {
    const { kv, clock, health } = this;
    yield* followBuffered(cursor, signal, (buffer, ended) => {
      const watches = begun.map(({ plan: { prefix, roots }, index, known }) => {
        const watch = new PrefixWatch(prefix, index, new ChangeSearch(kv, known, roots), { kv, clock, health });
        const stream = { roots: [prefix] };
        const following = watch.follow((event) => {
          buffer.put(stream, event);
        }, ended);
        return following.then(buffer.end.bind(buffer), buffer.fail.bind(buffer));
      });
      return Promise.all(watches.length > 0 ? watches : [aborted(ended).catch(() => undefined)]);
    });
  }
}

/** What was found, for each of the roots. Both are in order. */
function shared(
  { index, found, isFiltered }: Found<Map<string, Entry>>,
  roots: readonly string[],
): Map<string, Found<Map<string, Entry>>> {
  const byRoot = new Map(roots.map((root) => [root, { index, found: new Map<string, Entry>(), isFiltered }]));
  let at = 0;
  for (const [key, entry] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    while (at + 1 < roots.length && roots[at + 1]! <= key) at++;
    if (key.startsWith(roots[at]!)) byRoot.get(roots[at]!)!.found.set(key, entry);
  }
  return byRoot;
}

function isDenied(error: unknown): boolean {
  return error instanceof BackendError && error.code === 'denied';
}
