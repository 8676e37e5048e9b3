import { connect } from 'node:net';
import { toBytes } from './manners.mjs';

/** How long an answer may take. */
const longestMs = 10_000;

/** @typedef {{status: string, headers: Record<string, string>, body: string, whole?: boolean, length?: number, closes?: boolean}} Answer */

/** HTTP by hand on one connection, which is opened again whenever the server has closed it. */
export class Wire {
  constructor(place) {
    this.place = place;
  }

  close() {
    this.socket?.destroy();
  }

  /**
   * Sends requests at once, and takes in their answers; those that come after the end of the connection are left out.
   * @param {import('./manners.mjs').Request[]} steps
   * @returns {Promise<Answer[]>}
   */
  async exchange(steps) {
    if (this.socket === undefined || this.socket.destroyed || this.ended) this.#connect();
    this.text = '';
    const waits = steps[0].manner?.expect !== undefined && steps.length === 1;
    if (waits) await this.#sendInParts(steps[0]);
    else this.socket.write(steps.map((step) => toBytes(step).join('')).join(''), 'latin1');
    const answers = [];
    for (const step of steps) {
      const answer = await this.#answer(step);
      answers.push(answer);
      if (await this.#isOver(step, answer)) break;
    }
    if (waits) this.close(); // whether the body was read is the server's business
    return answers;
  }

  /** The body is sent once the server asks for it. */
  async #sendInParts(step) {
    const [head, body] = toBytes(step);
    this.socket.write(head, 'latin1');
    const deadline = Date.now() + longestMs;
    while (!this.text.includes('\r\n\r\n') && !this.ended && Date.now() < deadline) await this.#more(1000);
    if (this.text.startsWith('HTTP/1.1 100 ')) this.socket.write(body, 'latin1');
  }

  /** @returns {Promise<Answer>} */
  async #answer({ method, patience = 0 }) {
    const deadline = Date.now() + longestMs;
    let patient;
    for (;;) {
      const answer = parseAnswer(this.text, method, this.ended);
      if (answer?.whole) {
        this.text = this.text.slice(answer.length);
        return answer;
      }
      if (answer !== undefined && patience > 0) {
        patient ??= Date.now() + patience;
        if (Date.now() > patient) {
          this.close();
          this.ended = true;
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

  /**
   * Whether the connection ends with an answer; where HTTP says so, the server is given a moment to do it.
   * @param {import('./manners.mjs').Request} step
   */
  async #isOver(step, answer) {
    const { connection = '' } = answer.headers;
    const promised = step.manner?.version === '1.0' ? !/keep-alive/i.test(connection) : /close/i.test(connection);
    const deadline = Date.now() + 500;
    while (promised && !this.ended && Date.now() < deadline) await this.#more(50);
    answer.closes = this.ended;
    return promised || this.ended;
  }

  #connect() {
    const socket = connect(this.place);
    this.socket?.destroy();
    this.socket = socket;
    this.ended = false;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      if (this.socket === socket) this.text += chunk;
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

/**
 * The first answer in a text, as far as it is there; undefined before the end of its head.
 * @returns {Answer | undefined}
 */
export function parseAnswer(received, method, ended) {
  const [interim] = /^(?:HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)*/.exec(received);
  const text = received.slice(interim.length);
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start, ...lines] = text.slice(0, end).split('\r\n');
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = start.slice('HTTP/1.1 '.length);
  const body = bodyOf(text.slice(end + 4), { status, headers, method, ended });
  return { status, headers, ...body, length: interim.length + end + 4 + body.taken };
}

function bodyOf(rest, { status, headers, method, ended }) {
  if (method === 'HEAD' || status.startsWith('204')) return { body: '', whole: true, taken: 0 };
  if (headers['transfer-encoding'] === 'chunked') return unchunk(rest);
  const length = headers['content-length'];
  if (length === undefined) return { body: rest, whole: ended, taken: rest.length };
  return { body: rest.slice(0, Number(length)), whole: rest.length >= Number(length), taken: Number(length) };
}

function unchunk(rest) {
  let body = '';
  for (let at = 0; ;) {
    const line = rest.indexOf('\r\n', at);
    const size = parseInt(rest.slice(at, line), 16);
    if (line < 0 || rest.length < line + 4 + size) return { body, whole: false, taken: at };
    if (size === 0) return { body, whole: true, taken: line + 4 };
    body += rest.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
