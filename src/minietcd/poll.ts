import type { Ask } from './ask.ts';
import { eventJson } from './json.ts';
import type { Reply, Site } from './site.ts';
import type { Event } from './store/event.ts';
import type { Watcher } from './store/watchers.ts';

type Watch = Extract<Ask, { kind: 'watch' }>;

/** A stream whose reader is this far behind gets what is buffered, and its end. */
const longestBacklog = 8 * 1024 * 1024;

/** How long such a reader has to take in the rest. */
const lastReadMs = 30_000;

/**
 * Answers a watch: open sends the headers at once, then comes the event, or with stream every event as it comes. Throws
 * EtcdError when the history that it asks for is gone.
 */
export function answerWatch(site: Site, watch: Watch, reply: Reply, open: () => void): void {
  const { raw } = reply;
  const watcher: Watcher = {
    path: watch.path,
    recursive: watch.recursive,
    stream: watch.stream,
    since: watch.since,
    hear(event) {
      if (!raw.headersSent) open();
      if (watch.stream) write(event);
      else raw.end(eventJson(event), 'latin1');
    },
    end: () => raw.end(),
  };
  const write = (event: Event) => {
    if (raw.writableEnded) return;
    if (raw.writableLength <= longestBacklog) {
      raw.write(eventJson(event), 'latin1');
      return;
    }
    site.keyspace.unwatch(watcher);
    raw.end();
    raw.setTimeout(lastReadMs, () => raw.destroy());
  };
  raw.once('close', () => {
    site.keyspace.unwatch(watcher);
  });
  site.keyspace.watch(watcher);
  if (!raw.headersSent) open();
}
