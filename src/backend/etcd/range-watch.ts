import type { ServiceError } from '@grpc/grpc-js';
import type { IEvent, IResponseHeader } from 'etcd3';
import { BackendError, type Cursor, type Edit } from '../contract/backend.ts';
import type { EtcdSettings } from './v2.ts';
import type { GrpcClient } from './grpc.ts';
import type { OpenWatch, CallResult } from './grpc-node.ts';
import { isTooLong } from './grpc-error.ts';
import { isAnother } from './history.ts';
import type { ChangeBuffer, EventStream } from '../contract/change-buffer.ts';
import type { Range } from './ranges.ts';
import { backoffMs, jitterMs } from '../contract/backoff.ts';
import { aborted } from '../net/deadline.ts';
import { placeOf, term } from './v3-cursor.ts';
import { newer, type LastSeen } from './last-write.ts';
import { type RangeEvent, type StreamTiming, WatchStream } from './watch-stream.ts';

/** The failures of a store's streams, kept from one watch to the next. */
export interface StreamHealth {
  /** Streams in a row without a new event. */
  failures: number;
}

/** What a watch needs. */
export interface RangeWatchDeps {
  readonly client: GrpcClient;
  readonly settings: EtcdSettings;
  readonly health: StreamHealth;
  /** Where events are put. */
  readonly buffer: ChangeBuffer;
}

interface Standing {
  readonly stream: WatchStream;
  readonly header: IResponseHeader;
}

/** After so many streams in a row that broke without a new event, everything is read. */
const maxFailures = 3;
/** With a thousand agents these are 50 requests a second; pings notice a dead connection sooner. */
const defaultSilenceMs = 20_000;

/**
 * A watch on ranges that continues over several streams. Each range has its own position in the history, as a stream
 * sends events of several ranges in no common order.
 */
export class RangeWatch {
  private readonly streams: ReadonlyMap<Range, EventStream>;
  private readonly timing: StreamTiming;
  private readonly place: Map<string, bigint>;
  /** Events of revisions that have arrived in part. */
  private readonly begun = new Map<Range, readonly IEvent[]>();

  constructor(
    private readonly ranges: readonly Range[],
    cursor: Cursor,
    /** What was seen up to the cursor. */
    public seen: LastSeen,
    private readonly deps: RangeWatchDeps,
  ) {
    const { clock, limits, silenceMs = defaultSilenceMs } = deps.settings;
    this.timing = { clock, silenceMs, answerMs: limits.headersMs };
    this.streams = new Map(ranges.map((range) => [range, { roots: [placeOf(range)] }]));
    this.place = new Map(cursor);
  }

  /** Puts events until a resync, until the store cannot be reached (BackendError) or until the signal fires. */
  async follow(signal: AbortSignal): Promise<void> {
    const { client } = this.deps;
    if (this.ranges.length === 0) await aborted(signal);
    for (;;) {
      const { stream, header } = await client.watch(signal, (open, ms) => this.open(open, ms, signal));
      try {
        if (!(await this.isLost(header, signal))) await this.listen(stream, header, signal);
        await this.resync(signal);
        return;
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof BackendError) throw cause;
        if (!(await this.mend(stream, cause as ServiceError, signal))) return;
      } finally {
        stream.close();
      }
    }
  }

  private async open(open: OpenWatch, ms: number, signal: AbortSignal): Promise<CallResult<Standing>> {
    const stream = new WatchStream(open, this.timing);
    this.begun.clear();
    const result = await stream.begin(new Map(this.ranges.map((range) => [range, this.startOf(range)])), ms, signal);
    return 'refusal' in result ? result : { answer: { stream, header: result.answer } };
  }

  /**
   * The revision at which a watch begins: the position itself, whose events are known. If the next revision is a
   * removal and the history was compacted up to it, etcd 3.4 reports neither the removal nor a loss to a watch that
   * begins after the position.
   */
  private startOf(range: Range): bigint {
    const place = this.place.get(placeOf(range)) ?? 0n;
    return place > 0n ? place : 1n;
  }

  /** Puts the events of a stream until the history is lost. */
  private async listen(stream: WatchStream, header: IResponseHeader, signal: AbortSignal): Promise<void> {
    const { buffer, health } = this.deps;
    this.place.set(term, BigInt(header.raft_term));
    // No change, but it shows that the store answers.
    buffer.put({ roots: [term] }, { index: BigInt(header.raft_term), edits: [] });
    for (;;) {
      const event = await stream.next(signal);
      if (event === 'compacted') return;
      if (event === 'caught up' || this.take(event)) health.failures = 0;
    }
  }

  /** Puts complete revisions; false when there is nothing new. */
  private take({ range, response: { events, fragment } }: RangeEvent): boolean {
    for (const event of events) this.seen = having(this.seen, event);
    const event = [...(this.begun.get(range) ?? []), ...events];
    // A part may end in the middle of a revision; the revisions before its last one are complete.
    const last = events.at(-1)!.kv.mod_revision;
    const end = fragment ? event.findIndex(({ kv }) => kv.mod_revision === last) : event.length;
    this.begun.set(range, event.slice(end));
    const place = this.place.get(placeOf(range)) ?? 0n;
    const fresh = event.slice(0, end).filter(({ kv }) => BigInt(kv.mod_revision) > place);
    if (fresh.length === 0) return false;
    const index = BigInt(fresh.at(-1)!.kv.mod_revision);
    this.place.set(placeOf(range), index);
    this.deps.buffer.put(this.streams.get(range)!, { index, edits: fresh.map(editOf) });
    return true;
  }

  /** True when this is not the history that was read. */
  private isLost(header: IResponseHeader, signal: AbortSignal): Promise<boolean> {
    const { seen } = this;
    const newest = this.ranges.map((range) => this.place.get(placeOf(range)) ?? 0n).reduce((a, b) => (a > b ? a : b));
    return isAnother(
      { cursor: this.place, newest, key: this.ranges[0]!.start, seen },
      header,
      this.deps.client,
      signal,
    );
  }

  /** True when another stream may continue at the same position; false after a resync, when no stream can. */
  private async mend(stream: WatchStream, cause: ServiceError, signal: AbortSignal): Promise<boolean> {
    const { health } = this.deps;
    if (isTooLong({ status: cause.code, details: cause.details })) {
      await this.resync(signal);
      return false;
    }
    stream.drop();
    if (health.failures >= maxFailures) {
      await this.resync(signal);
      throw new BackendError('unreachable', `${stream.node}: the watch broke several times in a row`, { cause });
    }
    health.failures += 1;
    await this.timing.clock.sleep(jitterMs(), signal);
    return true;
  }

  /** Puts a resync after a delay. */
  private async resync(signal: AbortSignal): Promise<void> {
    const { health, buffer } = this.deps;
    // Other agents of this store have lost their history, too: the delay keeps them from reading everything again and
    // again.
    const more = health.failures - maxFailures;
    await this.timing.clock.sleep(more > 0 ? backoffMs(more) : jitterMs(), signal);
    health.failures += 1;
    buffer.put({ roots: [] }, { index: 0n, edits: 'resync' });
  }
}

function having({ lastWrite, tombstone }: LastSeen, { type, kv }: IEvent): LastSeen {
  const revision = Number(kv.mod_revision);
  const seen = { key: kv.key.toString('latin1'), value: kv.value.toString('latin1'), revision };
  return type === 'Put'
    ? { lastWrite: newer(lastWrite, seen), tombstone }
    : { lastWrite, tombstone: newer(tombstone, seen) };
}

function editOf({ type, kv }: IEvent): Edit {
  const key = kv.key.toString('latin1');
  return type === 'Delete' ? { key, value: null, alone: true } : { key, value: kv.value.toString('latin1') };
}
