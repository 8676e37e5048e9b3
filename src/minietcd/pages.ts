import { jsonString } from './json.ts';
import type { Member, Reply, Site } from './site.ts';

/** A page beside /v2/keys: which methods it takes (as its Allow header lists them), and its answer. */
export interface Page {
  readonly allow: string;
  readonly type: string;
  readonly body: (site: Site) => string;
}

const json = 'application/json';
const text = 'text/plain; charset=utf-8';

/** The release of etcd whose behaviour this server has. */
const etcdVersion = '3.4.23';

/** Every page with a fixed address. */
export const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/version', { allow: 'GET', type: json, body: () => `{"etcdserver":"${etcdVersion}","etcdcluster":"3.4.0"}` }],
  ['/health', { allow: 'GET', type: text, body: () => '{"health":"true"}' }],
  ['/v2/machines', { allow: 'GET,HEAD', type: text, body: ({ member }) => member.clientUrls.join(', ') }],
  ['/v2/leader', { allow: 'GET,HEAD', type: text, body: ({ member }) => member.peerUrls.join(', ') }],
  ['/v2/stats/self', { allow: 'GET', type: json, body: selfStats }],
  ['/v2/stats/leader', { allow: 'GET', type: json, body: ({ member }) => `{"leader":"${member.id}","followers":{}}` }],
  ['/v2/stats/store', { allow: 'GET', type: json, body: storeStats }],
]);

/** Answers one of the pages. */
export function answerPage(site: Site, page: Page, method: string, reply: Reply): void {
  if (!page.allow.split(',').includes(method)) reply.refuseMethod(page.allow);
  else reply.send(200, page.type, page.body(site));
}

/** Answers /v2/members and below: one member, for ever. */
export function answerMembers(site: Site, path: string, method: string, reply: Reply): void {
  const { member } = site;
  const name = path.slice('/v2/members'.length).replace(/^\//, '');
  if (!['GET', 'POST', 'DELETE', 'PUT'].includes(method)) {
    reply.refuseMethod('GET,POST,DELETE,PUT');
    return;
  }
  reply.add('X-Etcd-Cluster-Id', member.clusterId);
  if (method !== 'GET') {
    reply.send(500, json, '{"message":"mini-etcd is a single node: its members cannot be changed"}');
  } else if (name === '') {
    reply.send(200, json, `{"members":[${memberJson(member)}]}\n`);
  } else if (name === 'leader') {
    reply.send(200, json, `${memberJson(member)}\n`);
  } else {
    reply.send(404, json, '{"message":"Not found"}');
  }
}

function memberJson(member: Member): string {
  const list = (urls: readonly string[]) => urls.map(jsonString).join(',');
  const urls = `"peerURLs":[${list(member.peerUrls)}],"clientURLs":[${list(member.clientUrls)}]`;
  return `{"id":"${member.id}","name":${jsonString(member.name)},${urls}}`;
}

function selfStats({ member, keyspace }: Site): string {
  const started = new Date(member.startedAt).toISOString();
  const uptime = printDuration(keyspace.clock.now() - member.startedAt);
  const leader = `{"leader":"${member.id}","uptime":"${uptime}","startTime":"${started}"}`;
  const self = `"name":${jsonString(member.name)},"id":"${member.id}","state":"StateLeader","startTime":"${started}"`;
  return `{${self},"leaderInfo":${leader},"recvAppendRequestCnt":0,"sendAppendRequestCnt":0}`;
}

function storeStats({ keyspace }: Site): string {
  return keyspace.stats.toJson(keyspace.watcherCount);
}

/** Go's text of a duration in whole milliseconds: 8m29.465s. */
function printDuration(ms: number): string {
  if (ms < 1000) return ms <= 0 ? '0s' : `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
