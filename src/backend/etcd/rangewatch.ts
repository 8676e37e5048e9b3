import type { ServiceError } from '@grpc/grpc-js';
import type { IEvent, IResponseHeader } from 'etcd3';
import { BackendError, type Cursor, type Edit } from '../backend.ts';
import type { EtcdSettings } from './v2.ts';
import type { GrpcClient } from './grpc.ts';
import type { OpenWatch, Said } from './grpcnode.ts';
import { isTooLong } from './grpcrefusal.ts';
import { agreed, isAnother } from './history.ts';
import type { Inbox, Listener } from '../inbox.ts';
import type { Range } from './ranges.ts';
import { backoffMs, momentMs } from '../retry.ts';
import { cursorAt, placeOf, term } from './v3cursor.ts';
import { newer, type Seen, unseen } from './witness.ts';
import { type RangeNews, type StreamTiming, WatchStream } from './watchstream.ts';

/** How the streams of a store have fared, from one watch to the next. */
export interface Fortune {
  /** Streams in a row that have told nothing new. */
  barren: number;
}

/** What a watch works with. */
export interface WatchParts {
  readonly client: GrpcClient;
  readonly settings: EtcdSettings;
  readonly fortune: Fortune;
  /** Where it puts what it hears. */
  readonly inbox: Inbox;
}

interface Standing {
  readonly stream: WatchStream;
  readonly header: IResponseHeader;
}

/** So many streams in a row may break without having told anything new; then what they cannot tell has to be read. */
const mostBarren = 3;
/** A thousand agents ask 50 times a second; a dead connection is noticed sooner, by its pings. */
const usualSilenceMs = 20_000;

/**
 * A watch on ranges that goes on from event to event, over as many streams as it takes. Each range has a place of its
 * own in the history, as streams tell the ranges' events in no common order.
 */
export class RangeWatch {
  private readonly listeners: ReadonlyMap<Range, Listener>;
  private readonly timing: StreamTiming;
  private place: Map<string, bigint>;
  /** Events of revisions that have come in part. */
  private readonly begun = new Map<Range, readonly IEvent[]>();

  constructor(
    private readonly ranges: readonly Range[],
    cursor: Cursor,
    /** What was seen up to there. */
    public seen: Seen,
    private readonly parts: WatchParts,
  ) {
    const { clock, limits, silenceMs = usualSilenceMs } = parts.settings;
    this.timing = { clock, silenceMs, answerMs: limits.headersMs };
    this.listeners = new Map(ranges.map((range) => [range, { roots: [placeOf(range)] }]));
    this.place = new Map(cursor);
  }

  /** Tells what it hears, until the store is out of reach (BackendError) or the signal fires. */
  async follow(signal: AbortSignal): Promise<void> {
    const { client } = this.parts;
    while (this.ranges.length > 0) {
      const { stream, header } = await client.watch(signal, (open, ms) => this.open(open, ms, signal));
      try {
        if (!(await this.isLost(header, signal))) await this.listen(stream, header, signal);
        await this.lookAgain(signal);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof BackendError) throw cause;
        await this.mend(stream, cause as ServiceError, signal);
      } finally {
        stream.close();
      }
    }
  }

  private async open(open: OpenWatch, ms: number, signal: AbortSignal): Promise<Said<Standing>> {
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
    const { inbox, fortune } = this.parts;
    this.place.set(term, BigInt(header.raft_term));
    // Nothing has changed by that, but those who wait learn that the store is there.
    inbox.put({ roots: [term] }, { index: BigInt(header.raft_term), edits: [] });
    for (;;) {
      const news = await stream.next(signal);
      if (news === 'compacted') return;
      if (news === 'caught up' || this.take(news)) fortune.barren = 0;
    }
  }

  /** Passes on what is complete; false when there is nothing new in it. */
  private take({ range, response: { events, fragment } }: RangeNews): boolean {
    for (const event of events) this.seen = having(this.seen, event);
    const heard = [...(this.begun.get(range) ?? []), ...events];
    // A part may end in the middle of a revision; those before its last one are complete.
    const last = events.at(-1)!.kv.mod_revision;
    const end = fragment ? heard.findIndex(({ kv }) => kv.mod_revision === last) : heard.length;
    this.begun.set(range, heard.slice(end));
    const place = this.place.get(placeOf(range)) ?? 0n;
    const fresh = heard.slice(0, end).filter(({ kv }) => BigInt(kv.mod_revision) > place);
    if (fresh.length === 0) return false;
    const index = BigInt(fresh.at(-1)!.kv.mod_revision);
    this.place.set(placeOf(range), index);
    this.parts.inbox.put(this.listeners.get(range)!, { index, edits: fresh.map(editOf) });
    return true;
  }

  /** True when this is not the history that was read. */
  private isLost(header: IResponseHeader, signal: AbortSignal): Promise<boolean> {
    const { seen } = this;
    const newest = this.ranges.map((range) => this.place.get(placeOf(range)) ?? 0n).reduce((a, b) => (a > b ? a : b));
    return isAnother(
      { cursor: this.place, newest, key: this.ranges[0]!.start, seen },
      header,
      this.parts.client,
      signal,
    );
  }

  /** Goes on after a stream broke: at the same place, or past it where a stream will not do. */
  private async mend(stream: WatchStream, cause: ServiceError, signal: AbortSignal): Promise<void> {
    const { fortune } = this.parts;
    if (isTooLong({ status: cause.code, details: cause.details })) {
      await this.lookAgain(signal);
      return;
    }
    stream.drop();
    if (fortune.barren >= mostBarren) {
      await this.lookAgain(signal);
      throw new BackendError('unreachable', `${stream.node}: the watch broke again and again`, { cause });
    }
    fortune.barren += 1;
    await this.timing.clock.sleep(momentMs(), signal);
  }

  /** Goes on from where the store is now, and says that what lies before is unknown. */
  private async lookAgain(signal: AbortSignal): Promise<void> {
    const { client, fortune, inbox } = this.parts;
    // The others who follow this store lost its history, too, and will read everything: none of them over and over.
    const more = fortune.barren - mostBarren;
    await this.timing.clock.sleep(more > 0 ? backoffMs(more) : momentMs(), signal);
    const { header } = await agreed(client, [this.ranges[0]!.start], signal);
    fortune.barren += 1;
    this.seen = unseen;
    this.place = cursorAt(this.ranges, header);
    for (const [root, index] of this.place) inbox.put({ roots: [root] }, { index, edits: 'look again' });
  }
}

function having({ witness, grave }: Seen, { type, kv }: IEvent): Seen {
  const revision = Number(kv.mod_revision);
  const seen = { key: kv.key.toString('latin1'), value: kv.value.toString('latin1'), revision };
  return type === 'Put' ? { witness: newer(witness, seen), grave } : { witness, grave: newer(grave, seen) };
}

function editOf({ type, kv }: IEvent): Edit {
  const key = kv.key.toString('latin1');
  return type === 'Delete' ? { key, value: null, alone: true } : { key, value: kv.value.toString('latin1') };
}
