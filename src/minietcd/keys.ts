import type { IncomingMessage } from 'node:http';
import { parseAsk, type Ask } from './ask.ts';
import { EtcdError } from './errors.ts';
import { readBody } from './body.ts';
import { isForm, parseForm } from './form.ts';
import { errorJson, eventJson, getJson } from './json.ts';
import type { Reply, Site } from './site.ts';
import type { Event } from './store/event.ts';
import { answerWatch } from './poll.ts';

const methods = ['HEAD', 'GET', 'PUT', 'POST', 'DELETE'];

/** The deepest key; a deeper one could only be meant to exhaust the server. */
const deepestKey = 1024;

/** Answers a request to /v2/keys and below. */
export async function answerKeys(
  site: Site,
  req: IncomingMessage,
  reply: Reply,
  target: { path: string; query: string },
) {
  const method = req.method!;
  if (!methods.includes(method)) {
    reply.refuseMethod(methods.join(','));
    return;
  }
  reply.add('X-Etcd-Cluster-Id', site.member.clusterId);
  const began = site.keyspace.clock.now();
  site.http.countReceived(method);
  try {
    const path = keyPath(target.path);
    const body = method === 'PUT' || method === 'POST' ? await readForm(site, req) : '';
    const ask = parseAsk(method, path, parseForm(body, target.query), site.keyspace.clock.now());
    await answerAsk(site, ask, reply);
    if (ask.kind !== 'watch') site.http.countDone(method, (site.keyspace.clock.now() - began) / 1000);
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    site.http.countFailed(method, error.status);
    reply.add('X-Etcd-Index', String(error.index));
    reply.send(error.status, 'application/json', errorJson(error));
  }
}

async function answerAsk(site: Site, ask: Ask, reply: Reply): Promise<void> {
  const { keyspace } = site;
  switch (ask.kind) {
    case 'get': {
      const { index, clock } = keyspace;
      const body = getJson(keyspace.get(ask.path), ask.path, { recursive: ask.recursive, at: clock.now(), index });
      addIndexes(site, index, reply);
      reply.send(200, 'application/json', body);
      return;
    }
    case 'watch': {
      const { index } = keyspace;
      // Not before the watch stands: a refusal carries other headers.
      const open = () => {
        addIndexes(site, index, reply);
        reply.open(200, 'application/json');
      };
      answerWatch(site, ask, reply, open);
      return;
    }
    case 'change': {
      const [event] = await keyspace.submit(ask.request);
      addIndexes(site, event!.node.modified, reply);
      const body = ask.quiet ? `{"action":"${event!.action}"}\n` : eventJson(event!);
      reply.send(isNew(event!) ? 201 : 200, 'application/json', body);
    }
  }
}

function addIndexes(site: Site, index: number, reply: Reply): void {
  reply.add('X-Etcd-Index', String(index));
  reply.add('X-Raft-Index', String(site.keyspace.requestIndex));
  reply.add('X-Raft-Term', String(site.member.raftTerm));
}

function isNew(event: Event): boolean {
  return event.action === 'create' || (event.action === 'set' && event.prevNode === undefined);
}

/** The key below /v2/keys, without a trailing slash. */
function keyPath(path: string): string {
  const key = path.slice('/v2/keys'.length).replace(/\/$/, '');
  if (key.length > deepestKey && key.split('/').length > deepestKey) {
    throw new EtcdError(209, `key has more than ${deepestKey - 1} elements`, 0);
  }
  return key === '' ? '/' : key;
}

/** The body of a request whose Content-Type says form, else ''. */
async function readForm(site: Site, req: IncomingMessage): Promise<string> {
  return isForm(req.headers['content-type']) ? readBody(site, req) : '';
}
