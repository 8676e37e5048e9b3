import type { IncomingMessage } from 'node:http';
import { parseRead, parseWrite, type GetParameters, type WatchParameters, type WriteParameters } from './parameters.ts';
import { EtcdError } from '../../state/errors.ts';
import { Arrival, maxFormBytes } from '../net/body.ts';
import { isForm, parseForm } from '../net/form.ts';
import type { Body } from '../net/draft.ts';
import { errorJson, eventJson } from '../net/json.ts';
import { Listing } from '../net/listing.ts';
import type { Headers, Reply, ServerContext } from '../net/server-context.ts';
import type { Event } from '../../state/event.ts';
import { answerWatch } from './watch.ts';
import { atOnce, inSteps, nextTurn } from '../../state/steps.ts';
import type { Target } from '../net/target.ts';

const methods = ['HEAD', 'GET', 'PUT', 'POST', 'DELETE'];

/** Bytes. A shorter answer is always sent: a refusal would not be shorter. */
const shortAnswer = 16 * 1024;

/** A listing of more nodes is made in steps. */
const shortListing = 500;

/** The maximum depth of a key; a deeper one can only be meant to exhaust the server. */
const deepestKey = 1024;

/** Answers a request to /v2/keys; a change waits for the disk. */
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
    const ask = parseRead(method, keyPath(target.path), atOnce(parseForm('', target.query)));
    if (ask.kind === 'get') return get(site, ask, { reply, method, at });
    startWatch(site, ask, reply);
  } catch (error) {
    refuse(site, method, reply, error);
  }
  return undefined;
}

/** The reply to a read, and the time of the read in milliseconds since the epoch. */
interface Reading {
  readonly reply: Reply;
  readonly method: string;
  readonly at: number;
}

/** Answers a get; at once unless it has many nodes. Throws EtcdError. */
function get(site: ServerContext, ask: GetParameters, reading: Reading): Promise<void> | undefined {
  const { keyspace } = site;
  const { index } = keyspace;
  const indexes = indexesOf(site, index);
  const top = { node: keyspace.get(ask.path), key: ask.path };
  const listing = new Listing(top, { recursive: ask.recursive, at: reading.at, index });
  if (listing.count > shortListing) return list(site, listing, indexes, reading);
  sendListing(site, atOnce(listing.steps()), indexes, reading);
  return undefined;
}

/** Makes a long listing in steps, and counts its length as an unread answer. */
async function list(site: ServerContext, listing: Listing, indexes: Headers, reading: Reading): Promise<void> {
  const { load } = site;
  const { reply, method } = reading;
  const steps = listing.steps();
  let counted = 0;
  try {
    for (let step = steps.next(); ; step = steps.next()) {
      load.unread += listing.length - counted;
      counted = listing.length;
      if (step.done === true) {
        load.unread -= counted;
        counted = 0;
        sendListing(site, step.value, indexes, reading);
        return;
      }
      await nextTurn();
      if (reply.raw.destroyed) return;
      if (!load.hasRoom(0)) {
        reply.refuseForWant();
        return;
      }
    }
  } catch (error) {
    refuse(site, method, reply, error);
  } finally {
    load.unread -= counted;
  }
}

function sendListing(site: ServerContext, body: Body, indexes: Headers, { reply, method, at }: Reading): void {
  if (body.length > shortAnswer && !site.load.hasRoom(typeof body === 'string' ? body.length : body.cost)) {
    reply.refuseForWant();
    return;
  }
  reply.addAll(indexes);
  reply.send(200, 'application/json', body);
  site.http.countDone(method, (site.keyspace.clock.now() - at) / 1000);
}

function startWatch(site: ServerContext, watch: WatchParameters, reply: Reply): void {
  const { index } = site.keyspace;
  // Not before the watch is accepted: a refusal has other headers.
  answerWatch(site, watch, reply, () => {
    reply.addAll(indexesOf(site, index));
    reply.open(200, 'application/json');
  });
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

/** A change whose answer does not fit into memory is not made; once it is made, it must be answered. */
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
    reply.addAll(indexesOf(site, event!.node.modified));
    const body = quiet ? `{"action":"${event!.action}"}\n` : eventJson(event!);
    reply.send(isNew(event!) ? 201 : 200, 'application/json', body, true);
  } finally {
    load.unread -= room;
  }
}

/** Answers a refusal of the store; other errors are thrown again. */
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

/** The indexes of the store, as headers. */
function indexesOf(site: ServerContext, index: number): Headers {
  const { keyspace, member } = site;
  return [
    ...['X-Etcd-Index', String(index)],
    ...['X-Raft-Index', String(keyspace.requestIndex)],
    ...['X-Raft-Term', String(member.raftTerm)],
  ];
}

function isNew(event: Event): boolean {
  return event.action === 'create' || (event.action === 'set' && event.prevNode === undefined);
}

/** The key below /v2/keys, without a slash at the end. */
function keyPath(path: string): string {
  const key = path.slice('/v2/keys'.length, path.endsWith('/') ? -1 : undefined);
  if (key.length > deepestKey && key.split('/').length > deepestKey) {
    throw new EtcdError(209, `key has more than ${deepestKey - 1} elements`, 0);
  }
  return key === '' ? '/' : key;
}
