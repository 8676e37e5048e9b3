import type { WatchParameters } from './parameters.ts';
import { EtcdError } from '../../state/errors.ts';
import { eventJson } from '../net/json.ts';
import { Outbox } from '../net/outbox.ts';
import type { Reply, ServerContext } from '../net/server-context.ts';
import type { Watcher } from '../../state/watcher-hub.ts';

/** A stream whose reader is this many bytes behind gets what is buffered, and its end. */
const maxBacklogBytes = 8 * 1024 * 1024;

/** The same while the readers of all streams together are too far behind. */
const shortBacklog = 64 * 1024;

/** How long such a reader has to take in the rest. */
const lastReadMs = 30_000;

/**
 * Answers a watch: open sends the headers at once, then comes the event, or with stream every event as it comes. Throws
 * EtcdError when the history that it asks for is gone, or too many wait already.
 */
export function answerWatch(site: ServerContext, watch: WatchParameters, reply: Reply, open: () => void): void {
  const { raw } = reply;
  const { keyspace, limits, load } = site;
  if (keyspace.watcherCount >= limits.watchers) {
    throw new EtcdError(300, `too many watchers: ${limits.watchers} are waiting`, keyspace.index);
  }
  const outbox = new Outbox(raw, load);
  const watcher: Watcher = {
    path: watch.path,
    recursive: watch.recursive,
    stream: watch.stream,
    since: watch.since,
    hear(event) {
      if (raw.destroyed || raw.writableEnded) return;
      if (!raw.headersSent) open();
      const body = eventJson(event);
      const isFull = !load.hasRoom(typeof body === 'string' ? body.length : body.cost);
      if (!watch.stream) {
        // Who gets nothing asks again, as after a time-out of etcd.
        outbox.end(lastReadMs, isFull ? '' : body);
      } else if (outbox.behind > (isFull ? shortBacklog : maxBacklogBytes)) {
        keyspace.unwatch(watcher);
        outbox.end(lastReadMs);
      } else outbox.write(body);
    },
    end: () => {
      outbox.end(lastReadMs);
    },
  };
  raw.once('close', () => {
    keyspace.unwatch(watcher);
  });
  keyspace.watch(watcher);
  if (!raw.headersSent) open();
}
