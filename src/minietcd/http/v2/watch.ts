import type { WatchParameters } from './parameters.ts';
import { EtcdError } from '../../state/errors.ts';
import { eventJson } from '../net/json.ts';
import { Outbox } from '../net/outbox.ts';
import type { Reply, ServerContext } from '../net/server-context.ts';
import type { Watcher } from '../../state/watcher-hub.ts';

/** A stream whose reader has more unread bytes gets what is buffered, and ends. */
const maxBacklogBytes = 8 * 1024 * 1024;

/** The limit while the readers of all streams together have too many unread bytes. */
const shortBacklog = 64 * 1024;

/** How long such a reader has to read the rest. */
const lastReadMs = 30_000;

/**
 * Answers a watch: the headers are sent at once, then the event, or with stream every event. Throws EtcdError when the
 * requested history is gone, or when too many watchers wait.
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
    onEvent(event) {
      if (raw.destroyed || raw.writableEnded) return;
      if (!raw.headersSent) open();
      const body = eventJson(event);
      const isFull = !load.hasRoom(typeof body === 'string' ? body.length : body.cost);
      if (!watch.stream) {
        // A client without an answer asks again, as after a time-out of etcd.
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
