import type { Clock } from '../../obs/clock.ts';
import { BackendError, type Cursor } from '../contract/backend.ts';
import { within } from '../net/deadline.ts';
import { indexOf, keysPath, parseAnswer } from './v2-answer.ts';
import { v2ErrorOf } from './v2-error.ts';
import type { DecodedEvent } from '../contract/change-buffer.ts';
import { decodeEvent } from './decoded-event.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';
import { jitterMs } from '../contract/backoff.ts';
import type { Poll } from './watch-plan.ts';

/** What a poll needs. */
export interface LongPollDeps {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** A poll without an answer for this long is sent again, to notice a dead connection. */
  readonly silenceMs: number;
  readonly cursor: Cursor;
  readonly others: readonly string[];
  /** The id of the cluster that was read, or '' when it is unknown. */
  readonly cluster: string;
  /**
   * The store could not be reached since the cursor: it may have been restored to an earlier state, and have written
   * since.
   */
  readonly isDoubtful: boolean;
}

/** How many connections in a row may break after the headers before the store counts as unreachable. */
const maxBreaks = 3;

/** The event of a poll. */
interface PollEvent extends DecodedEvent {
  /** True when the history is lost. */
  readonly isLost?: boolean;
}

/** A long poll on one path, repeated from event to event. */
export class LongPoll {
  private next: bigint;
  private cluster: string;
  private breaks = 0;
  private stands = false;
  /** The current poll once its headers have arrived: since when, and the counter of the store then. */
  private standing: { readonly answer: HttpAnswer; readonly began: bigint; readonly since: number } | null = null;
  /** Up to this index there was no event for this poll. */
  private quiet = -1n;

  constructor(
    private readonly poll: Poll,
    private readonly deps: LongPollDeps,
  ) {
    this.cluster = deps.cluster;
    this.next = poll.roots.map((root) => deps.cursor.get(root) ?? 0n).reduce((a, b) => (a < b ? a : b)) + 1n;
  }

  /** Puts events until a resync, until the store cannot be reached (BackendError) or until the signal fires. */
  async follow(put: (event: DecodedEvent) => void, signal: AbortSignal): Promise<void> {
    const { silenceMs, clock } = this.deps;
    for (;;) {
      const silence = new Error('silence');
      try {
        const event = await within({ ms: silenceMs, clock, late: silence }, signal, (inner) => this.round(put, inner));
        if (event === undefined) continue;
        this.next = event.index + 1n;
        // Other agents of this store have lost their history, too, and will read everything.
        if (event.isLost === true) await clock.sleep(jitterMs(), signal);
        put(event);
        if (event.edits === 'resync') return;
      } catch (error) {
        signal.throwIfAborted();
        if (error !== silence && (error as Error).cause !== silence) throw error;
        this.trustSilence();
      }
    }
  }

  /** An event that existed already would have come directly after the headers: there was none. */
  private trustSilence(): void {
    const { standing, deps } = this;
    if (standing === null || standing.answer.hasBegun()) return;
    if (deps.clock.now() - standing.since >= deps.silenceMs / 2) this.quiet = standing.began;
  }

  /**
   * One poll: its event, or undefined when it ended without one. The first poll that is accepted shows that the store
   * answers.
   */
  private async round(put: (event: DecodedEvent) => void, signal: AbortSignal): Promise<PollEvent | undefined> {
    const { http, clock, isDoubtful } = this.deps;
    const path = `${keysPath(this.poll.path)}?wait=true&recursive=true&waitIndex=${this.next}`;
    this.standing = null;
    const answer = await http.open(path, signal);
    if (answer.status !== 200) return this.refused(answer, signal);
    const began = indexOf(answer);
    const isLost = await this.lost(answer, began, signal);
    if (isLost || isDoubtful) {
      answer.drop();
      return { index: began, edits: 'resync', isLost };
    }
    if (!this.stands) put({ index: this.next - 1n, edits: [] });
    this.stands = true;
    this.standing = { answer, began, since: clock.now() };
    const body = await this.body(answer, signal);
    if (body.trim() === '') {
      // Ended early by the server or a proxy: nothing happened.
      await clock.sleep(jitterMs(), signal);
      return undefined;
    }
    const event = decodeEvent(parseAnswer(body, answer), this.poll, this.deps.cursor, this.deps.others);
    if (event === undefined) throw new BackendError('protocol', `${answer.node}: the answer to a watch has no event`);
    return event;
  }

  private async body(answer: HttpAnswer, signal: AbortSignal): Promise<string> {
    try {
      const body = await answer.body();
      this.breaks = 0;
      return body;
    } catch (cause) {
      signal.throwIfAborted();
      this.breaks += 1;
      if (this.breaks <= maxBreaks) return '';
      throw new BackendError('unreachable', `${answer.node}: the connection broke several times in a row`, { cause });
    }
  }

  /** The history before the cursor is gone, or the store cannot answer. */
  private async refused(answer: HttpAnswer, signal: AbortSignal): Promise<PollEvent> {
    const refusal = await v2ErrorOf(answer, this.deps.http, signal);
    if (refusal.code !== 401 && refusal.code !== 400) throw refusal.error;
    // Changes elsewhere filled the history while nothing happened here: that needs no full read.
    if (refusal.code === 401 && this.quiet >= this.next) return { index: this.quiet, edits: [] };
    return { index: refusal.index, edits: 'resync', isLost: true };
  }

  /**
   * True when the store is not the one that was read, or its counter is behind the cursor: it was wiped or restored.
   */
  private async lost(answer: HttpAnswer, began: bigint, signal: AbortSignal): Promise<boolean> {
    const known = this.cluster;
    this.cluster = answer.headers.get('x-etcd-cluster-id') ?? known;
    if (known !== '' && this.cluster !== known) return true;
    if (began >= this.next - 1n) return false;
    // A member that lags behind has a lower counter, too: a quorum read tells the two cases apart.
    const agreed = await this.deps.http.get(`${keysPath(this.poll.path)}?quorum=true`, signal);
    return indexOf(agreed) < this.next - 1n;
  }
}
