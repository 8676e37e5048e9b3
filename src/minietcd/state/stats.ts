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

/** Counts the requests to the store for /v2/stats/store. */
export class StoreStats {
  private readonly good = new Map<Counted, number>();
  private readonly bad = new Map<Counted, number>();
  expired = 0;

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

  /** How many requests of each kind succeeded. */
  done(): readonly (readonly [name: string, count: number])[] {
    return counted.map((name) => [name, this.good.get(name) ?? 0]);
  }

  /** Every counter by name, for restore. */
  save(): readonly (readonly [string, number])[] {
    const named = (prefix: string, counts: ReadonlyMap<Counted, number>) =>
      [...counts].map(([name, n]) => [prefix + name, n] as const);
    return [...named('good ', this.good), ...named('bad ', this.bad), ['expired', this.expired]];
  }

  /** Restores saved counters; unknown names are ignored. */
  restore(saved: readonly (readonly [string, number])[]): void {
    for (const [name, n] of saved) {
      if (name === 'expired') this.expired = n;
      for (const one of counted) {
        if (name === `good ${one}`) this.good.set(one, n);
        if (name === `bad ${one}`) this.bad.set(one, n);
      }
    }
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
