import type { Event } from './event.ts';

/** Someone who waits for events on a path. */
export interface Watcher {
  readonly path: string;
  readonly recursive: boolean;
  /** A stream hears every event; anyone else hears one and is forgotten. */
  readonly stream: boolean;
  /** Events before this index are skipped. */
  readonly since: number;
  /** Called in the middle of the change: it must neither throw nor change the store. */
  hear(event: Event): void;
  /** Called when no event will come any more. */
  end(): void;
}

/** Who waits for what. An event costs one look-up per element of its key, however many wait elsewhere. */
export class WatcherHub {
  private readonly byPath = new Map<string, Set<Watcher>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(watcher: Watcher): void {
    const same = this.byPath.get(watcher.path);
    if (same === undefined) this.byPath.set(watcher.path, new Set([watcher]));
    else same.add(watcher);
    this.count++;
  }

  /** Forgets a watcher; twice is fine. */
  remove(watcher: Watcher): void {
    const same = this.byPath.get(watcher.path);
    if (!same?.delete(watcher)) return;
    this.count--;
    if (same.size === 0) this.byPath.delete(watcher.path);
  }

  /** Forgets everyone, and tells them so. */
  endAll(): void {
    const all = [...this.byPath.values()].flatMap((same) => [...same]);
    this.byPath.clear();
    this.count = 0;
    for (const watcher of all) watcher.end();
  }

  /** Tells those at the event's key, and the recursive ones above who may see it. */
  notify(event: Event): void {
    if (this.count === 0) return;
    const key = event.node.key;
    this.tell(event, key, true);
    if (key === '/') return;
    for (let end = key.lastIndexOf('/'); end >= 0; end = key.lastIndexOf('/', end - 1)) {
      // From here up everyone looks through a hidden name.
      if (key[end + 1] === '_') return;
      this.tell(event, end === 0 ? '/' : key.slice(0, end), false);
      if (end === 0) return;
    }
  }

  /** Tells those at the key of a node that vanished with the directory above it. */
  notifyRemoved(event: Event, key: string): void {
    this.tell(event, key, true);
  }

  private tell(event: Event, path: string, exact: boolean): void {
    const watchers = this.byPath.get(path);
    if (watchers === undefined) return;
    for (const watcher of watchers) {
      if (!(exact || watcher.recursive) || event.node.modified < watcher.since) continue;
      if (!watcher.stream) this.remove(watcher);
      watcher.hear(event);
    }
  }
}
