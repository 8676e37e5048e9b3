import type { Event } from './event.ts';

/** A watcher of a path. */
export interface Watcher {
  readonly path: string;
  readonly recursive: boolean;
  /** A stream gets every event; another watcher gets one and is removed. */
  readonly stream: boolean;
  /** Events before this index are skipped. */
  readonly since: number;
  /** Called during the change: it must neither throw nor change the store. */
  onEvent(event: Event): void;
  /** Called when no more events will come. */
  end(): void;
}

/**
 * The watchers by path. An event costs one lookup for each element of its key, however many watchers other keys have.
 */
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

  /** Removes a watcher; may be called twice. */
  remove(watcher: Watcher): void {
    const same = this.byPath.get(watcher.path);
    if (!same?.delete(watcher)) return;
    this.count--;
    if (same.size === 0) this.byPath.delete(watcher.path);
  }

  /** Removes all watchers and calls their end. */
  endAll(): void {
    const all = [...this.byPath.values()].flatMap((same) => [...same]);
    this.byPath.clear();
    this.count = 0;
    for (const watcher of all) watcher.end();
  }

  /** Notifies the watchers of the event's key, and recursive watchers above that may see it. */
  notify(event: Event): void {
    if (this.count === 0) return;
    const key = event.node.key;
    this.notifyAt(event, key, true);
    if (key === '/') return;
    for (let end = key.lastIndexOf('/'); end >= 0; end = key.lastIndexOf('/', end - 1)) {
      // From here up, a hidden name is between the watcher and the key.
      if (key[end + 1] === '_') return;
      this.notifyAt(event, end === 0 ? '/' : key.slice(0, end), false);
      if (end === 0) return;
    }
  }

  /** Notifies the watchers of a node that was removed together with a directory above it. */
  notifyRemoved(event: Event, key: string): void {
    this.notifyAt(event, key, true);
  }

  private notifyAt(event: Event, path: string, exact: boolean): void {
    const watchers = this.byPath.get(path);
    if (watchers === undefined) return;
    for (const watcher of watchers) {
      if (!(exact || watcher.recursive) || event.node.modified < watcher.since) continue;
      if (!watcher.stream) this.remove(watcher);
      watcher.onEvent(event);
    }
  }
}
