// One pass over 100,000 keys of etcd v2, one template that prints them all.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flagsFor, listAll, manyTemplates, median, pairs, shareRow, startStore, time, v2agents } from './measure.mjs';

export const title = 'One pass over 100,000 keys of etcd v2';
const keys = 100_000;
const runs = 5;

export async function run() {
  const store = await startStore();
  await store.putAll(pairs(keys));
  const folder = manyTemplates(1, listAll, '/bench');
  const dest = join(folder, 'out/0.conf');
  const times = new Map(v2agents.map(({ name }) => [name, []]));
  for (let n = 0; n < runs; n += 1) {
    for (const agent of v2agents) {
      rmSync(dest, { force: true });
      times.get(agent.name).push(await time(agent.path, flagsFor(agent, folder, store.url, ['-onetime'])));
      const lines = readFileSync(dest, 'latin1').split('\n').length - 1;
      if (lines !== keys) throw new Error(`${agent.name} wrote ${lines} lines instead of ${keys}`);
    }
  }
  await store.stop();
  const numbers = Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
  return [shareRow('`confd -onetime`, wall time', 'ms', numbers, 0.6)];
}
