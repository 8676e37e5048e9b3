import type { IncomingMessage } from 'node:http';
import type { ServerContext } from './server-context.ts';

/** The refusal of a request from a web page. */
export interface PageFault {
  readonly status: number;
  readonly text: string;
}

/**
 * Why a web page may not make this request; undefined for every other client. Without this check, any page that is
 * opened on a machine that reaches the store could write to it: a form needs no permission, and a host name that
 * resolves to 127.0.0.1 makes the store part of that page's own site. Other clients do not send the headers that are
 * checked.
 */
export function pageFault(site: ServerContext, req: IncomingMessage): PageFault | undefined {
  const { headers } = req;
  if (site.cors.includes('*') || !isBrowser(headers)) return undefined;
  const host = headers.host ?? '';
  const own = ['http', 'https'].map((scheme) => `${scheme}://${host}`);
  const isListed = (one: string) => site.cors.includes(one);
  const mayBeBorrowed = isNamedOverLoopback(req, host) && !own.some(isListed);
  // A page of another origin cannot read the answer.
  if (mayBeBorrowed && (headers.origin === undefined || own.includes(headers.origin))) {
    const way = `use 127.0.0.1 or localhost, or start with -cors ${own[0]!}`;
    return { status: 421, text: `a browser may not reach this store by the name ${host}: ${way}` };
  }
  if (isSafe(req.method!)) return undefined;
  const origin = headers.origin ?? originOf(headers.referer);
  const relation = headers['sec-fetch-site'];
  if (origin === undefined && relation !== 'cross-site' && relation !== 'same-site') return undefined;
  if (origin !== undefined && (isListed(origin) || (isAddress(host) && own.includes(origin)))) return undefined;
  const who = origin ?? 'another site';
  const way = origin === undefined ? '' : `: -cors ${origin} allows it`;
  return { status: 403, text: `pages of ${who} may not change this store${way}` };
}

function isBrowser(headers: IncomingMessage['headers']): boolean {
  const { origin, referer } = headers;
  if (origin !== undefined || referer !== undefined || headers['sec-fetch-site'] !== undefined) return true;
  return headers['accept-language'] !== undefined || /^Mozilla\//.test(headers['user-agent'] ?? '');
}

/** A method that changes nothing. */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Over TLS another name does not work: no certificate of this server has it. */
function isNamedOverLoopback({ socket }: IncomingMessage, host: string): boolean {
  if ('encrypted' in socket || host === '' || isAddress(host)) return false;
  return /^(?:::ffff:)?127\.|^::1$/.test(socket.localAddress ?? '');
}

/** An IP address, or a name that always means this machine. */
function isAddress(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return /^\[[0-9a-f:.]+\]$|^\d+\.\d+\.\d+\.\d+$|^(?:.+\.)?localhost$/.test(name);
}

function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]+/i.exec(url)?.[0] ?? 'null');
}
