import type { IResponseHeader, ITxnRequest } from 'etcd3';
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
import { Late } from '../net/deadline.ts';
import type { EtcdSettings } from './v2.ts';
import { isApiMissing } from './api.ts';
import { answered, GrpcClient } from './grpc.ts';
import { isTooLong, outsideHistory, toBackendError } from './grpc-error.ts';
import { followBuffered } from '../contract/change-buffer.ts';
import { Pages, rangesOf } from './ranges.ts';
import { type StreamHealth, RangeWatch } from './range-watch.ts';
import { cursorAt } from './v3-cursor.ts';
import { type LastSeen, unseen } from './last-write.ts';

/** How often a read starts again because its revision was compacted or the store was replaced. */
const maxReads = 3;

/** The keys of etcd's v3 API. Connects to nothing before the first read. */
export async function etcd3Backend(settings: EtcdSettings): Promise<Backend> {
  return new Etcd3Backend(await GrpcClient.create(settings), settings);
}

/** True when a node answers by the v3 API, whatever the answer is. */
export async function offersV3(settings: EtcdSettings, signal: AbortSignal): Promise<boolean> {
  const client = await GrpcClient.create(settings);
  try {
    const { node, result } = await client.call('txn', {}, signal);
    return !('refusal' in result) || !isApiMissing(toBackendError(node, result.refusal));
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    client.close();
  }
}

class Etcd3Backend implements Backend {
  readonly name = 'etcd';
  readonly canWatch = true;
  readonly selects = 'subtree';

  private readonly health: StreamHealth = { failures: 0 };
  /** What was seen up to a cursor; another read may have met a store that was restored to an earlier state. */
  private readonly seen = new WeakMap<Cursor, LastSeen>();
  private readonly closing = new Closing();

  constructor(
    private readonly client: GrpcClient,
    private readonly settings: EtcdSettings,
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
    for (let reads = 0; reads < maxReads; reads++) {
      const snapshot = await this.readOnce(keys, signal);
      if (snapshot !== null) return snapshot;
    }
    throw new BackendError(
      'protocol',
      'etcd compacts its history faster than confd can read the keys; compact it less often',
    );
  }

  private async *follow(
    keys: readonly string[],
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<Edits | Resync, void> {
    const { client, settings, health, seen } = this;
    let ranges: RangeWatch;
    const items = followBuffered(cursor, signal, (buffer, ended) => {
      ranges = new RangeWatch(rangesOf(keys), cursor, seen.get(cursor) ?? unseen, { client, settings, buffer, health });
      return ranges.follow(ended).then(buffer.end.bind(buffer), buffer.fail.bind(buffer));
    });
    for await (const item of items) {
      if (item.kind === 'edits') seen.set(item.cursor, ranges!.seen);
      yield item;
    }
  }

  close(): Promise<void> {
    this.closing.close();
    this.client.close();
    return Promise.resolve();
  }

  /** Reads everything at the revision of the first page; null when that revision is lost meanwhile. */
  private async readOnce(keys: readonly string[], signal: AbortSignal): Promise<Snapshot | null> {
    const ranges = rangesOf(keys);
    const pages = new Pages([...ranges], this.client.patienceMs / 4);
    let header: IResponseHeader | null = null;
    while (!pages.isDone) {
      const request: ITxnRequest = { success: pages.next(header?.revision ?? '0') };
      const response = await this.ask(request, pages, signal);
      if (response === null) continue;
      const { node, result, pace } = response;
      if ('refusal' in result && outsideHistory(result.refusal)) return null;
      if ('refusal' in result && isTooLong(result.refusal) && pages.shrink()) continue;
      const answer = answered({ node, result });
      if (header !== null && header.cluster_id !== answer.header.cluster_id) return null;
      header ??= answer.header;
      if (!pages.take(answer, pace)) throw new BackendError('protocol', `${node}: the answer does not fit the request`);
    }
    const cursor: Cursor = header === null ? new Map() : cursorAt(ranges, header);
    this.seen.set(cursor, { ...unseen, lastWrite: pages.lastWrite });
    return { kind: 'snapshot', cursor, pairs: pages.pairs };
  }

  /** One page, or null when the server or the network was too slow and pages must be smaller. */
  private async ask(request: ITxnRequest, pages: Pages, signal: AbortSignal) {
    try {
      return await this.client.call('txn', request, signal);
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof Late && pages.hurry(cause)) return null;
      throw error;
    }
  }
}
