import type { IResponseHeader, IWatchResponse } from 'etcd3';
import type { Clock } from '../../obs/clock.ts';
import { aborted, noAnswer, within } from '../deadline.ts';
import type { OpenWatch, Said } from './grpcnode.ts';
import { refusalOfWatch } from './grpcrefusal.ts';
import { bounds, type Range } from './ranges.ts';

/** How long a stream may be silent. */
export interface StreamTiming {
  readonly clock: Clock;
  /** After so long without a word the server is asked for one. */
  readonly silenceMs: number;
  /** So long it has to answer. */
  readonly answerMs: number;
}

/** What a stream tells of one range. */
export interface RangeNews {
  readonly range: Range;
  readonly response: IWatchResponse;
}

/** One watch stream that carries a watch for each of some ranges. */
export class WatchStream {
  /** True once it has told something beyond that it stands. */
  isProven = false;
  private readonly responses: AsyncIterator<IWatchResponse>;
  private pending: Promise<IteratorResult<IWatchResponse>> | null = null;
  private readonly ranges = new Map<string, Range>();
  private readonly early: IWatchResponse[] = [];

  constructor(
    private readonly open: OpenWatch,
    private readonly timing: StreamTiming,
  ) {
    this.responses = open.call[Symbol.asyncIterator]() as AsyncIterator<IWatchResponse>;
  }

  get node(): string {
    return this.open.node;
  }

  /** Asks for all that happens in ranges after a revision each; the header of the last answer once all stand. */
  async begin(from: ReadonlyMap<Range, bigint>, ms: number, signal: AbortSignal): Promise<Said<IResponseHeader>> {
    const waiting = [...from.keys()];
    for (const [range, revision] of from) {
      const start_revision = String(revision + 1n);
      this.open.call.write({ create_request: { ...bounds(range), start_revision, fragment: true } });
    }
    for (;;) {
      const response = await this.response(ms, signal);
      if (!response.created || isCompacted(response)) this.early.push(response);
      if (!response.created) continue;
      if (response.canceled && !isCompacted(response)) return { refusal: refusalOfWatch(response.cancel_reason) };
      this.ranges.set(response.watch_id, waiting.shift()!);
      if (waiting.length === 0) return { answer: response.header };
    }
  }

  /** The next events of a range, or 'compacted' when those that were asked for are no longer there. */
  async next(signal: AbortSignal): Promise<RangeNews | 'compacted'> {
    for (;;) {
      const response = this.early.shift() ?? (await this.word(signal));
      this.isProven = true;
      if (isCompacted(response)) return 'compacted';
      if (response.canceled) throw new Error('the server ended the watch');
      const range = this.ranges.get(response.watch_id);
      if (range !== undefined && response.events.length > 0) return { range, response };
    }
  }

  /** Ends the watches; nothing else that uses the connection is touched. */
  close(): void {
    this.open.call.cancel();
  }

  /** Ends the connection, too: it is not to be trusted any more. */
  drop(): void {
    this.close();
    this.open.drop();
  }

  /** The next response; when none comes by itself the server is asked for a sign of life. */
  private async word(signal: AbortSignal): Promise<IWatchResponse> {
    const { silenceMs, answerMs } = this.timing;
    const silence = new Error('silence');
    try {
      return await this.response(silenceMs, signal, silence);
    } catch (error) {
      if (error !== silence) throw error;
    }
    this.open.call.write({ progress_request: {} });
    return this.response(answerMs, signal);
  }

  private async response(ms: number, signal: AbortSignal, late = noAnswer(ms)): Promise<IWatchResponse> {
    const pending = (this.pending ??= this.responses.next());
    // When nobody waits for it any more, its failure is no news.
    pending.catch(() => undefined);
    const { clock } = this.timing;
    const result = await within({ ms, clock, late }, signal, (inner) => Promise.race([pending, aborted(inner)]));
    this.pending = null;
    if (result.done === true) throw new Error('the server ended the watch');
    return result.value;
  }
}

function isCompacted({ canceled, compact_revision }: IWatchResponse): boolean {
  return canceled && compact_revision !== '0';
}
