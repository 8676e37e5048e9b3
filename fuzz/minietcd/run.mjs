// npm run fuzz:minietcd -- [--seconds 60] [--sequences 10000] [--seed 7] [--etcd /usr/bin/etcd]
// Sends random request sequences to a real etcd 3.4 and to ours, and compares every answer and every event.
import { parseArgs } from 'node:util';
import { compare } from './compare.mjs';
import { generate } from './generate.mjs';
import { origins } from './manners.mjs';
import { startMini } from './mini.mjs';
import { startReal } from './real.mjs';
import { shrink } from './shrink.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: 'Infinity' },
    sequences: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    etcd: { type: 'string', default: 'etcd' },
  },
});

const real = await startReal(values.etcd, [`--cors=${origins.join()}`]);
const mini = await startMini(['-in-memory', '-cors', origins.join()]);
const servers = { real, mini };
const end = Date.now() + Number(values.seconds) * 1000;
let [sequences, requests, found] = [0, 0, 0];
console.log(`seed ${values.seed}`);
while (Date.now() < end && sequences < Number(values.sequences) && found < 10) {
  const seed = Number(values.seed) * 1_000_003 + sequences;
  const steps = generate(seed);
  const difference = await compare(servers, steps);
  sequences++;
  requests += steps.length;
  if (difference === undefined) continue;
  // What differs once and never again was a matter of time, not of the server.
  if ((await compare(servers, steps)) === undefined) continue;
  found++;
  const least = await shrink(steps, async (fewer) => (await compare(servers, fewer)) !== undefined);
  const { step, real, ours } = await compare(servers, least).then((again) => again ?? difference);
  console.log(`\nsequence ${sequences} (seed ${seed}), ${least.length} of ${steps.length} requests:`);
  for (const one of least) console.log(`  ${JSON.stringify(one)}`);
  console.log(`differs at ${JSON.stringify(step)}\n  etcd: ${JSON.stringify(real)}\n  ours: ${JSON.stringify(ours)}`);
}
console.log(`${sequences} sequences, ${requests} requests, ${found} differences`);
await Promise.all([real.stop(), mini.stop()]);
process.exitCode = found === 0 ? 0 : 1;
