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

/** What a poll works with. */
export interface LongPollDeps {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** A poll that heard nothing for so long is asked anew, to notice a connection that died in silence. */
  readonly silenceMs: number;
  readonly cursor: Cursor;
  readonly others: readonly string[];
  /** The id of the cluster that was read, or '' when unknown. */
  readonly cluster: string;
  /** The store was out of reach since the cursor: it may have been set back, and have come further again since. */
  readonly isDoubtful: boolean;
}

/** Connections in a row that may break after the headers before the store counts as out of reach. */
const maxBreaks = 3;

/** What a poll heard. */
interface PollEvent extends DecodedEvent {
  /** True when the history is not there any more. */
  readonly isLost?: boolean;
}

/** A long poll on one path that goes on from event to event. */
export class LongPoll {
  private next: bigint;
  private cluster: string;
  private breaks = 0;
  private stands = false;
  /** The poll under way, once it stands: since when, and where the store's counter was. */
  private standing: { readonly answer: HttpAnswer; readonly began: bigint; readonly since: number } | null = null;
  /** Up to here a poll that stood in silence had nothing to tell. */
  private quiet = -1n;

  constructor(
    private readonly poll: Poll,
    private readonly deps: LongPollDeps,
  ) {
    this.cluster = deps.cluster;
    this.next = poll.roots.map((root) => deps.cursor.get(root) ?? 0n).reduce((a, b) => (a < b ? a : b)) + 1n;
  }

  /** Tells what it hears, until it is a resync, the store is out of reach (BackendError) or the signal fires. */
  async follow(put: (event: DecodedEvent) => void, signal: AbortSignal): Promise<void> {
    const { silenceMs, clock } = this.deps;
    for (;;) {
      const silence = new Error('silence');
      try {
        const event = await within({ ms: silenceMs, clock, late: silence }, signal, (inner) => this.round(put, inner));
        if (event === undefined) continue;
        this.next = event.index + 1n;
        // The others who follow this store lost it, too, and will read everything.
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

  /** An event that was there already would have come right behind the headers: there was none. */
  private trustSilence(): void {
    const { standing, deps } = this;
    if (standing === null || standing.answer.hasBegun()) return;
    if (deps.clock.now() - standing.since >= deps.silenceMs / 2) this.quiet = standing.began;
  }

  /** One poll: what it heard, or undefined when it ended without an event. The first that stands is a sign of life. */
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
      // Cut short by the server or on the way: nothing happened.
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

  /** The history before our place is gone, or the store cannot answer. */
  private async refused(answer: HttpAnswer, signal: AbortSignal): Promise<PollEvent> {
    const refusal = await v2ErrorOf(answer, this.deps.http, signal);
    if (refusal.code !== 401 && refusal.code !== 400) throw refusal.error;
    // Others filled the history while nothing happened here: that is no reason to read everything.
    if (refusal.code === 401 && this.quiet >= this.next) return { index: this.quiet, edits: [] };
    return { index: refusal.index, edits: 'resync', isLost: true };
  }

  /** True when the store is not the one that was read, or its counter is behind our place: wiped or restored. */
  private async lost(answer: HttpAnswer, began: bigint, signal: AbortSignal): Promise<boolean> {
    const known = this.cluster;
    this.cluster = answer.headers.get('x-etcd-cluster-id') ?? known;
    if (known !== '' && this.cluster !== known) return true;
    if (began >= this.next - 1n) return false;
    // A member that lags behind the others is behind, too; a quorum read tells the two apart.
    const agreed = await this.deps.http.get(`${keysPath(this.poll.path)}?quorum=true`, signal);
    return indexOf(agreed) < this.next - 1n;
  }
}
