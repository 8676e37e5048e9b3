import type { Clock } from '../../obs/clock.ts';
import {
  type Backend,
  BackendError,
  type Cursor,
  type Edits,
  type Resync,
  type SessionItem,
  type Snapshot,
} from '../contract/backend.ts';
import { Closing } from '../contract/closing.ts';
import { openSession } from '../contract/session.ts';
import { follow } from '../net/deadline.ts';
import { type EtcdNode, indexOf, isNode, keysPath, parseAnswer } from './v2-answer.ts';
import { v2ErrorOf } from './v2-error.ts';
import { HttpClient, type HttpSettings } from '../net/http.ts';
import { followBuffered } from '../contract/change-buffer.ts';
import { LongPoll } from './long-poll.ts';
import { coveringRoots, planPolls, reaches } from './watch-plan.ts';

export interface EtcdSettings extends HttpSettings {
  /** A long poll without an answer for this long is sent again. */
  readonly silenceMs?: number;
}

const readsAtOnce = 8;
const defaultSilenceMs = 30_000;

/** The keys of etcd's v2 API (0.4 to 3.4, or a mini-etcd). Connects to nothing before the first read. */
export async function etcdBackend(settings: EtcdSettings): Promise<Backend> {
  return new EtcdBackend(await HttpClient.create(settings), settings.clock, settings.silenceMs ?? defaultSilenceMs);
}

class EtcdBackend implements Backend {
  readonly name = 'etcd';
  readonly canWatch = true;
  readonly selects = 'subtree';
  private cluster = '';
  /** The store could not be reached: afterwards it may be another one, or have a history with gaps. */
  private isDoubtful = false;
  private readonly closing = new Closing();

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly silenceMs: number,
  ) {}

  open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    const ended = this.closing.signalOf(signal);
    return openSession(
      after,
      () => this.read(keys, ended),
      (cursor) => this.follow(keys, cursor, ended),
    );
  }

  private async read(keys: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const cursor = new Map<string, bigint>();
    const pairs = new Map<string, string>();
    const roots = coveringRoots(keys);
    const failed = new AbortController();
    const letGo = follow(signal, failed);
    const lane = async () => {
      for (let root = roots.pop(); root !== undefined; root = roots.pop()) {
        cursor.set(root, await this.readRoot(root, pairs, failed.signal));
      }
    };
    const lanes = Array.from({ length: Math.min(readsAtOnce, roots.length) }, lane);
    try {
      await Promise.all(lanes);
      this.isDoubtful = false;
      return { kind: 'snapshot', cursor, pairs };
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(lanes);
      throw error;
    } finally {
      letGo();
    }
  }

  private async *follow(
    keys: readonly string[],
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<Edits | Resync, void> {
    const roots = coveringRoots(keys);
    const { http, clock, silenceMs, cluster, isDoubtful } = this;
    yield* followBuffered(cursor, signal, (buffer, ended) => {
      const polls = planPolls(roots).map((poll) => {
        const others = roots.filter((root) => !poll.roots.includes(root));
        const longPoll = new LongPoll(poll, { http, clock, silenceMs, cluster, cursor, others, isDoubtful });
        const following = longPoll.follow((event) => {
          buffer.put(poll, event);
        }, ended);
        return following.then(buffer.end.bind(buffer), (error: unknown) => {
          if (!ended.aborted) this.isDoubtful = true;
          buffer.fail(error);
        });
      });
      return Promise.all(polls);
    });
  }

  close(): Promise<void> {
    this.closing.close();
    this.http.close();
    return Promise.resolve();
  }

  /** Adds the pairs at and below root; returns the counter of the store. */
  private async readRoot(root: string, pairs: Map<string, string>, signal: AbortSignal): Promise<bigint> {
    const answer = await this.http.get(`${keysPath(root)}?recursive=true&quorum=true&sorted=false`, signal);
    if (answer.status !== 200) {
      const refusal = await v2ErrorOf(answer, this.http, signal);
      // 100: the key does not exist; 104: one of its parents is not a directory, so it does not exist either.
      if (refusal.code !== 100 && refusal.code !== 104) throw refusal.error;
      return refusal.index;
    }
    const { node } = parseAnswer(await answer.body(), answer);
    if (node === undefined) throw new BackendError('protocol', `${answer.node}: the answer has no "node" field`);
    this.cluster = answer.headers.get('x-etcd-cluster-id') ?? '';
    if ((node.key ?? '/') !== root) throw new BackendError('protocol', `${answer.node}: the answer is for another key`);
    if (!collect(node, root, pairs))
      throw new BackendError('protocol', `${answer.node}: the answer has an invalid "node" field`);
    return indexOf(answer);
  }
}

/** False when the tree is not a valid one. */
function collect(top: EtcdNode, root: string, pairs: Map<string, string>): boolean {
  const stack: EtcdNode[] = [top];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { key = '/', value, nodes = [] } = node;
    const folder = key === '/' ? key : `${key}/`;
    for (const below of nodes) {
      // Longer than the key of its parent: so the walk ends, and no key is the directory itself.
      if (!isNode(below) || below.key === undefined || below.key.length <= folder.length) return false;
      if (!below.key.startsWith(folder)) return false;
      stack.push(below);
    }
    if (node.dir === true) continue;
    if (value === undefined) return false;
    if (reaches(root, key)) pairs.set(key, value);
  }
  return true;
}
