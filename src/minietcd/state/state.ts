import { apply } from './apply.ts';
import type { Request } from './request.ts';
import { StoreStats } from './stats.ts';
import type { Event } from './event.ts';
import { Store } from './store.ts';

/** etcd's own bookkeeping comes before the first request. */
export const firstRequestIndex = 5;

const firstTerm = 2;

/** All that the log rebuilds: the same records, carried out in the same order, make the same state. */
export class State {
  /** How many records there were: what X-Raft-Index shows. */
  requestIndex = firstRequestIndex - 1;
  /** Grows with every start on the same data: what X-Raft-Term shows. */
  term = firstTerm;

  constructor(
    readonly store = new Store(),
    readonly stats = new StoreStats(),
  ) {}

  /** Carries out a request; its events. Throws EtcdError, then the tree is as before. */
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

  /** A server started on this data. */
  countStart(): void {
    this.requestIndex++;
    this.term++;
  }
}
