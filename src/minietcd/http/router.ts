import type { IncomingMessage, ServerResponse } from 'node:http';
import { EtcdError } from '../state/errors.ts';
import { errorJson } from './net/json.ts';
import { answerAuth } from './v2/auth.ts';
import { answerKeys } from './v2/keys.ts';
import { answerCluster } from './admin/cluster.ts';
import { answerLogLevel } from './admin/log-level.ts';
import { answerMembers } from './v2/members.ts';
import { pageFault } from './net/origin.ts';
import { answerPage, pages } from './admin/pages.ts';
import { corsHeaders, Reply, type ServerContext } from './net/server-context.ts';
import { precheck } from './net/precheck.ts';
import { cleanPath, printLocation } from './net/target.ts';

/** Answers one HTTP request, at once if nothing must be waited for. Never throws: an unexpected error is a 500. */
export function answer(site: ServerContext, req: IncomingMessage, res: ServerResponse): void {
  const reply = new Reply(res, corsHeaders(site, req.headers.origin), site);
  const fail = (error: unknown) => {
    // A client that disconnected during its request body gets no answer.
    if (!res.destroyed && !req.destroyed) giveUp(site, reply, error);
  };
  try {
    route(site, req, reply)?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function giveUp(site: ServerContext, reply: Reply, error: unknown): void {
  const { raw } = reply;
  const what = error instanceof Error ? error.message : 'unknown';
  if (raw.headersSent) raw.destroy();
  else if (error instanceof EtcdError) reply.send(error.status, 'application/json', errorJson(error));
  else new Reply(raw, [], site).refuse(500, `Internal Server Error: ${what}`);
}

function route(site: ServerContext, req: IncomingMessage, reply: Reply): Promise<void> | undefined {
  const method = req.method!;
  if (site.load.connections > site.limits.connections) {
    reply.closeAfter();
    reply.refuse(503, `too many connections: ${site.limits.connections} are open`);
    return undefined;
  }
  const target = precheck(site, req, reply);
  if (target === undefined) return undefined;
  if (method === 'OPTIONS') {
    reply.send(200, '', '');
    return undefined;
  }
  if (req.url === '*') {
    if (req.httpVersion !== '1.0') reply.closeAfter();
    reply.send(400, '', '');
    return undefined;
  }
  const fault = pageFault(site, req);
  if (fault !== undefined) {
    reply.refuse(fault.status, fault.text);
    return undefined;
  }
  const clean = cleanPath(target.path);
  if (clean !== target.path) {
    redirect(reply, method, printLocation(clean, target.query));
    return undefined;
  }
  if (isAtOrBelow(clean, '/v2/keys')) return answerKeys(site, req, reply, target);
  if (isAtOrBelow(clean, '/v2/members')) return answerMembers(site, req, clean, reply);
  if (isAtOrBelow(clean, '/v2/auth')) return answerAuth(site, req, clean, reply);
  if (clean === '/config/local/log') return answerLogLevel(site, req, reply);
  if (clean === '/v2/admin/config') return answerCluster(site, req, reply);
  const page = pages.get(clean);
  if (page === undefined) reply.refuse(404, '404 page not found');
  else answerPage(site, page, method, reply);
  return undefined;
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
