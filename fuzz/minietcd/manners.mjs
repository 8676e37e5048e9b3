/** The origins that both servers are told to let in, as etcd's flag wants them. */
export const origins = ['http://a.com:80', 'http://b.com:8080'];

/** Ours refuses what pages of these want to change, on purpose (decision 13): they only look. */
const otherOrigins = ['http://a.com', 'http://c.com', 'null', '*', 'HTTP://A.COM:80', 'http://b.com:8080 '];
// Node's parser refuses what is no extension by the book (';' alone, bytes above 127); Go's skips anything.
const extensions = ['', '', '', ';a', ';a=b', ';a="b;c"', ';a=b;c'];
const trailers = ['', '', 'X-Sum: 1\r\n', 'Content-Type: text/plain\r\n'];

/** @typedef {{sizes: number[], zeros: string, extension: string, trailer: string}} Chunks */
/** @typedef {{origin?: string, version?: string, connection?: string, expect?: string, chunks?: Chunks, preflight?: boolean, together?: boolean}} Manner */
/** @typedef {{method: string, target: string, type: string, body: string, manner?: Manner, watch?: boolean, patience?: number}} Request */

/** How a request is sent: which HTTP, what it says of its connection, and whether its body comes whole. */
export function manner(random, { method, body }) {
  if (random.chance(0.6)) return undefined;
  /** @type {Manner} */
  const chosen = {};
  const looks = ['GET', 'HEAD', 'OPTIONS'].includes(method);
  if (random.chance(0.3)) chosen.origin = random.pick(random.chance(0.6) || !looks ? origins : otherOrigins);
  if (random.chance(0.2)) chosen.version = '1.0';
  if (random.chance(0.3)) chosen.connection = random.pick(['close', 'keep-alive', 'Close', 'foo, close', 'foo']);
  if (random.chance(0.02)) chosen.expect = 'wonders';
  else if (chosen.version === undefined && body !== '') {
    if (random.chance(0.3)) chosen.expect = random.pick(['100-continue', '100-Continue']);
    if (random.chance(0.5)) chosen.chunks = chunks(random);
  }
  if (method === 'OPTIONS' && random.chance(0.5)) chosen.preflight = true;
  return chosen;
}

function chunks(random) {
  return {
    sizes: random.times(1 + random.below(4), () => 1 + random.below(12)),
    zeros: random.pick(['', '', '0', '000']),
    extension: random.pick(extensions),
    trailer: random.pick(trailers),
  };
}

/**
 * The head and the body of a request as bytes.
 * @param {Request} request
 */
export function toBytes(request) {
  const { method, target, type, body, manner: how = {} } = request;
  const head = [`${method} ${target} HTTP/${how.version ?? '1.1'}`, 'Host: fuzz'];
  if (type !== '') head.push(`Content-Type: ${type}`);
  if (how.origin !== undefined) head.push(`Origin: ${how.origin}`);
  if (how.preflight) head.push('Access-Control-Request-Method: PUT', 'Access-Control-Request-Headers: x-a');
  if (how.connection !== undefined) head.push(`Connection: ${how.connection}`);
  if (how.expect !== undefined) head.push(`Expect: ${how.expect}`);
  if (how.chunks !== undefined) head.push('Transfer-Encoding: chunked');
  else if (body !== '') head.push(`Content-Length: ${body.length}`);
  return [`${head.join('\r\n')}\r\n\r\n`, how.chunks === undefined ? body : inChunks(body, how.chunks)];
}

function inChunks(body, { sizes, zeros, extension, trailer }) {
  let text = '';
  for (let at = 0, n = 0; at < body.length; n++) {
    const piece = body.slice(at, at + sizes[n % sizes.length]);
    const size = piece.length.toString(16);
    text += `${zeros}${n % 2 === 0 ? size : size.toUpperCase()}${extension}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${text}0${extension}\r\n${trailer}\r\n`;
}
