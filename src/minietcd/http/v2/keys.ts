import type { IncomingMessage } from 'node:http';
import { parseWrite, parseRead, type WriteParameters, type ReadParameters } from './parameters.ts';
import { EtcdError } from '../../state/errors.ts';
import { Arrival, maxFormBytes } from '../net/body.ts';
import { isForm, parseForm } from '../net/form.ts';
import { errorJson, eventJson, getJson } from '../net/json.ts';
import type { Reply, ServerContext } from '../net/server-context.ts';
import type { Event } from '../../state/event.ts';
import { answerWatch } from './watch.ts';
import { atOnce, inSteps } from '../net/steps.ts';
import type { Target } from '../net/target.ts';

const methods = ['HEAD', 'GET', 'PUT', 'POST', 'DELETE'];

/** Bytes; a shorter answer is always given, for a refusal is no shorter. */
const shortAnswer = 16 * 1024;

/** The deepest key; a deeper one could only be meant to exhaust the server. */
const deepestKey = 1024;

/** Answers a request to /v2/keys and below; a change takes the time that the disk takes. */
export function answerKeys(
  site: ServerContext,
  req: IncomingMessage,
  reply: Reply,
  target: Target,
): Promise<void> | undefined {
  const method = req.method!;
  if (!methods.includes(method)) {
    reply.refuseMethod(methods.join(','));
    return undefined;
  }
  reply.add('X-Etcd-Cluster-Id', site.member.clusterId);
  site.http.countReceived(method);
  if (method !== 'GET' && method !== 'HEAD') return change(site, req, reply, target);
  const at = site.keyspace.clock.now();
  try {
    answerRead(site, parseRead(method, keyPath(target.path), atOnce(parseForm('', target.query))), {
      reply,
      method,
      at,
    });
  } catch (error) {
    refuse(site, method, reply, error);
  }
  return undefined;
}

function answerRead(
  site: ServerContext,
  ask: ReadParameters,
  { reply, method, at }: { reply: Reply; method: string; at: number },
): void {
  const { keyspace } = site;
  const { index } = keyspace;
  if (ask.kind === 'get') {
    const body = getJson(keyspace.get(ask.path), ask.path, { recursive: ask.recursive, at, index });
    if (body.length > shortAnswer && !site.load.hasRoom(body.length)) {
      reply.refuseForWant();
      return;
    }
    addIndexes(site, index, reply);
    reply.send(200, 'application/json', body);
    site.http.countDone(method, (keyspace.clock.now() - at) / 1000);
    return;
  }
  // Not before the watch stands: a refusal carries other headers.
  const open = () => {
    addIndexes(site, index, reply);
    reply.open(200, 'application/json');
  };
  answerWatch(site, ask, reply, open);
}

async function change(site: ServerContext, req: IncomingMessage, reply: Reply, target: Target): Promise<void> {
  const method = req.method!;
  const { clock } = site.keyspace;
  const began = clock.now();
  let arrival: Arrival | undefined;
  try {
    const path = keyPath(target.path);
    if (method !== 'DELETE' && isForm(req.headers['content-type'])) arrival = new Arrival(site, req, maxFormBytes);
    const body = arrival === undefined ? '' : await arrival.done;
    const steps = parseForm(body, target.query);
    const form = body.length > shortAnswer ? await inSteps(steps) : atOnce(steps);
    await carryOut(site, parseWrite(method, path, form, clock.now()), reply);
    site.http.countDone(method, (clock.now() - began) / 1000);
  } catch (error) {
    refuse(site, method, reply, error);
  } finally {
    arrival?.forget();
  }
}

/** What cannot be answered for want of memory is not done: once it is, the client hears of it. */
async function carryOut(site: ServerContext, { request, quiet }: WriteParameters, reply: Reply): Promise<void> {
  const { keyspace, load } = site;
  const room = quiet ? 0 : keyspace.lengthAt(request.path) + ('write' in request ? request.write.value.length : 0);
  if (room > shortAnswer && !load.hasRoom(room)) {
    reply.refuseForWant();
    return;
  }
  load.unread += room;
  try {
    const [event] = await keyspace.submit(request);
    addIndexes(site, event!.node.modified, reply);
    const told = quiet ? `{"action":"${event!.action}"}\n` : eventJson(event!);
    reply.send(isNew(event!) ? 201 : 200, 'application/json', told, true);
  } finally {
    load.unread -= room;
  }
}

/** Answers a refusal of the store; what else was thrown is thrown on. */
function refuse(site: ServerContext, method: string, reply: Reply, error: unknown): void {
  if (!(error instanceof EtcdError)) throw error;
  site.http.countFailed(method, error.status);
  const body = errorJson(error);
  if (body.length > shortAnswer && !site.load.hasRoom(body.length)) {
    reply.refuseForWant();
    return;
  }
  reply.add('X-Etcd-Index', String(error.index));
  reply.send(error.status, 'application/json', body);
}

function addIndexes(site: ServerContext, index: number, reply: Reply): void {
  reply.add('X-Etcd-Index', String(index));
  reply.add('X-Raft-Index', String(site.keyspace.requestIndex));
  reply.add('X-Raft-Term', String(site.member.raftTerm));
}

function isNew(event: Event): boolean {
  return event.action === 'create' || (event.action === 'set' && event.prevNode === undefined);
}

/** The key below /v2/keys, without a trailing slash. */
function keyPath(path: string): string {
  const key = path.slice('/v2/keys'.length, path.endsWith('/') ? -1 : undefined);
  if (key.length > deepestKey && key.split('/').length > deepestKey) {
    throw new EtcdError(209, `key has more than ${deepestKey - 1} elements`, 0);
  }
  return key === '' ? '/' : key;
}
