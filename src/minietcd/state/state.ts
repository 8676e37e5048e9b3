import { apply } from './apply.ts';
import type { Request } from './request.ts';
import { StoreStats } from './stats.ts';
import type { Event } from './event.ts';
import { Store } from './store.ts';

/** The requests before belong to etcd's own bookkeeping. */
export const firstRequestIndex = 5;

const firstTerm = 2;

/** Everything that the log restores: the same records in the same order make the same state. */
export class State {
  /** How many records there were: the value of X-Raft-Index. */
  requestIndex = firstRequestIndex - 1;
  /** Grows with every start on the same data: the value of X-Raft-Term. */
  term = firstTerm;

  constructor(
    readonly store = new Store(),
    readonly stats = new StoreStats(),
  ) {}

  /** Applies a request; returns its events. Throws EtcdError, and the tree is unchanged. */
  carryOut(request: Request): readonly Event[] {
    this.requestIndex++;
    try {
      const events = apply(this.store, request);
      if (request.action === 'sync') this.stats.countExpired(events.length);
      else this.stats.countChange(request.action, true);
      return events;
    } catch (error) {
      if (request.action !== 'sync') this.stats.countChange(request.action, false);
      throw error;
    }
  }

  /** Counts a start of a server on this data. */
  countStart(): void {
    this.requestIndex++;
    this.term++;
  }
}
