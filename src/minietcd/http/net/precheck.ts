import type { IncomingMessage } from 'node:http';
import { Reply, type ServerContext } from './server-context.ts';
import { parseTarget, type Target } from './target.ts';

/**
 * The target of a request; undefined when it was answered here, as Go's HTTP server answers before etcd sees a request.
 */
export function precheck(site: ServerContext, req: IncomingMessage, reply: Reply): Target | undefined {
  const target = parseTarget(req.url!);
  const fault = faultOf(req) ?? (target === undefined ? [400, '400 Bad Request'] : undefined);
  if (fault !== undefined) {
    reply.hangUp(...fault);
    return undefined;
  }
  const { expect } = req.headers;
  const wonders = expect !== undefined && !/^100-continue$/i.test(expect);
  if (!wonders && !(req.url === '*' && req.method === 'OPTIONS')) return target;
  const plain = new Reply(reply.raw, [], site); // Go does not check origins
  if (wonders) plain.closeAfter();
  plain.send(wonders ? 417 : 200, '', '');
  return undefined;
}

type Fault = readonly [status: number, text: string];

function faultOf(req: IncomingMessage): Fault | undefined {
  const { headers, httpVersion } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return [505, 'HTTP version not supported'];
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && !/^chunked$/i.test(encoding)) return [501, 'Unsupported transfer encoding'];
  const { host } = headers;
  if (host === undefined) {
    return httpVersion === '1.0' ? undefined : [400, '400 Bad Request: missing required Host header'];
  }
  if (countHosts(req) > 1) return [400, '400 Bad Request'];
  return /^[!$%&'()*+,\-.:;=[\]_~0-9A-Za-z]*$/.test(host) ? undefined : [400, '400 Bad Request: malformed Host header'];
}

/** Of several Host headers, Node shows the first. */
function countHosts({ rawHeaders }: IncomingMessage): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
