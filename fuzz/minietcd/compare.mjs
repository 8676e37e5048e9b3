import { Listener } from './listener.mjs';
import { plain, plainEvents } from './plain.mjs';
import { Wire } from './wire.mjs';

let trees = 0;

/** How long the events of one server may come after those of the other. */
const latestEventMs = 400;

/** Sends the same steps to both servers, each in an empty tree; the first answers that differ, or undefined. */
export async function compare(servers, steps) {
  const root = `/fuzz${process.pid}-${trees++}`;
  const sides = await Promise.all([open(servers.real, root), open(servers.mini, root)]);
  try {
    for (const batch of batches(steps)) {
      const [theirs, ours] = await Promise.all(sides.map((side) => side.ask(batch)));
      const at = batch.findIndex((step, i) => !isRandom(step, theirs[i]) && differ(theirs[i], ours[i]));
      if (at >= 0) return { step: batch[at], real: theirs[at], ours: ours[at] };
    }
    await Promise.all(sides.map((side) => side.clear()));
    return await compareHeard(sides, steps);
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

function differ(one, other) {
  return JSON.stringify(one) !== JSON.stringify(other);
}

/** Steps that are sent at once. */
function batches(steps) {
  const all = [];
  for (const step of steps) {
    const last = all.at(-1);
    if (step.manner?.together && last?.[0].manner?.together) last.push(step);
    else all.push([step]);
  }
  return all;
}

/** A listing that nobody asked to sort comes in another order each time. */
function isRandom({ target }, { body = '' } = {}) {
  return body.includes('"nodes":[') && !/sorted=(true|1|t|T|TRUE|True)\b/.test(target);
}

async function compareHeard(sides, steps) {
  const watches = steps.filter(({ listen }) => listen);
  for (const [i, step] of watches.entries()) {
    const deadline = Date.now() + latestEventMs;
    for (;;) {
      const [real, ours] = sides.map((side) => side.heard(i));
      if (!differ(real, ours)) break;
      if (Date.now() > deadline) return { step, real, ours };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  return undefined;
}

async function open(place, root) {
  const wire = new Wire(place);
  const listeners = [];
  const one = async (method, target) => (await wire.exchange([{ method, target, type: '', body: '' }]))[0];
  const start = Number((await one('HEAD', '/v2/keys/')).headers['x-etcd-index']);
  let index = start;
  const fill = (text) =>
    text
      .replaceAll('{root}', root)
      .replace(/\{index([+-]\d+)?\}/g, (_, shift = '0') => String(Math.max(start + 1, index + Number(shift))));
  const filled = (step) => ({ ...step, target: fill(step.target), body: fill(step.body) });
  const listen = async (step) => {
    const listener = new Listener(place, filled(step));
    listeners.push(listener);
    return [await listener.opened()];
  };
  return {
    async ask(steps) {
      const answers = await (steps[0].listen ? listen(steps[0]) : wire.exchange(steps.map(filled)));
      for (const { headers } of answers) index = Math.max(index, Number(headers['x-etcd-index'] ?? 0));
      return answers.map((answer, i) => plain(answer, start, steps[i]));
    },
    heard: (i) => plainEvents(listeners[i].events, start, listeners[i].step),
    clear: () => one('DELETE', `/v2/keys${root}?recursive=true`),
    async close() {
      await one('DELETE', `/v2/keys${root}?recursive=true`);
      wire.close();
      for (const listener of listeners) listener.close();
    },
  };
}
