// npm run fuzz:minietcd -- --seconds 60 --url http://127.0.0.1:PORT [--seed 7] [--sequences 10000]
// Sends random request sequences to a real etcd 3.4 (--enable-v2) at --url and to ours, and compares every answer.
import { parseArgs } from 'node:util';
import { generate } from './generate.mjs';
import { startMini } from './mini.mjs';
import { compare } from './compare.mjs';
import { shrink } from './shrink.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    sequences: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    url: { type: 'string' },
  },
});
if (values.url === undefined) throw new Error('--url http://127.0.0.1:PORT of an etcd with the v2 API is needed');

const mini = await startMini();
const { hostname, port } = new URL(values.url);
const servers = { real: { host: hostname, port: Number(port) }, mini };
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
await mini.stop();
process.exitCode = found === 0 ? 0 : 1;
