import type { ServiceError } from '@grpc/grpc-js';
import type { IEvent, IResponseHeader } from 'etcd3';
import { BackendError, type Cursor, type Edit } from '../contract/backend.ts';
import type { EtcdSettings } from './v2.ts';
import type { GrpcClient } from './grpc.ts';
import type { OpenWatch, CallResult } from './grpc-node.ts';
import { isTooLong } from './grpc-error.ts';
import { isAnother } from './history.ts';
import type { ChangeBuffer, Feed } from '../contract/change-buffer.ts';
import type { Range } from './ranges.ts';
import { backoffMs, jitterMs } from '../contract/backoff.ts';
import { aborted } from '../net/deadline.ts';
import { placeOf, term } from './v3-cursor.ts';
import { newer, type LastSeen } from './last-write.ts';
import { type RangeEvent, type StreamTiming, WatchStream } from './watch-stream.ts';

/** How the streams of a store have fared, from one watch to the next. */
export interface StreamHealth {
  /** Streams in a row that have told nothing new. */
  failures: number;
}

/** What a watch works with. */
export interface RangeWatchDeps {
  readonly client: GrpcClient;
  readonly settings: EtcdSettings;
  readonly health: StreamHealth;
  /** Where it puts what it hears. */
  readonly buffer: ChangeBuffer;
}

interface Standing {
  readonly stream: WatchStream;
  readonly header: IResponseHeader;
}

/** So many streams in a row may break without having told anything new; then what they cannot tell has to be read. */
const maxFailures = 3;
/** A thousand agents ask 50 times a second; a dead connection is noticed sooner, by its pings. */
const defaultSilenceMs = 20_000;

/**
 * A watch on ranges that goes on from event to event, over as many streams as it takes. Each range has a place of its
 * own in the history, as streams tell the ranges' events in no common order.
 */
export class RangeWatch {
  private readonly feeds: ReadonlyMap<Range, Feed>;
  private readonly timing: StreamTiming;
  private readonly place: Map<string, bigint>;
  /** Events of revisions that have come in part. */
  private readonly begun = new Map<Range, readonly IEvent[]>();

  constructor(
    private readonly ranges: readonly Range[],
    cursor: Cursor,
    /** What was seen up to there. */
    public seen: LastSeen,
    private readonly deps: RangeWatchDeps,
  ) {
    const { clock, limits, silenceMs = defaultSilenceMs } = deps.settings;
    this.timing = { clock, silenceMs, answerMs: limits.headersMs };
    this.feeds = new Map(ranges.map((range) => [range, { roots: [placeOf(range)] }]));
    this.place = new Map(cursor);
  }

  /** Tells what it hears, until it is a resync, the store is out of reach (BackendError) or the signal fires. */
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
    const said = await stream.begin(new Map(this.ranges.map((range) => [range, this.startOf(range)])), ms, signal);
    return 'refusal' in said ? said : { answer: { stream, header: said.answer } };
  }

  /**
   * Where a watch begins: at the place itself, whose events are known. When the revision after it is a removal up to which
   * the history was compacted meanwhile, etcd 3.4, asked from there on, neither tells of the removal nor reports a loss.
   */
  private startOf(range: Range): bigint {
    const place = this.place.get(placeOf(range)) ?? 0n;
    return place > 0n ? place : 1n;
  }

  /** Passes on what a stream tells, until it tells that the history is lost. */
  private async listen(stream: WatchStream, header: IResponseHeader, signal: AbortSignal): Promise<void> {
    const { buffer, health } = this.deps;
    this.place.set(term, BigInt(header.raft_term));
    // Nothing has changed by that, but those who wait learn that the store is there.
    buffer.put({ roots: [term] }, { index: BigInt(header.raft_term), edits: [] });
    for (;;) {
      const event = await stream.next(signal);
      if (event === 'compacted') return;
      if (event === 'caught up' || this.take(event)) health.failures = 0;
    }
  }

  /** Passes on what is complete; false when there is nothing new in it. */
  private take({ range, response: { events, fragment } }: RangeEvent): boolean {
    for (const event of events) this.seen = having(this.seen, event);
    const event = [...(this.begun.get(range) ?? []), ...events];
    // A part may end in the middle of a revision; those before its last one are complete.
    const last = events.at(-1)!.kv.mod_revision;
    const end = fragment ? event.findIndex(({ kv }) => kv.mod_revision === last) : event.length;
    this.begun.set(range, event.slice(end));
    const place = this.place.get(placeOf(range)) ?? 0n;
    const fresh = event.slice(0, end).filter(({ kv }) => BigInt(kv.mod_revision) > place);
    if (fresh.length === 0) return false;
    const index = BigInt(fresh.at(-1)!.kv.mod_revision);
    this.place.set(placeOf(range), index);
    this.deps.buffer.put(this.feeds.get(range)!, { index, edits: fresh.map(editOf) });
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

  /** True when another stream may go on at the same place; false when no stream will do, and there is a resync. */
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

  /** Says that everything has to be read, in a while. */
  private async resync(signal: AbortSignal): Promise<void> {
    const { health, buffer } = this.deps;
    // The others who follow this store lost its history, too, and will read everything: none of them over and over.
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
