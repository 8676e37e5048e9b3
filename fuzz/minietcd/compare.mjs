import { connect } from 'node:net';

let trees = 0;

/** Sends the same steps to both servers, each in an empty tree; the first answers that differ, or undefined. */
export async function compare(servers, steps) {
  const root = `/fuzz${process.pid}-${trees++}`;
  const [real, mini] = await Promise.all([open(servers.real, root), open(servers.mini, root)]);
  try {
    for (const step of steps) {
      const [theirs, ours] = await Promise.all([real.ask(step), mini.ask(step)]);
      if (!isRandom(step, theirs) && JSON.stringify(theirs) !== JSON.stringify(ours))
        return { step, real: theirs, ours };
    }
    return undefined;
  } finally {
    await Promise.all([real.close(), mini.close()]);
  }
}

/** A listing that nobody asked to sort comes in another order each time. */
function isRandom({ target }, { body = '' }) {
  return body.includes('"nodes":[') && !/sorted=(true|1|t|T|TRUE|True)\b/.test(target);
}

async function open(place, root) {
  const wire = new Wire(place);
  const at = async () => Number((await wire.exchange('HEAD', '/v2/keys/', '', '')).headers['x-etcd-index']);
  const start = await at();
  let index = start;
  const fill = (text) =>
    text
      .replaceAll('{root}', root)
      .replace(/\{index([+-]\d+)?\}/g, (_, shift = '0') => String(Math.max(start + 1, index + Number(shift))));
  return {
    async ask({ method, target, type, body, watch }) {
      const answer = await wire.exchange(method, fill(target), type, fill(body), watch ? 25 : 0);
      const told = Number(answer.headers?.['x-etcd-index'] ?? 0);
      if (told > index) index = told;
      return plain(answer, start);
    },
    async close() {
      await wire.exchange('DELETE', `/v2/keys${root}?recursive=true`, '', '');
      wire.close();
    },
  };
}

/** An answer without what two servers never share; indexes count from where the sequence began. */
function plain({ status, headers, body }, start) {
  const shift = (text) => (Number(text) >= start && Number(text) < start + 1e6 ? `+${Number(text) - start}` : text);
  const {
    date,
    connection,
    'content-length': length,
    'x-raft-index': raft,
    'x-raft-term': term,
    'x-etcd-cluster-id': id,
    ...rest
  } = headers;
  const names = Object.keys(headers).filter(
    (name) => name !== 'date' && name !== 'connection' && name !== 'content-length',
  );
  if (rest['x-etcd-index'] !== undefined) rest['x-etcd-index'] = shift(rest['x-etcd-index']);
  for (const name of Object.keys(rest)) if (name.startsWith('access-control')) delete rest[name];
  const text = body
    .replace(/("(?:created|modified)Index":|"index":)(\d+)/g, (_, name, n) => name + shift(n))
    .replace(/\/0*(\d{1,20})(?=")/g, (all, n) => (all.length === 21 ? `/#${shift(n)}` : all))
    .replace(/\[(\d+) != (\d+)\]/g, (_, a, b) => `[${shift(a)} != ${shift(b)}]`)
    .replace(/"expiration":"[^"]*"/g, '"expiration":"#"')
    .replace(/"ttl":(\d+)/g, (_, n) => `"ttl":~${Math.round((Number(n) + 1) / 20)}`)
    .replace(/fuzz\d+-\d+/g, 'root');
  if (rest.location !== undefined)
    rest.location = rest.location
      .replace(/fuzz\d+-\d+/g, 'root')
      .replace(/(Index=)(\d+)/g, (_, name, n) => name + shift(n));
  const location = text.startsWith('<a href=') ? text.replace(/(Index=)(\d+)/g, (_, name, n) => name + shift(n)) : text;
  return {
    status,
    names: names.filter((name) => !name.startsWith('access-control')).sort(),
    headers: Object.fromEntries(Object.entries(rest).sort()),
    body: location,
    length: length !== undefined,
  };
}

/** HTTP by hand on one connection, which is opened again whenever the server has closed it. */
class Wire {
  constructor(place) {
    this.place = place;
  }

  close() {
    this.socket?.destroy();
  }

  /** With patience (milliseconds), a body that does not come in that time is cut: nothing in history matched. */
  async exchange(method, target, type, body, patience = 0) {
    const head = [`${method} ${target} HTTP/1.1`, 'Host: fuzz'];
    if (type !== '') head.push(`Content-Type: ${type}`);
    if (body !== '') head.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
    const bytes = `${head.join('\r\n')}\r\n\r\n${body}`;
    if (this.socket === undefined || this.socket.destroyed) this.#connect();
    this.text = '';
    this.socket.write(bytes, 'latin1');
    const deadline = Date.now() + 10_000;
    let patient;
    for (;;) {
      const answer = parse(this.text, method, this.ended);
      if (answer !== undefined && answer.whole) {
        if (/close/i.test(answer.headers.connection ?? '') || this.ended) this.close();
        return answer;
      }
      if (answer !== undefined && patience > 0) {
        patient ??= Date.now() + patience;
        if (Date.now() > patient) {
          this.close();
          return { ...answer, body: 'waits' };
        }
      }
      if (this.ended || Date.now() > deadline) {
        this.close();
        return { status: this.ended ? 'closed' : 'no answer', headers: {}, body: this.text };
      }
      await this.#more(patience > 0 ? 10 : 1000);
    }
  }

  #connect() {
    const socket = connect(this.place);
    this.socket = socket;
    this.ended = false;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      this.text += chunk;
      this.wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.ended = true;
      this.wake?.();
    });
  }

  #more(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function parse(text, method, ended) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start, ...lines] = text.slice(0, end).split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = start.slice('HTTP/1.1 '.length);
  const rest = text.slice(end + 4);
  if (method === 'HEAD' || status.startsWith('204')) return { status, headers, body: '', whole: true };
  if (headers['transfer-encoding'] === 'chunked') {
    let body = '';
    for (let at = 0; ;) {
      const line = rest.indexOf('\r\n', at);
      if (line < 0) return { status, headers, body, whole: false };
      const size = parseInt(rest.slice(at, line), 16);
      if (size === 0) return { status, headers, body, whole: true };
      if (rest.length < line + 4 + size) return { status, headers, body, whole: false };
      body += rest.slice(line + 2, line + 2 + size);
      at = line + 4 + size;
    }
  }
  if (headers['content-length'] !== undefined)
    return { status, headers, body: rest, whole: rest.length >= Number(headers['content-length']) };
  return { status, headers, body: rest, whole: ended };
}
