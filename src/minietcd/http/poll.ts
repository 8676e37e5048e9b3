import type { ServerResponse } from 'node:http';
import type { Watch } from './ask.ts';
import { EtcdError } from '../errors.ts';
import { eventJson } from './json.ts';
import type { Reply, Site } from '../site.ts';
import type { Event } from '../store/event.ts';
import type { Watcher } from '../store/watchers.ts';

/** A stream whose reader is this many bytes behind gets what is buffered, and its end. */
const longestBacklog = 8 * 1024 * 1024;

/** The same while the readers of all streams together are too far behind. */
const shortBacklog = 64 * 1024;

/** How long such a reader has to take in the rest. */
const lastReadMs = 30_000;

/**
 * Answers a watch: open sends the headers at once, then comes the event, or with stream every event as it comes. Throws
 * EtcdError when the history that it asks for is gone, or too many wait already.
 */
export function answerWatch(site: Site, watch: Watch, reply: Reply, open: () => void): void {
  const { raw } = reply;
  const { keyspace, limits } = site;
  if (keyspace.watcherCount >= limits.watchers) {
    throw new EtcdError(300, `too many watchers: ${limits.watchers} are waiting`, keyspace.index);
  }
  const backlog = new Backlog(raw, site);
  const watcher: Watcher = {
    path: watch.path,
    recursive: watch.recursive,
    stream: watch.stream,
    since: watch.since,
    hear(event) {
      if (!raw.headersSent) open();
      if (!watch.stream) raw.end(eventJson(event), 'latin1');
      else if (!raw.writableEnded && !backlog.write(event)) keyspace.unwatch(watcher);
      else return;
      backlog.finish();
    },
    end: () => raw.end(),
  };
  raw.once('close', () => {
    keyspace.unwatch(watcher);
    backlog.forget();
  });
  keyspace.watch(watcher);
  if (!raw.headersSent) open();
}

/** What a watcher was sent and has not read. */
class Backlog {
  private counted = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly raw: ServerResponse,
    private readonly site: Site,
  ) {}

  /** Sends an event of a stream; false when its reader is too far behind: then it gets what is buffered, and the end. */
  write(event: Event): boolean {
    const { load, limits } = this.site;
    this.count();
    if (this.counted > (load.unread > limits.unread ? shortBacklog : longestBacklog)) {
      this.raw.end();
      return false;
    }
    this.raw.write(eventJson(event), 'latin1');
    return true;
  }

  /** Nothing more will be sent: the reader has so long to take in the rest. */
  finish(): void {
    this.count();
    if (this.counted > 0) this.timer ??= setTimeout(() => this.raw.destroy(), lastReadMs);
  }

  /** The connection is done with. */
  forget(): void {
    clearTimeout(this.timer);
    this.site.load.unread -= this.counted;
    this.counted = 0;
  }

  private count(): void {
    const { writableLength } = this.raw;
    this.site.load.unread += writableLength - this.counted;
    this.counted = writableLength;
  }
}
