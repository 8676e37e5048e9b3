// npm run soak:minietcd -- --minutes 30 [--out docs/soak] [--disk DIR]
// Drives a mini-etcd with PUT, GET, compare-and-swap and watches, and draws its memory, descriptors and latency.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMini } from '../../fuzz/minietcd/mini.mjs';
import { drive } from './load.mjs';
import { plot } from './plot.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    out: { type: 'string', default: 'docs/soak' },
    every: { type: 'string', default: '5' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'soak-'));
const mini = await startMini(['-data-dir', join(folder, 'data')]);
const load = drive(mini);
const everyMs = Number(values.every) * 1000;
const rounds = Math.ceil((Number(values.minutes) * 60_000) / everyMs);
const rows = [];
const began = Date.now();
for (let round = 1; round <= rounds; round++) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + round * everyMs - Date.now())));
  const { requests, events, failures, latencies } = load.take();
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  rows.push({
    seconds: Math.round((Date.now() - began) / 1000),
    rss_mb: await memory(mini.pid),
    descriptors: (await readdir(`/proc/${mini.pid}/fd`)).length,
    requests_per_second: Math.round(requests / Number(values.every)),
    p50_ms: at(0.5).toFixed(2),
    p99_ms: at(0.99).toFixed(2),
    max_ms: at(1).toFixed(2),
    events,
    failures,
  });
  if (round % 12 === 0) console.log(JSON.stringify(rows.at(-1)));
}
const missed = await load.stop();
await mini.stop();
await rm(folder, { recursive: true });
const names = Object.keys(rows[0]);
await writeFile(
  `${values.out}.csv`,
  `${names.join(',')}\n${rows.map((row) => names.map((n) => row[n]).join(',')).join('\n')}\n`,
);
await writeFile(`${values.out}.svg`, plot(rows));
const failures = rows.reduce((sum, row) => sum + row.failures, 0);
console.log(
  `${rows.length} samples, ${failures} failed requests, ${missed} events missed: ${values.out}.csv, ${values.out}.svg`,
);
process.exitCode = failures + missed === 0 ? 0 : 1;

async function memory(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'latin1'));
  return Math.round(Number(kilobytes) / 102.4) / 10;
}
