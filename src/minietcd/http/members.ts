import type { IncomingMessage } from 'node:http';
import { decodeObject } from '../../go/json.ts';
import { Slice, type Value } from '../../go/value.ts';
import { readBody } from './body.ts';
import { jsonString } from './json.ts';
import type { Member, Reply, Site } from '../site.ts';

const json = 'application/json';

/** Answers /v2/members and below: one member, for ever. */
export async function answerMembers(site: Site, req: IncomingMessage, path: string, reply: Reply): Promise<void> {
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
  else if (method !== 'GET' && name === member.id) say(reply, 500, 'mini-etcd is a single node: it stays as it is');
  else if (method !== 'GET') say(reply, 404, `No such member: ${name}`);
  else if (name === '') reply.send(200, json, `{"members":[${memberJson(member)}]}\n`);
  else if (name === 'leader') reply.send(200, json, `${memberJson(member)}\n`);
  else say(reply, 404, 'Not found');
}

function say(reply: Reply, status: number, message: string): void {
  reply.send(status, json, `{"message":${jsonString(message)}}`);
}

/** Everything that is wrong with the request comes first, in etcd's order and words. */
async function refuseAnother(site: Site, req: IncomingMessage, reply: Reply): Promise<void> {
  const type = req.headers['content-type'] ?? '';
  if (type.split(';', 1)[0]!.trim().toLowerCase() !== json) {
    say(reply, 415, `Bad Content-Type ${type}, accept application/json`);
    return;
  }
  let urls: readonly Value[];
  const body = await readBody(site, req);
  try {
    const given = decodeObject(body).entries?.get('peerURLs');
    urls = given instanceof Slice ? (given.array ?? []) : [];
  } catch (error) {
    say(reply, 400, (error as Error).message);
    return;
  }
  if (urls.length === 0) say(reply, 400, 'no valid URLs given');
  else if (urls.some((url) => typeof url === 'string' && site.member.peerUrls.includes(url)))
    say(reply, 409, 'membership: peerURL exists');
  else say(reply, 500, 'mini-etcd is a single node: members cannot be added');
}

function memberJson({ id, name, peerUrls, clientUrls }: Member): string {
  const list = (urls: readonly string[]) => urls.map(jsonString).join(',');
  return `{"id":"${id}","name":${jsonString(name)},"peerURLs":[${list(peerUrls)}],"clientURLs":[${list(clientUrls)}]}`;
}
