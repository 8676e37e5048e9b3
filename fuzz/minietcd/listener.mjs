import { connect } from 'node:net';
import { toBytes } from './manners.mjs';
import { parseAnswer } from './wire.mjs';

/** A watch on a connection of its own, which hears what other requests do. */
export class Listener {
  constructor(place, step) {
    this.step = step;
    this.text = '';
    this.ended = false;
    this.socket = connect(place, () => this.socket.write(toBytes(step).join(''), 'latin1'));
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.text += chunk;
      this.wake?.();
    });
    this.socket.on('close', () => {
      this.ended = true;
      this.wake?.();
    });
  }

  /** The head of the answer; the body, which may come at any time, is heard. */
  async opened() {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const answer = parseAnswer(this.text, 'GET', this.ended);
      if (answer !== undefined) return { ...answer, body: answer.status === '200 OK' ? '' : answer.body };
      if (this.ended || Date.now() > deadline) return { status: 'no answer', headers: {}, body: this.text };
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The events so far. */
  get events() {
    const { status, body } = parseAnswer(this.text, 'GET', this.ended) ?? {};
    return status === '200 OK' ? body.split('\n').slice(0, -1) : [];
  }

  close() {
    this.socket.destroy();
  }
}
