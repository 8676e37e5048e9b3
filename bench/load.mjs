// A load generator that costs little: requests are bytes that were laid out before, answers are only looked through for
// their end. Each connection has one request under way.
import { connect } from 'node:net';

/** A request as bytes. */
export function bytesOf(method, path, form = '') {
  const type = form === '' ? '' : 'Content-Type: application/x-www-form-urlencoded\r\n';
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: bench\r\n${type}Content-Length: ${form.length}\r\n\r\n${form}`,
    'latin1',
  );
}

/** Bytes still missing of the answer that `text` begins, or below zero while its head is not whole. */
function missing(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  const length = /content-length: (\d+)/i.exec(text.slice(0, end));
  return length === null ? 0 : end + 4 + Number(length[1]) - text.length;
}

/** Opens connections and keeps each busy with `next(n)` until `total` requests are answered: rate and latencies in ms. */
export async function load({ port, connections, total, next }) {
  const latencies = new Float64Array(total);
  const sockets = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise((done, fail) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => done(socket));
          socket.once('error', fail);
        }),
    ),
  );
  let asked = 0;
  let answered = 0;
  const from = performance.now();
  await new Promise((done, fail) => {
    for (const socket of sockets) {
      let left = -1;
      let head = '';
      let since = 0;
      const ask = () => {
        if (asked === total) return;
        left = -1;
        head = '';
        since = performance.now();
        socket.write(next(asked++));
      };
      socket.on('data', (chunk) => {
        if (left < 0) {
          head += chunk.latin1Slice();
          left = missing(head);
          if (left >= 0 && !/^HTTP\/1.1 20[01]/.test(head)) fail(new Error(head.slice(0, 300)));
        } else left -= chunk.length;
        if (left !== 0) return;
        latencies[answered++] = performance.now() - since;
        if (answered === total) done();
        else ask();
      });
      socket.once('error', fail);
      ask();
    }
  });
  const seconds = (performance.now() - from) / 1000;
  for (const socket of sockets) socket.destroy();
  latencies.sort();
  return { rate: total / seconds, p50: latencies[total >> 1], p99: latencies[Math.floor(total * 0.99)] };
}
