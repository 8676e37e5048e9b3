import { jsonString } from '../net/escapes.ts';
import { debugVars, metricsText } from './metrics.ts';
import { etcdVersion, type Reply, type ServerContext } from '../net/server-context.ts';

/** A page beside /v2/keys: its methods (as in its Allow header), and its body. */
export interface Page {
  readonly allow: string;
  readonly type: string;
  readonly body: (site: ServerContext) => string;
  /** 200 by default. */
  readonly status?: (site: ServerContext) => number;
}

const json = 'application/json';
const text = 'text/plain; charset=utf-8';

/** The only page for every method. */
const metrics: Page = { allow: '', type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText };

/** Every page with a fixed address. */
export const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/version', { allow: 'GET', type: json, body: () => `{"etcdserver":"${etcdVersion}","etcdcluster":"3.4.0"}` }],
  ['/health', { allow: 'GET', type: text, status: healthStatus, body: health }],
  ['/v2/machines', { allow: 'GET,HEAD', type: text, body: ({ member }) => member.clientUrls.join(', ') }],
  ['/v2/leader', { allow: 'GET,HEAD', type: text, body: ({ member }) => member.peerUrls.join(', ') }],
  ['/metrics', metrics],
  ['/debug/vars', { allow: 'GET', type: 'application/json; charset=utf-8', body: debugVars }],
  ['/v2/stats/self', { allow: 'GET', type: json, body: selfStats }],
  ['/v2/stats/leader', { allow: 'GET', type: json, body: ({ member }) => `{"leader":"${member.id}","followers":{}}` }],
  ['/v2/stats/store', { allow: 'GET', type: json, body: storeStats }],
]);

/** Answers one of the pages. */
export function answerPage(site: ServerContext, page: Page, method: string, reply: Reply): void {
  if (page !== metrics && !page.allow.split(',').includes(method)) {
    reply.refuseMethod(page.allow);
    return;
  }
  reply.send(page.status?.(site) ?? 200, page.type, page.body(site));
}

/** A store whose disk accepts no changes is not healthy. */
function health({ keyspace }: ServerContext): string {
  return `{"health":"${!keyspace.isReadOnly}"}`;
}

function healthStatus({ keyspace }: ServerContext): number {
  return keyspace.isReadOnly ? 503 : 200;
}

function selfStats({ member, keyspace }: ServerContext): string {
  const started = new Date(member.startedAt).toISOString();
  const uptime = printDuration(keyspace.clock.now() - member.startedAt);
  const leader = `{"leader":"${member.id}","uptime":"${uptime}","startTime":"${started}"}`;
  const self = `"name":${jsonString(member.name)},"id":"${member.id}","state":"StateLeader","startTime":"${started}"`;
  return `{${self},"leaderInfo":${leader},"recvAppendRequestCnt":0,"sendAppendRequestCnt":0}`;
}

function storeStats({ keyspace }: ServerContext): string {
  return keyspace.stats.toJson(keyspace.watcherCount);
}

/** A duration in whole milliseconds in Go's format: 8m29.465s. */
function printDuration(ms: number): string {
  if (ms < 1000) return ms <= 0 ? '0s' : `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
