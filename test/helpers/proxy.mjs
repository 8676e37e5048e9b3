// A TCP proxy in front of a server, with which the network can be made to fail in every way that a network fails.
import { connect, createServer } from 'node:net';

const sliceMs = 20;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Forwards to a port of 127.0.0.1. Faults of content (slow, garble, truncate, delay) are those of the server's bytes. */
export class Proxy {
  /** Bytes that came back from the server, and bytes that went there. */
  received = 0;
  sent = 0;
  /** Requests of HTTP/1.1 that went there. */
  requests = 0;
  /** Connections that were made so far. */
  attempts = 0;
  #paused = false;
  #refusing = false;
  #bytesPerSecond = Infinity;
  #delayMs = 0;
  #change = null;
  #longest = Infinity;
  #pairs = new Set();
  #stranded = new Set();
  #server;
  #target;

  constructor(target) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
  }

  static async to(target, port = 0) {
    const proxy = new Proxy(target);
    await new Promise((done, fail) => proxy.#server.once('error', fail).listen(port, '127.0.0.1', done));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get connections() {
    return this.#pairs.size;
  }

  /** From now on connections lead to another port. */
  retarget(port) {
    this.#target = port;
  }

  /** Breaks every connection; new ones are welcome. */
  cut() {
    for (const pair of this.#pairs) sever(pair);
  }

  /** Breaks every connection, and new ones at once, until resume. */
  refuse() {
    this.#refusing = true;
    this.cut();
  }

  /** Nothing passes any more, in either direction, and nobody is told: a network that went silent. */
  pause() {
    this.#paused = true;
    for (const { near, far } of this.#pairs) (near.pause(), far.pause());
  }

  /** Ends refuse and pause. */
  resume() {
    this.#paused = false;
    this.#refusing = false;
    for (const { near, far, isCarrying } of this.#pairs) {
      near.resume();
      // What is on its way must not be overtaken.
      if (!isCarrying) far.resume();
    }
  }

  /** Today's connections carry nothing any more and never end, as behind a firewall that forgot them; new ones work. */
  strand() {
    for (const pair of this.#pairs) {
      (pair.near.pause(), pair.far.pause());
      this.#stranded.add(pair);
    }
    this.#pairs.clear();
  }

  /** The server's bytes come no faster than this, on each connection. */
  slow(bytesPerSecond) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Everything that the server says comes so much later. */
  delay(ms) {
    this.#delayMs = ms;
  }

  /** Every piece of what the server says becomes what `change` makes of it. */
  garble(change) {
    this.#change = change;
  }

  /** Every connection ends, in order, after so many bytes of the server. */
  truncate(bytes) {
    this.#longest = bytes;
  }

  /** Ends every fault; stranded connections stay what they are. */
  heal() {
    this.#bytesPerSecond = Infinity;
    this.#delayMs = 0;
    this.#change = null;
    this.#longest = Infinity;
    this.resume();
  }

  async close() {
    this.heal();
    for (const pair of [...this.#pairs, ...this.#stranded]) sever(pair);
    await new Promise((done) => this.#server.close(done));
  }

  #accept(near) {
    this.attempts += 1;
    near.on('error', () => undefined);
    if (this.#refusing) {
      reset(near);
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { near, far, passed: 0, isCarrying: false, freeAt: 0 };
    this.#pairs.add(pair);
    near.on('data', (bytes) => {
      this.sent += bytes.length;
      this.requests += countOf(bytes, ' HTTP/1.1\r\n');
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      this.received += bytes.length;
      if (this.#isFaithful) near.write(bytes);
      else void this.#carry(pair, bytes);
    });
    near.on('end', () => far.end());
    far.on('end', () => near.end());
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#pairs.delete(pair);
        this.#stranded.delete(pair);
        sever(pair);
      });
      if (this.#paused) socket.pause();
    }
  }

  get #isFaithful() {
    return this.#bytesPerSecond + this.#longest === Infinity && this.#delayMs === 0 && this.#change === null;
  }

  async #carry(pair, bytes) {
    const { near, far } = pair;
    far.pause();
    pair.isCarrying = true;
    if (this.#delayMs > 0) await sleep(this.#delayMs);
    let rest = this.#change === null ? bytes : this.#change(bytes);
    while (rest.length > 0 && !near.destroyed) {
      const size = Math.min(rest.length, Math.max(1, Math.floor((this.#bytesPerSecond * sliceMs) / 1000)));
      const slice = rest.subarray(0, Math.min(size, this.#longest - pair.passed));
      pair.passed += slice.length;
      near.write(slice);
      if (pair.passed >= this.#longest) {
        near.end();
        far.destroy();
        return;
      }
      rest = rest.subarray(slice.length);
      // Small pieces take their time together: a timer for each would make the line slower than it is.
      pair.freeAt = Math.max(pair.freeAt, performance.now()) + (slice.length / this.#bytesPerSecond) * 1000;
      if (pair.freeAt - performance.now() >= sliceMs) await sleep(pair.freeAt - performance.now());
    }
    pair.isCarrying = false;
    if (!this.#paused && !this.#stranded.has(pair)) far.resume();
  }
}

/** A change for garble: about one byte in `every` has one of its bits flipped. */
export function flips(every, random = Math.random) {
  return (bytes) => {
    const garbled = Buffer.from(bytes);
    for (let i = 0; i < garbled.length; i++) {
      if (random() * every < 1) garbled[i] ^= 1 << Math.floor(random() * 8);
    }
    return garbled;
  };
}

function countOf(bytes, text) {
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) count += 1;
  return count;
}

function sever({ near, far }) {
  (reset(near), reset(far));
}

/** Node 20 never finishes its exit after the reset of a socket that is still connecting, or ending. */
function reset(socket) {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
