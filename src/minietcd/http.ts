import type { IncomingMessage, ServerResponse } from 'node:http';
import { EtcdError } from './errors.ts';
import { errorJson } from './json.ts';
import { answerKeys } from './keys.ts';
import { answerCluster } from './cluster.ts';
import { answerLogLevel } from './loglevel.ts';
import { answerMembers } from './members.ts';
import { answerPage, pages } from './pages.ts';
import { corsHeaders, Reply, type Site } from './site.ts';
import { cleanPath, parseTarget, printLocation } from './target.ts';

/** Answers one HTTP request. Never throws: what nobody foresaw is a 500. */
export async function answer(site: Site, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const reply = new Reply(res, corsHeaders(site, req.headers.origin), site);
  try {
    await route(site, req, reply);
  } catch (error) {
    // A client that left in the middle of its request body is answered by nobody.
    if (res.destroyed || req.destroyed) return;
    if (error instanceof EtcdError && !res.headersSent) {
      reply.send(error.status, 'application/json', errorJson(error));
    } else if (res.headersSent) res.destroy();
    else
      new Reply(res, [], site).refuse(
        500,
        `Internal Server Error: ${error instanceof Error ? error.message : 'unknown'}`,
      );
  }
}

async function route(site: Site, req: IncomingMessage, reply: Reply): Promise<void> {
  const method = req.method!;
  if (site.load.connections > site.limits.connections) {
    reply.closeAfter();
    reply.refuse(503, `too many connections: ${site.limits.connections} are open`);
    return;
  }
  if (method === 'OPTIONS') {
    reply.send(200, '', '');
    return;
  }
  if (req.headers.host === undefined && req.httpVersion === '1.1') {
    reply.hangUp('400 Bad Request: missing required Host header');
    return;
  }
  const target = parseTarget(req.url!);
  if (target === undefined) {
    reply.hangUp('400 Bad Request');
    return;
  }
  const clean = cleanPath(target.path);
  if (clean !== target.path) {
    redirect(reply, method, printLocation(clean, target.query));
    return;
  }
  const page = pages.get(clean);
  if (isAtOrBelow(clean, '/v2/keys')) await answerKeys(site, req, reply, target);
  else if (page !== undefined) answerPage(site, page, method, reply);
  else if (isAtOrBelow(clean, '/v2/members')) await answerMembers(site, req, clean, reply);
  else if (clean === '/config/local/log') await answerLogLevel(site, req, reply);
  else if (clean === '/v2/admin/config') await answerCluster(site, req, reply);
  else reply.refuse(404, '404 page not found');
}

function isAtOrBelow(path: string, top: string): boolean {
  return path.startsWith(top) && (path.length === top.length || path[top.length] === '/');
}

function redirect(reply: Reply, method: string, location: string): void {
  reply.add('Location', location);
  const link = location.replace(/[&<>"']/g, (char) => htmlEscapes.get(char)!);
  const body = method === 'GET' ? `<a href="${link}">Moved Permanently</a>.\n\n` : '';
  reply.send(301, method === 'GET' || method === 'HEAD' ? 'text/html; charset=utf-8' : '', body);
}

const htmlEscapes = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&#34;'],
  ["'", '&#39;'],
]);
