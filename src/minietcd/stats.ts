import type { Request } from './request.ts';

type Counted = 'gets' | 'sets' | 'delete' | 'update' | 'create' | 'compareAndSwap' | 'compareAndDelete';

const counted: readonly Counted[] = [
  'gets',
  'sets',
  'delete',
  'update',
  'create',
  'compareAndSwap',
  'compareAndDelete',
];

/** Counts what the store was asked, as /v2/stats/store shows it. */
export class StoreStats {
  private readonly good = new Map<Counted, number>();
  private readonly bad = new Map<Counted, number>();
  private expired = 0;

  countGet(found: boolean): void {
    count(found ? this.good : this.bad, 'gets');
  }

  countChange(action: Exclude<Request['action'], 'sync'>, done: boolean): void {
    const name = action === 'set' ? 'sets' : action === 'createInOrder' ? 'create' : action;
    count(done ? this.good : this.bad, name);
  }

  countExpired(events: number): void {
    this.expired += events;
  }

  /** The counters in etcd's order. */
  toJson(watchers: number): string {
    const pairs = counted.map(
      (name) => `"${name}Success":${this.good.get(name) ?? 0},"${name}Fail":${this.bad.get(name) ?? 0}`,
    );
    return `{${pairs.join(',')},"expireCount":${this.expired},"watchers":${watchers}}`;
  }
}

function count(counts: Map<Counted, number>, name: Counted): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
