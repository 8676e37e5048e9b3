import type { IEvent, IKeyValue, IResponseHeader } from 'etcd3';
import { BackendError, type Cursor, type Edit } from '../backend.ts';
import type { EtcdSettings } from './v2.ts';
import { answered, type GrpcClient } from './grpc.ts';
import type { OpenWatch, Said } from './grpcnode.ts';
import { outsideHistory } from './grpcrefusal.ts';
import type { Inbox, Listener } from '../inbox.ts';
import { bounds, type Range } from './ranges.ts';
import { momentMs } from '../retry.ts';
import { cluster, cursorAt, placeOf, term } from './v3cursor.ts';
import { confirms, newer, type Witness, witnessOf } from './witness.ts';
import { type RangeNews, type StreamTiming, WatchStream } from './watchstream.ts';

/** What reads and watches of one store know together. */
export interface Memory {
  witness: Witness | null;
}

/** What a watch works with. */
export interface WatchParts {
  readonly client: GrpcClient;
  readonly settings: EtcdSettings;
  readonly memory: Memory;
  /** Where it puts what it hears. */
  readonly inbox: Inbox;
}

interface Standing {
  readonly stream: WatchStream;
  readonly header: IResponseHeader;
}

/** Streams in a row that may break without having told anything before the store counts as out of reach. */
const mostBreaks = 3;
const usualSilenceMs = 5000;

/**
 * A watch on ranges that goes on from event to event, over as many streams as it takes. Each range has a place of its
 * own in the history, as streams tell the ranges' events in no common order.
 */
export class RangeWatch {
  private readonly listeners: ReadonlyMap<Range, Listener>;
  private readonly timing: StreamTiming;
  private place: Map<string, bigint>;
  /** Edits of changes that have come in part. */
  private readonly begun = new Map<Range, Edit[]>();

  constructor(
    private readonly ranges: readonly Range[],
    cursor: Cursor,
    private readonly parts: WatchParts,
  ) {
    const { clock, limits, silenceMs = usualSilenceMs } = parts.settings;
    this.timing = { clock, silenceMs, answerMs: limits.headersMs };
    this.listeners = new Map(ranges.map((range) => [range, { roots: [placeOf(range)] }]));
    this.place = new Map(cursor);
  }

  /** Tells what it hears, until the store is out of reach (BackendError) or the signal fires. */
  async follow(signal: AbortSignal): Promise<void> {
    for (let breaks = 0; this.ranges.length > 0; breaks++) {
      const { stream, header } = await this.parts.client.watch(signal, (open, ms) => this.open(open, ms, signal));
      try {
        if (await this.isLost(header, signal)) await this.lookAgain(signal);
        else await this.listen(stream, header, signal);
        breaks = -1;
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof BackendError) throw cause;
        stream.drop();
        if (stream.isProven) breaks = 0;
        const message = `${stream.node}: the watch broke again and again`;
        if (breaks === mostBreaks) throw new BackendError('unreachable', message, { cause });
        await this.timing.clock.sleep(momentMs(), signal);
      } finally {
        stream.close();
      }
    }
  }

  private async open(open: OpenWatch, ms: number, signal: AbortSignal): Promise<Said<Standing>> {
    const stream = new WatchStream(open, this.timing);
    this.begun.clear();
    const from = new Map(this.ranges.map((range) => [range, this.place.get(placeOf(range)) ?? 0n]));
    const said = await stream.begin(from, ms, signal);
    return 'refusal' in said ? said : { answer: { stream, header: said.answer } };
  }

  /** Passes on what a stream tells, until it tells that the history is lost. */
  private async listen(stream: WatchStream, header: IResponseHeader, signal: AbortSignal): Promise<void> {
    this.place.set(term, BigInt(header.raft_term));
    // Nothing has changed by that, but those who wait learn that the store is there.
    this.parts.inbox.put({ roots: [term] }, { index: BigInt(header.raft_term), edits: [] });
    for (;;) {
      const news = await stream.next(signal);
      if (news === 'compacted') return this.lookAgain(signal);
      this.take(news);
    }
  }

  private take({ range, response: { events, fragment } }: RangeNews): void {
    const place = this.place.get(placeOf(range)) ?? 0n;
    const edits = this.begun.get(range) ?? [];
    const { memory } = this.parts;
    for (const event of events) {
      if (event.type === 'Put') memory.witness = newer(memory.witness, witnessOf(event.kv));
      if (BigInt(event.kv.mod_revision) > place) edits.push(editOf(event));
    }
    if (fragment) {
      this.begun.set(range, edits);
      return;
    }
    this.begun.delete(range);
    const index = BigInt(events.at(-1)!.kv.mod_revision);
    if (index <= place) return;
    this.place.set(placeOf(range), index);
    this.parts.inbox.put(this.listeners.get(range)!, { index, edits });
  }

  /** True when this is not the history that was read: another cluster, or one that was set back. */
  private async isLost(header: IResponseHeader, signal: AbortSignal): Promise<boolean> {
    const isOther = ({ cluster_id, raft_term }: IResponseHeader) =>
      BigInt(cluster_id) !== this.place.get(cluster) || BigInt(raft_term) < (this.place.get(term) ?? 0n);
    if (isOther(header)) return true;
    const newest = this.ranges.map((range) => this.place.get(placeOf(range)) ?? 0n).reduce((a, b) => (a > b ? a : b));
    const { witness } = this.parts.memory;
    if (witness === null && BigInt(header.revision) >= newest) return false;
    // A member that lags behind the others is behind, too; what they agree on tells the two apart.
    const { header: agreed, pair } = await this.agreed(witness?.key ?? this.ranges[0]!.start, signal);
    if (isOther(agreed) || BigInt(agreed.revision) < newest) return true;
    return witness !== null && !confirms(witness, pair) && !(await this.isRemembered(witness, signal));
  }

  /** True when the store's history has the write that was seen. */
  private async isRemembered(witness: Witness, signal: AbortSignal): Promise<boolean> {
    const request_range = { ...bounds({ start: witness.key, end: null }), revision: witness.revision };
    const asked = await this.parts.client.call('txn', { success: [{ request_range }] }, signal);
    if ('refusal' in asked.said && outsideHistory(asked.said.refusal)) return false;
    return confirms(witness, answered(asked).responses[0]?.response_range.kvs[0]);
  }

  /** Goes on from where the store is now, and says that what lies before is unknown. */
  private async lookAgain(signal: AbortSignal): Promise<void> {
    // The others who follow this store lost its history, too, and will read everything.
    await this.timing.clock.sleep(momentMs(), signal);
    const { header } = await this.agreed(this.ranges[0]!.start, signal);
    this.parts.memory.witness = null;
    this.place = cursorAt(this.ranges, header);
    for (const [root, index] of this.place) this.parts.inbox.put({ roots: [root] }, { index, edits: 'look again' });
  }

  /** Where the members of the cluster agree that they are, and what they have at a key. */
  private async agreed(key: string, signal: AbortSignal): Promise<{ header: IResponseHeader; pair?: IKeyValue }> {
    const request = { success: [{ request_range: bounds({ start: key, end: null }) }] };
    const answer = answered(await this.parts.client.call('txn', request, signal));
    const pair = answer.responses[0]?.response_range.kvs[0];
    return { header: answer.header, ...(pair && { pair }) };
  }
}

function editOf({ type, kv }: IEvent): Edit {
  const key = kv.key.toString('latin1');
  return type === 'Delete' ? { key, value: null, alone: true } : { key, value: kv.value.toString('latin1') };
}
