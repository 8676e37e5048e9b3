// A TCP proxy that counts what passes and can cut the line.
import { connect, createServer } from 'node:net';

/** Forwards to 127.0.0.1:`target`. `received` counts bytes that came back from there. */
export class Proxy {
  received = 0;
  sent = 0;
  paused = false;
  #pairs = new Set();
  #stranded = [];
  #server;

  constructor(target) {
    this.target = target;
    this.#server = createServer((near) => this.#join(near));
  }

  async listen() {
    await new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  #join(near) {
    const far = connect(this.target, '127.0.0.1');
    const pair = { near, far };
    this.#pairs.add(pair);
    near.on('data', (bytes) => ((this.sent += bytes.length), far.write(bytes)));
    far.on('data', (bytes) => ((this.received += bytes.length), near.write(bytes)));
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.once('close', end);
      socket.on('error', end);
      if (this.paused) socket.pause();
    }
  }

  /** A partition: connections stay open and nothing passes any more. */
  pause() {
    this.paused = true;
    for (const { near, far } of this.#pairs) (near.pause(), far.pause());
  }

  resume() {
    this.paused = false;
    for (const { near, far } of this.#pairs) (near.resume(), far.resume());
  }

  /** Today's connections carry nothing any more and never end; new ones work. */
  strand() {
    for (const { near, far } of this.#pairs) (near.pause(), far.pause());
    this.#stranded.push(...this.#pairs);
    this.#pairs = new Set();
  }

  /** Resets every connection; new ones are accepted. */
  cut() {
    for (const { near, far } of this.#pairs) (near.resetAndDestroy(), far.destroy());
  }

  async close() {
    this.cut();
    for (const { near, far } of this.#stranded) (near.destroy(), far.destroy());
    await new Promise((done) => this.#server.close(done));
  }
}
