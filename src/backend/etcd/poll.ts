import type { Clock } from '../../obs/clock.ts';
import { BackendError, type Cursor } from '../backend.ts';
import { within } from '../deadline.ts';
import { indexOf, keysPath, parseAnswer } from './v2answer.ts';
import { refusalOf } from './v2refusal.ts';
import { type Heard, hear } from './event.ts';
import type { Answer, HttpClient } from '../http.ts';
import { momentMs } from '../retry.ts';
import type { Poll } from './roots.ts';

/** What a poll works with. */
export interface PollParts {
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
const mostBreaks = 3;

/** What a poll heard. */
interface News extends Heard {
  /** True when the history is not there any more. */
  readonly isLost?: boolean;
}

/** A long poll on one path that goes on from event to event. */
export class LongPoll {
  private next: bigint;
  private cursor: Cursor;
  private cluster: string;
  private breaks = 0;
  private stands = false;
  /** The poll under way, once it stands: since when, and where the store's counter was. */
  private standing: { readonly answer: Answer; readonly began: bigint; readonly since: number } | null = null;
  /** Up to here a poll that stood in silence had nothing to tell. */
  private quiet = -1n;

  constructor(
    private readonly poll: Poll,
    private readonly parts: PollParts,
  ) {
    this.cursor = parts.cursor;
    this.cluster = parts.cluster;
    this.next = poll.roots.map((root) => parts.cursor.get(root) ?? 0n).reduce((a, b) => (a < b ? a : b)) + 1n;
  }

  /** Tells what it hears, until the store is out of reach (BackendError) or the signal fires. */
  async follow(put: (heard: Heard) => void, signal: AbortSignal): Promise<never> {
    const { silenceMs, clock } = this.parts;
    for (;;) {
      const silence = new Error('silence');
      try {
        const heard = await within({ ms: silenceMs, clock, late: silence }, signal, (inner) => this.turn(put, inner));
        if (heard === undefined) continue;
        this.next = heard.index + 1n;
        if (heard.edits === 'look again') this.forget(heard.index);
        // The others who follow this store lost it, too, and will read everything.
        if (heard.isLost === true) await clock.sleep(momentMs(), signal);
        put(heard);
      } catch (error) {
        signal.throwIfAborted();
        if (error !== silence && (error as Error).cause !== silence) throw error;
        this.trustSilence();
      }
    }
  }

  /** An event that was there already would have come right behind the headers: there was none. */
  private trustSilence(): void {
    const { standing, parts } = this;
    if (standing === null || standing.answer.hasBegun()) return;
    if (parts.clock.now() - standing.since >= parts.silenceMs / 2) this.quiet = standing.began;
  }

  /** What was known of the time before index is of no use any more. */
  private forget(index: bigint): void {
    this.cursor = new Map(this.poll.roots.map((root) => [root, index]));
    this.quiet = -1n;
  }

  /** One poll: what it heard, or undefined when it ended without an event. The first that stands is a sign of life. */
  private async turn(put: (heard: Heard) => void, signal: AbortSignal): Promise<News | undefined> {
    const { http, clock, isDoubtful } = this.parts;
    const path = `${keysPath(this.poll.path)}?wait=true&recursive=true&waitIndex=${this.next}`;
    this.standing = null;
    const answer = await http.open(path, signal);
    if (answer.status !== 200) return this.refused(answer, signal);
    const began = indexOf(answer);
    if (await this.lost(answer, began, signal)) return { index: began, edits: 'look again', isLost: true };
    if (!this.stands) put({ index: this.next - 1n, edits: isDoubtful ? 'look again' : [] });
    this.stands = true;
    this.standing = { answer, began, since: clock.now() };
    const body = await this.body(answer, signal);
    if (body.trim() === '') {
      // Cut short by the server or on the way: nothing happened.
      await clock.sleep(momentMs(), signal);
      return undefined;
    }
    const heard = hear(parseAnswer(body, answer), this.poll, this.cursor, this.parts.others);
    if (heard === undefined) throw new BackendError('protocol', `${answer.node}: the answer tells of no change`);
    return heard;
  }

  private async body(answer: Answer, signal: AbortSignal): Promise<string> {
    try {
      const body = await answer.body();
      this.breaks = 0;
      return body;
    } catch (cause) {
      signal.throwIfAborted();
      this.breaks += 1;
      if (this.breaks <= mostBreaks) return '';
      throw new BackendError('unreachable', `${answer.node}: the connection broke again and again`, { cause });
    }
  }

  /** The history before our place is gone, or the store cannot answer. */
  private async refused(answer: Answer, signal: AbortSignal): Promise<News> {
    const refusal = await refusalOf(answer, this.parts.http, signal);
    if (refusal.code !== 401 && refusal.code !== 400) throw refusal.error;
    // Others filled the history while nothing happened here: that is no reason to read everything.
    if (refusal.code === 401 && this.quiet >= this.next) return { index: this.quiet, edits: [] };
    return { index: refusal.index, edits: 'look again', isLost: true };
  }

  /** True when the store is not the one that was read, or its counter is behind our place: wiped or restored. */
  private async lost(answer: Answer, began: bigint, signal: AbortSignal): Promise<boolean> {
    const known = this.cluster;
    this.cluster = answer.headers.get('x-etcd-cluster-id') ?? known;
    if (known !== '' && this.cluster !== known) return true;
    if (began >= this.next - 1n) return false;
    // A member that lags behind the others is behind, too; a quorum read tells the two apart.
    const agreed = await this.parts.http.get(`${keysPath(this.poll.path)}?quorum=true`, signal);
    return indexOf(agreed) < this.next - 1n;
  }
}
