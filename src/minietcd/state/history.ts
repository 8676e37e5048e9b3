import { EtcdError } from './errors.ts';
import { removesDirectory, type Event } from './event.ts';

const capacity = 1000;

/** Otherwise a thousand events with long values would fill the memory. */
const maxBytes = 256 * 1024 * 1024;

/** The newest thousand events; every index has exactly one. */
export class History {
  private readonly ring: (Event | undefined)[] = new Array<Event | undefined>(capacity);
  private bytes = 0;
  private last: number;

  /** The oldest index that is still available. */
  oldest = 1;

  constructor(index: number) {
    this.last = index;
  }

  add(event: Event): void {
    this.last = event.node.modified;
    if (this.last - this.oldest >= capacity) this.forgetOldest();
    this.ring[this.last % capacity] = event;
    this.bytes += weight(event);
    while (this.bytes > maxBytes && this.oldest < this.last) this.forgetOldest();
  }

  /** All events in the history, oldest first. */
  kept(): readonly Event[] {
    const events: Event[] = [];
    for (let index = this.oldest; index <= this.last; index++) {
      const event = this.at(index);
      if (event?.node.modified === index) events.push(event);
    }
    return events;
  }

  /** Restores a saved history, from its oldest index on. */
  restore(oldest: number, events: readonly Event[]): void {
    for (const event of events) this.add(event);
    this.oldest = oldest;
  }

  /** The event of an index that is not older than `oldest`; undefined for the few before the first change. */
  at(index: number): Event | undefined {
    return index > this.last ? undefined : this.ring[index % capacity];
  }

  /**
   * Events from an index on that a watcher of path gets, oldest first. Throws 401 when they are no longer available.
   */
  *matching(path: string, recursive: boolean, since: number): Generator<Event> {
    if (since < this.oldest) {
      const about = `the requested history has been cleared [${this.oldest}/${since}]`;
      throw new EtcdError(401, about, this.last);
    }
    for (let index = since; index <= this.last; index++) {
      const event = this.at(index);
      if (event !== undefined && !event.refresh && matches(event, path, recursive)) yield event;
    }
  }

  private forgetOldest(): void {
    const slot = this.oldest % capacity;
    const event = this.ring[slot];
    if (event !== undefined) this.bytes -= weight(event);
    this.ring[slot] = undefined;
    this.oldest++;
  }
}

/** The previous value is the same string as in an earlier event, so it needs no memory here. */
function weight(event: Event): number {
  return event.node.key.length + (event.node.value?.length ?? 0);
}

/** As etcd scans its history: hidden keys are included, and a watcher below a removed directory gets its removal. */
function matches(event: Event, path: string, recursive: boolean): boolean {
  const key = event.node.key;
  if (key === path) return true;
  if (recursive && isBelow(key, path)) return true;
  return removesDirectory(event) && isBelow(path, key);
}

/** True when key is below directory, by whole path elements. */
export function isBelow(key: string, directory: string): boolean {
  if (directory === '/') return key !== '/';
  return key.length > directory.length && key[directory.length] === '/' && key.startsWith(directory);
}
