import { Agent, request } from 'node:http';

const writers = 16;
const readers = 16;
const watchers = 100;
const keys = 1000;

/** The load in words. */
export const described = `${writers} writers and ${readers} readers on ${keys.toLocaleString('en')} keys, ${watchers} long polls`;

/** Drives a server until stopped: each worker waits for its answer before it asks again. */
export function drive({ host, port }) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const none = () => ({ events: 0, failures: 0, reads: [], writes: [] });
  let count = none();
  let running = true;
  let missed = 0;
  const ask = (method, path, form) => send({ host, port, agent, method, path: `/v2/keys${path}` }, form);

  async function timed(method, ...words) {
    const start = performance.now();
    const answer = await ask(method, ...words).catch(() => ({ status: 0, body: '' }));
    count[method === 'GET' ? 'reads' : 'writes'].push(performance.now() - start);
    if (running && (answer.status === 0 || answer.status >= 500)) count.failures++;
    return answer;
  }

  async function write(n) {
    for (let round = 0; running; round++) {
      const key = `/soak/${(n * 61 + round * 7) % keys}`;
      if (round % 10 === 0) await timed('PUT', key, `value=${round}&ttl=30`);
      else if (round % 10 === 1) await swap(n);
      else if (round % 97 === 2) await timed('DELETE', `${key}?recursive=true`);
      else await timed('PUT', key, `value=${'x'.repeat(64 + (round % 192))}`);
    }
  }

  /** A counter of its own for each worker: a lost update shows as a failure. */
  async function swap(n) {
    const { body } = await timed('GET', `/counter/${n}`);
    const value = JSON.parse(body || '{}').node?.value;
    if (value === undefined) await timed('PUT', `/counter/${n}`, 'value=0');
    else if ((await timed('PUT', `/counter/${n}?prevValue=${value}`, `value=${Number(value) + 1}`)).status !== 200)
      count.failures += running ? 1 : 0;
  }

  async function read(n) {
    for (let round = 0; running; round++) {
      await timed('GET', round % 200 === 0 ? '/soak?recursive=true' : `/soak/${(n * 13 + round) % keys}`);
      await pause(2);
    }
  }

  /** Writes a key of its own and asks for that event by its index; it must be the value that was written. */
  async function watch(n) {
    const path = `/watched/${n}`;
    for (let value = 1; running; value++) {
      const hearing = ask('GET', `${path}?wait=true`).catch(() => undefined);
      await pause(500);
      const written = await ask('PUT', path, `value=${value}`).catch(() => undefined);
      const heard = await hearing;
      if (!running || written === undefined) break;
      if (JSON.parse(heard?.body || '{}').node?.value !== String(value)) missed++;
      count.events++;
      await pause(500 + n);
    }
  }

  const times = (n, work) => Array.from({ length: n }, (_, k) => work(k));
  const all = [...times(writers, write), ...times(readers, read), ...times(watchers, watch)];
  return {
    /** What happened since the last call; latencies in ms, shortest first. */
    take() {
      const taken = count;
      count = none();
      for (const latencies of [taken.reads, taken.writes]) latencies.sort((a, b) => a - b);
      return taken;
    },
    async stop() {
      running = false;
      await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, 3000))]);
      agent.destroy();
      return missed;
    },
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function send(options, form) {
  const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const call = request({ ...options, headers }, (answer) => {
      let body = '';
      answer.setEncoding('latin1');
      answer.on('data', (chunk) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
      answer.on('error', reject);
    });
    call.on('error', reject);
    call.end(form);
  });
}
