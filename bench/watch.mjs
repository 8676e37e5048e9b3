// Watch mode, one template over 10,000 keys: from a put to the file, and what a change costs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../test/peers/support/process.mjs';
import { changed, cpu, listAll, manyTemplates, median, pairs } from './measure.mjs';
import { shareRow, startStore, startWatching, v2agents } from './measure.mjs';

export const title = 'Watch, one template over 10,000 keys, one key changes';
const keys = 10_000;
const changes = 40;

export async function run() {
  const store = await startStore();
  await store.putAll(pairs(keys));
  const latency = {};
  const cost = {};
  for (const agent of v2agents) {
    const program = await startWatching(agent, manyTemplates(1, listAll, '/bench'), store.url);
    const dest = join(program.out, '0.conf');
    const times = [];
    const before = cpu(program.pid);
    for (let n = 0; n < changes; n += 1) {
      // The last key, so that the file is known to be whole.
      const value = `${agent.name}-${n}`;
      const seen = changed(dest, 30_000, () => readFileSync(dest, 'latin1').endsWith(`=${value}\n`));
      const from = performance.now();
      await store.put(`/bench/k${String(keys - 1).padStart(6, '0')}`, value);
      const until = await seen;
      if (until === undefined) throw new Error(`${agent.name} did not write ${value}`);
      times.push(until - from);
      // The Go confd misses what changes while it is not waiting: give it time to wait again.
      await sleep(150);
    }
    latency[agent.name] = median(times);
    cost[agent.name] = (cpu(program.pid) - before) / changes;
    await program.stop();
  }
  await store.stop();
  return [shareRow('put to file, median', 'ms', latency, 0.2), shareRow('CPU per change', 'ms', cost, 0.2)];
}
