// npm run soak:minietcd -- --minutes 30 [--out docs/soak] [--disk DIR]
// Drives a mini-etcd with PUT, GET, compare-and-swap and watches, and draws its memory, descriptors and latency.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMini } from '../../fuzz/minietcd/mini.mjs';
import { described, drive } from './load.mjs';
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
  const { events, failures, reads, writes } = load.take();
  rows.push({
    seconds: Math.round((Date.now() - began) / 1000),
    rss_mb: await memory(mini.pid),
    descriptors: (await readdir(`/proc/${mini.pid}/fd`)).length,
    disk_mb: await bytesBelow(join(folder, 'data')).then((bytes) => Math.round(bytes / 1e5) / 10),
    requests_per_second: Math.round((reads.length + writes.length) / Number(values.every)),
    read_p50_ms: at(reads, 0.5),
    read_p99_ms: at(reads, 0.99),
    read_max_ms: at(reads, 1),
    write_p50_ms: at(writes, 0.5),
    write_p99_ms: at(writes, 0.99),
    write_max_ms: at(writes, 1),
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
const sum = (name) => rows.reduce((total, row) => total + Number(row[name]), 0);
const requests = (sum('requests_per_second') * Number(values.every)) / 1e6;
const failures = sum('failures');
const summary = `${described}: ${requests.toFixed(1)} million requests, ${failures} failed; ${sum('events').toLocaleString('en')} events, ${missed} missed`;
await writeFile(`${values.out}.svg`, plot(rows, `mini-etcd for ${values.minutes} minutes at full load`, summary));
console.log(`${rows.length} samples; ${summary}: ${values.out}.csv, ${values.out}.svg`);
process.exitCode = failures + missed === 0 ? 0 : 1;

function at(sorted, share) {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

async function bytesBelow(path) {
  const names = await readdir(path, { recursive: true });
  // What is deleted meanwhile counts for nothing.
  const sizes = names.map((name) =>
    stat(join(path, name)).then(
      (one) => (one.isFile() ? one.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

async function memory(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'latin1'));
  return Math.round(Number(kilobytes) / 102.4) / 10;
}
