// The chaos run: a real etcd behind a proxy, the real agent before it, and blow after blow; between them quiet moments in
// which every file must say what the store holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { Proxy } from '../../helpers/proxy.mjs';
import { startEtcd } from '../support/etcd.mjs';
import { Watched } from './agent.mjs';
import { blows } from './blows.mjs';
import { folders, places } from './resources.mjs';
import { V2, V3 } from './stores.mjs';

const apis = new Map([
  ['v2', V2],
  ['v3', V3],
]);
/** Keys that expire live no longer than this. */
const longestLifeSeconds = 2;
/** Everything must be right so long after the last blow: a half-open connection is noticed, the longest pause is over. */
const settledMs = 90_000;

/** What the blows can see and touch. */
class World {
  writes = 0;
  #resting = null;
  #writing = null;
  #ended = false;

  constructor(parts, random) {
    Object.assign(this, parts);
    this.random = random;
  }

  between(from, to) {
    return from + Math.floor(this.random() * (to - from));
  }

  pick(from) {
    return from[this.between(0, from.length)];
  }

  /** One write, delete or short-lived key. What the store refuses (it may be down) is no write. */
  async write() {
    const { store } = this;
    const value = () => `s3cret ${this.pick(['', 'é ', '"q" ', '<&> '])}${this.writes}`;
    const chance = this.random();
    if (chance < 0.75) await store.put(this.pick(places), value());
    else if (chance < 0.85) await store.remove(this.pick(places));
    else if (chance < 0.88) await store.remove(this.pick(folders));
    else await store.put(this.pick(places), value(), this.between(1, longestLifeSeconds + 1));
    this.writes += 1;
  }

  /** Writes without end, now and then a burst. */
  async writeOn() {
    while (!this.#ended) {
      await this.#resting;
      const count = this.random() < 0.05 ? this.between(10, 80) : 1;
      this.#writing = Promise.allSettled(Array.from({ length: count }, () => this.write()));
      await this.#writing;
      await sleep(this.between(0, 120));
    }
  }

  /** Does something while nobody writes. */
  async writersRest(deed) {
    let wake;
    this.#resting = new Promise((resolve) => (wake = resolve));
    await this.#writing;
    try {
      return await deed();
    } finally {
      this.#resting = null;
      wake();
    }
  }

  end() {
    this.#ended = true;
  }
}

/** Runs for so many minutes. `tell` gets a line per round; resolves to the figures and what was violated. */
export async function chaos({ api, minutes, seed, binary, tell }) {
  const etcd = await startEtcd({ program: binary, v2: api === 'v2' });
  const proxy = await Proxy.to(etcd.port);
  const Store = apis.get(api);
  const store = new Store(etcd);
  const agent = new Watched(store.backend, proxy.url, []);
  const world = new World({ etcd, proxy, store, agent }, randomFrom(seed));
  const began = Date.now();
  const violations = [];
  const told = new Map();
  let longest = 0;
  let rounds = 0;
  agent.start();
  const writing = world.writeOn();
  try {
    while (Date.now() - began < minutes * 60_000 && violations.length === 0) {
      rounds += 1;
      const names = Array.from({ length: world.between(1, 4) }, () => weighted(world));
      for (const name of names) {
        told.set(name, (told.get(name) ?? 0) + 1);
        await sleep(world.between(100, 2000));
        await blows.get(name)[1](world);
      }
      await sleep(world.between(0, 1000));
      const { took, faults } = await world.writersRest(() => settle(world));
      longest = Math.max(longest, took);
      violations.push(...faults.map((fault) => `round ${rounds} (${names.join(', ')}): ${fault}`));
      tell(
        `${Math.round((Date.now() - began) / 1000)} s, round ${rounds}: ${names.join(', ')}: right after ${took} ms`,
      );
    }
  } catch (error) {
    violations.push(`round ${rounds}: ${error.stack}`);
  }
  world.end();
  const seconds = (Date.now() - began) / 1000;
  const { cpuSeconds } = agent;
  if (agent.program.alive()) await agent.end('SIGTERM').catch((error) => violations.push(error.message));
  await writing;
  await proxy.close();
  await etcd.stop('SIGKILL');
  const figures = {
    ...{ api, seed, seconds: Math.round(seconds), rounds, writes: world.writes, blows: Object.fromEntries(told) },
    ...{ checks: agent.count('checks'), reloads: agent.count('reloads'), starts: agent.starts },
    ...{ reloadsForgottenByAnEndOfTheAgent: agent.forgotten.size, longestMsUntilRight: longest },
    ...{
      cpuPercent: Number(((cpuSeconds / seconds) * 100).toFixed(2)),
      mostMiB: Math.round(agent.mostBytes / 2 ** 20),
    },
    ...{ connections: proxy.attempts, complaints: agent.complaints },
  };
  return { figures, violations, folder: agent.folder };
}

/** Ends all faults and waits until every file says what the store holds; then nothing may move any more. */
async function settle(world) {
  const { proxy, agent, store } = world;
  proxy.heal();
  const began = Date.now();
  await sleep(longestLifeSeconds * 1000 + 1500);
  let wrong = agent.wrong(await store.content());
  while (wrong.length > 0 && Date.now() - began < settledMs) {
    await sleep(50);
    wrong = agent.wrong(await store.content());
  }
  const took = Date.now() - began;
  await sleep(1500);
  agent.keepLog();
  agent.sample();
  const still = wrong.length > 0 ? wrong : agent.wrong(await store.content());
  const faults = still.map(
    ({ name, text, expected }) => `${name} says ${JSON.stringify(text)}, not ${JSON.stringify(expected)}`,
  );
  return { took, faults: [...faults, ...agent.faults()] };
}

function weighted(world) {
  const all = [...blows].flatMap(([name, [weight]]) => Array.from({ length: weight }, () => name));
  return world.pick(all);
}

/** mulberry32 */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
