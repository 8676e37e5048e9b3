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

const lastChunk = '\r\n0\r\n\r\n';

/** Takes in one answer: `take` is true once it is whole. */
class Answer {
  head = '';
  left = -1; // below zero while the head is not whole
  tail = '';

  take(chunk) {
    if (this.left >= 0) {
      this.left -= chunk.length;
      if (this.isChunked) this.tail = (this.tail + chunk.latin1Slice(Math.max(0, chunk.length - 7))).slice(-7);
    } else {
      this.head += chunk.latin1Slice();
      const end = this.head.indexOf('\r\n\r\n');
      if (end < 0) return false;
      const length = /content-length: (\d+)/i.exec(this.head.slice(0, end));
      this.isChunked = length === null;
      this.left = this.isChunked ? Infinity : end + 4 + Number(length[1]) - this.head.length;
      this.tail = this.head.slice(-7);
      if (!/^HTTP\/1.1 20[01]/.test(this.head)) throw new Error(this.head.slice(0, 300));
    }
    return this.left === 0 || (this.isChunked && this.tail === lastChunk);
  }
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
      let answer;
      let since = 0;
      const ask = () => {
        if (asked === total) return;
        answer = new Answer();
        since = performance.now();
        socket.write(next(asked++));
      };
      socket.on('data', (chunk) => {
        if (!answer.take(chunk)) return;
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
  return {
    rate: total / seconds,
    p50: latencies[total >> 1],
    p99: latencies[Math.floor(total * 0.99)],
    most: latencies[total - 1],
  };
}
