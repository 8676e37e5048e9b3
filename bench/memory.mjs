// Memory with 10,000 keys, and over 20,000 changes of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../test/peers/support/process.mjs';
import { listAll, manyTemplates, pairs, quiet, row, rss, startStore, startWatching, v2agents } from './measure.mjs';

export const title = 'Memory, one template over 10,000 keys';
const keys = 10_000;
const changes = 20_000;
const samples = 80;

/** RSS is a saw-tooth of garbage; what leaks lifts its floor. From the third quarter to the last one. */
function floorRise(sizes) {
  const quarter = sizes.length / 4;
  return Math.min(...sizes.slice(3 * quarter)) - Math.min(...sizes.slice(2 * quarter, 3 * quarter));
}

async function measure(store, agent) {
  const program = await startWatching(agent, manyTemplates(1, listAll, '/bench'), store.url);
  const begin = rss(program.pid);
  const sizes = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const each = changes / samples;
    for (let n = 0; n < each; n += 1) {
      const number = (sample * each + n) % keys;
      await store.put(`/bench/k${String(number).padStart(6, '0')}`, `${agent.name}-${sample}`);
    }
    sizes.push(rss(program.pid));
  }
  // The last change, alone: the Go confd may have missed those before it.
  await quiet(program.pid);
  await store.put('/bench/k000000', 'last');
  const dest = join(program.out, '0.conf');
  await waitFor(
    `${agent.name}: the last change`,
    () => readFileSync(dest, 'latin1').startsWith('/bench/k000000=last\n'),
    60_000,
  );
  await quiet(program.pid);
  const end = rss(program.pid);
  await program.stop();
  // The first half is a heap finding its size.
  const growth = (floorRise(sizes) * 1000) / (changes / 4);
  return { begin, highest: Math.max(begin, end, ...sizes), growth };
}

export async function run() {
  const store = await startStore();
  await store.putAll(pairs(keys));
  const numbers = { begin: {}, highest: {}, growth: {} };
  for (const agent of v2agents) {
    for (const [what, number] of Object.entries(await measure(store, agent))) numbers[what][agent.name] = number;
  }
  await store.stop();
  return [
    row('RSS after the first render', 'MiB', numbers.begin, '< 110 MiB', numbers.begin.ours < 110),
    row(
      `highest RSS over ${changes.toLocaleString('en')} changes`,
      'MiB',
      numbers.highest,
      '< 110 MiB',
      numbers.highest.ours < 110,
    ),
    row('rise of its floor per 1,000 changes, second half', 'MiB', numbers.growth, '< 1 MiB', numbers.growth.ours < 1),
  ];
}
