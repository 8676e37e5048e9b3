import type { IResponseHeader, IWatchResponse } from 'etcd3';
import type { Clock } from '../../obs/clock.ts';
import { aborted, noAnswer, within } from '../net/deadline.ts';
import type { OpenWatch, CallResult } from './grpc-node.ts';
import { toBackendError, watchErrorOf } from './grpc-error.ts';
import { bounds, type Range } from './ranges.ts';
import { checkHeader, checkWatch, strange } from './v3-answer.ts';

/** How long a stream may be silent. */
export interface StreamTiming {
  readonly clock: Clock;
  /** After so long without a response a progress report is requested; the first time after a quarter of it. */
  readonly silenceMs: number;
  /** The time limit for that report. */
  readonly answerMs: number;
}

/** Events of one range. */
export interface RangeEvent {
  readonly range: Range;
  readonly response: IWatchResponse;
}

/** One watch stream with a watch for each range. */
export class WatchStream {
  private readonly responses: AsyncIterator<IWatchResponse>;
  private pending: Promise<IteratorResult<IWatchResponse>> | null = null;
  /** Ranges whose watch is requested, in the order in which the server answers. */
  private waiting: Range[] = [];
  private readonly ranges = new Map<string, Range>();
  /**
   * True when a progress report has arrived. Before that one is requested sooner, to notice early when something in
   * between ends the stream.
   */
  private isProven = false;

  constructor(
    private readonly open: OpenWatch,
    private readonly timing: StreamTiming,
  ) {
    this.responses = open.call[Symbol.asyncIterator]() as AsyncIterator<IWatchResponse>;
  }

  get node(): string {
    return this.open.node;
  }

  /**
   * Requests the events of ranges, each from its revision on; returns the header of the first answer, which must arrive
   * within ms.
   */
  async begin(from: ReadonlyMap<Range, bigint>, ms: number, signal: AbortSignal): Promise<CallResult<IResponseHeader>> {
    this.waiting = [...from.keys()];
    for (const [range, revision] of from) {
      this.open.call.write({
        create_request: { ...bounds(range), start_revision: String(revision), fragment: true },
      });
    }
    const response = await this.response(ms, signal);
    if (isRefused(response)) return { refusal: watchErrorOf(response.cancel_reason) };
    checkHeader(this.node, response);
    // The next caller gets this response again.
    this.pending = Promise.resolve({ done: false, value: response });
    return { answer: response.header };
  }

  /** The next events of a range; 'caught up'; or 'compacted' when the requested revision is no longer there. */
  async next(signal: AbortSignal): Promise<RangeEvent | 'caught up' | 'compacted'> {
    for (;;) {
      const response = await this.word(signal);
      if (isRefused(response)) throw toBackendError(this.node, watchErrorOf(response.cancel_reason));
      if (isCompacted(response)) return 'compacted';
      if (response.canceled) throw new Error('the server ended the watch');
      if (response.created) this.stands(response);
      else if (response.events.length === 0) return 'caught up';
      if (response.events.length > 0) return { range: this.rangeOf(response), response };
    }
  }

  private stands({ watch_id }: IWatchResponse): void {
    const range = this.waiting.shift();
    if (range === undefined) throw strange(this.node);
    this.ranges.set(watch_id, range);
  }

  private rangeOf({ watch_id }: IWatchResponse): Range {
    const range = this.ranges.get(watch_id);
    if (range === undefined) throw new Error('the server sent an event for a watch that does not exist');
    return range;
  }

  /** Ends the watches; other calls on the connection continue. */
  close(): void {
    this.open.call.cancel();
  }

  /** Also closes the connection, which may be dead. */
  drop(): void {
    this.close();
    this.open.drop();
  }

  /** The next response; when none arrives, a progress report is requested. */
  private async word(signal: AbortSignal): Promise<IWatchResponse> {
    const { silenceMs, answerMs } = this.timing;
    const silence = new Error('silence');
    try {
      return await this.response(this.isProven ? silenceMs : silenceMs / 4, signal, silence);
    } catch (error) {
      if (error !== silence) throw error;
    }
    this.open.call.write({ progress_request: {} });
    const answer = await this.response(answerMs, signal);
    this.isProven = true;
    return answer;
  }

  private async response(ms: number, signal: AbortSignal, late: Error = noAnswer(ms)): Promise<IWatchResponse> {
    const pending = (this.pending ??= this.responses.next());
    // If nobody waits for it any more, its failure does not matter.
    pending.catch(() => undefined);
    const { clock } = this.timing;
    const result = await within({ ms, clock, late }, signal, (inner) => Promise.race([pending, aborted(inner)]));
    this.pending = null;
    if (result.done === true) throw new Error('the server ended the watch');
    checkWatch(this.node, result.value);
    return result.value;
  }
}

function isRefused(response: IWatchResponse): boolean {
  return response.created && response.canceled && !isCompacted(response);
}

function isCompacted({ canceled, compact_revision }: IWatchResponse): boolean {
  return canceled && compact_revision !== '0';
}
