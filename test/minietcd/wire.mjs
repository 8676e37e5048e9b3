// HTTP as bytes: clients tidy addresses and hide what was sent, so the tests that compare bytes speak it themselves.
import { connect } from 'node:net';

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** "METHOD key?query body" as a request; {index-3} stands for three less than the given index. */
export function parseStep(line, index) {
  const [text, headers] = Array.isArray(line) ? line : [line, form];
  const [, method, target, body = ''] = /^(\S+) (\S+)(?: (.*))?$/s.exec(
    text.replace(/\{index([+-]?\d+)\}/g, (_, shift) => String(index + Number(shift))),
  );
  return { method, target: target.startsWith('=') ? target.slice(1) : `/v2/keys${target}`, headers, body };
}

/** Sends one request and takes in the whole answer; what no two servers share is replaced by a word. */
export async function exchange(address, { method, target, headers, body }) {
  const all = { Host: 'etcd', ...headers, 'Content-Length': body.length, Connection: 'close' };
  if (body === '') delete all['Content-Type'];
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return parseAnswer(await converse(address, `${method} ${target} HTTP/1.1\r\n${head.join('')}\r\n${body}`), method);
}

/** As exchange, where "{member}", "{peer}" and "{client}" stand for the id and the URLs of the server that is asked. */
export async function exchangeAs(own, address, send) {
  const step = Object.entries(own).reduce((text, [word, is]) => text.replaceAll(word, is), JSON.stringify(send));
  const answer = await exchange(address, JSON.parse(step));
  const body = Object.entries(own).reduce((text, [word, is]) => text.replaceAll(is, word), answer.body);
  if (body === answer.body) return answer;
  return { ...answer, headers: { ...answer.headers, 'Content-Length': 'N' }, body };
}

/** What exchangeAs needs to know of a server. */
export async function ownWords(address) {
  const { body } = await exchange(address, parseStep('GET =/v2/members/leader', 0));
  const { id, peerURLs, clientURLs } = JSON.parse(body);
  return { '{member}': id, '{peer}': peerURLs[0], '{client}': clientURLs[0] };
}

/** Sends bytes and collects what comes back until the server closes. */
export function converse({ host, port }, bytes) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ host, port }, () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (answer += chunk));
    // A server that refuses early may reset the connection after its answer.
    socket.on(
      'error',
      (error) => answer === '' && reject(new Error(`no answer to ${bytes.slice(0, 60)}`, { cause: error })),
    );
    socket.on('close', () => resolve(answer));
  });
}

const varying = new Map([
  ['X-Etcd-Cluster-Id', 'ID'],
  ['X-Raft-Index', 'N'],
  ['X-Raft-Term', 'N'],
]);

function parseAnswer(answer, method) {
  const end = answer.indexOf('\r\n\r\n');
  const [start, ...lines] = answer.slice(0, end).split('\r\n');
  const headers = {};
  for (const line of lines) {
    const [name, value] = line.split(/: ?(.*)/s);
    if (name !== 'Date' && name !== 'Connection') headers[name] = varying.get(name) ?? value;
  }
  const raw = answer.slice(end + 4);
  const body = headers['Transfer-Encoding'] === 'chunked' ? unchunk(raw) : raw;
  const timed = /"expiration":"[^"]*"/g;
  const isWhole =
    method === 'HEAD' || headers['Content-Length'] === undefined || Number(headers['Content-Length']) === body.length;
  if (!isWhole) headers['Content-Length'] = `wrong: ${headers['Content-Length']} of ${body.length}`;
  else if (timed.test(body)) headers['Content-Length'] = 'N';
  const sorted = Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { status: start.slice('HTTP/1.1 '.length), headers: sorted, body: body.replace(timed, '"expiration":"T"') };
}

function unchunk(raw) {
  let body = '';
  for (let at = 0; ;) {
    const line = raw.indexOf('\r\n', at);
    const size = parseInt(raw.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += raw.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
