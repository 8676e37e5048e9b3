import type { IncomingMessage } from 'node:http';
import { maxJsonBytes, readBody } from '../net/body.ts';
import { jsonString } from '../net/escapes.ts';
import { readPeerUrls } from './peer-urls.ts';
import type { Member, Reply, ServerContext } from '../net/server-context.ts';

const json = 'application/json';

/**
 * Answers /v2/members: there is always one member. Invalid requests get etcd's errors; other changes are refused with
 * 409, because clients take a 5xx for a cluster without a leader and hide its message.
 */
export async function answerMembers(
  site: ServerContext,
  req: IncomingMessage,
  path: string,
  reply: Reply,
): Promise<void> {
  const { member } = site;
  const method = req.method!;
  const name = path.slice('/v2/members'.length).replace(/^\//, '');
  if (!['GET', 'POST', 'DELETE', 'PUT'].includes(method)) {
    reply.refuseMethod('GET,POST,DELETE,PUT');
    return;
  }
  reply.add('X-Etcd-Cluster-Id', member.clusterId);
  if (method === 'POST') await refuseAnother(site, req, reply);
  else if (method !== 'GET' && name === '') reply.refuse(405, 'Method Not Allowed');
  else if (method !== 'GET') await changeMember(site, req, name, reply);
  else if (name === '') reply.send(200, json, `{"members":[${memberJson(member)}]}\n`);
  else if (name === 'leader') reply.send(200, json, `${memberJson(member)}\n`);
  else say(reply, 404, 'Not found');
}

function say(reply: Reply, status: number, message: string): void {
  reply.send(status, json, `{"message":${jsonString(message)}}`);
}

async function refuseAnother(site: ServerContext, req: IncomingMessage, reply: Reply): Promise<void> {
  const urls = await readUrls(site, req, reply);
  if (urls === undefined) return;
  if (urls.some((url) => site.member.peerUrls.includes(url))) say(reply, 409, 'membership: peerURL exists');
  else say(reply, 409, 'mini-etcd is a single node: members cannot be added');
}

/** Answers a PUT or DELETE of a member; a PUT of its current URLs changes nothing. */
async function changeMember(site: ServerContext, req: IncomingMessage, name: string, reply: Reply): Promise<void> {
  const id = /^0*[0-9a-f]{1,16}$/i.test(name) ? BigInt(`0x${name}`).toString(16) : undefined;
  if (id === undefined) {
    say(reply, 404, `No such member: ${name}`);
    return;
  }
  const urls = req.method === 'DELETE' ? [] : await readUrls(site, req, reply);
  if (urls === undefined) return;
  const isSame = urls.join() === [...site.member.peerUrls].sort().join();
  if (id !== site.member.id) say(reply, 404, `No such member: ${id}`);
  else if (req.method === 'DELETE') say(reply, 409, 'mini-etcd is a single node: its only member cannot be removed');
  else if (isSame) reply.send(204, '', '');
  else say(reply, 409, 'mini-etcd is a single node: -peer-addr sets the peer URLs that it shows');
}

/** The peer URLs of a request, or undefined after a refusal. */
async function readUrls(
  site: ServerContext,
  req: IncomingMessage,
  reply: Reply,
): Promise<readonly string[] | undefined> {
  const given = req.headers['content-type'] ?? '';
  const type = given.includes(';') ? given.split(';', 1)[0]!.trim().toLowerCase() : given;
  if (type !== json) {
    say(reply, 415, `Bad Content-Type ${type}, accept application/json`);
    return undefined;
  }
  const body = await readBody(site, req, maxJsonBytes);
  try {
    return readPeerUrls(body);
  } catch (error) {
    say(reply, 400, (error as Error).message);
    return undefined;
  }
}

function memberJson({ id, name, peerUrls, clientUrls }: Member): string {
  const list = (urls: readonly string[]) => urls.map(jsonString).join(',');
  return `{"id":"${id}","name":${jsonString(name)},"peerURLs":[${list(peerUrls)}],"clientURLs":[${list(clientUrls)}]}`;
}
