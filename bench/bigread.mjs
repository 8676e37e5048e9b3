// One pass over many keys of etcd v3: what it costs the server, how long it takes, and the memory that the agent needs.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../test/peers/support/etcd.mjs';
import { cpu, flagsFor, hasEtcd, listAll, manyTemplates, median, row, startStore, v3agents } from './measure.mjs';

export const title = 'One pass over many keys of etcd v3';
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'before', label: 'the release before' },
  { name: 'go', label: 'confd master' },
];

/** How many keys, and how often each agent has its turn. */
const sizes = [
  [10_000, 20],
  [100_000, 7],
  [1_000_000, 3],
];
const putsInTxn = 128;
const most = { cpu: 1.3, ms: 0.7 };

/** CONFD_BEFORE names an earlier build of ours. */
function contestants() {
  const named = v3agents.map((agent) => (agent.name === 'ours' ? agent : { ...agent, name: 'go' }));
  const before = process.env.CONFD_BEFORE;
  return before === undefined ? named : [...named, { ...named[0], name: 'before', path: before }];
}

export async function run() {
  if (!hasEtcd) {
    console.log('bigread: without etcd there is no v3 API to read');
    return [];
  }
  const rows = [];
  for (const [keys, rounds] of sizes) rows.push(...(await measure(keys, rounds)));
  return rows;
}

async function measure(keys, rounds) {
  const store = await startStore();
  await fill(store, keys);
  const folder = manyTemplates(1, listAll, '/bench');
  const dest = join(folder, 'out/0.conf');
  const agents = contestants();
  const seen = new Map(agents.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const agent of agents) {
      rmSync(dest, { force: true });
      const before = cpu(store.program.pid);
      const { ms, mib } = await watched(agent.path, flagsFor(agent, folder, store.url, ['-onetime']));
      const used = cpu(store.program.pid) - before;
      const lines = existsSync(dest) ? readFileSync(dest, 'latin1').split('\n').length - 1 : 0;
      if (lines !== keys) console.log(`${agent.name} wrote ${lines} lines of ${keys}: not counted`);
      // The first round warms the caches of files and of the server.
      else if (round >= 0) seen.get(agent.name).push({ ms, mib, cpu: used });
    }
  }
  await store.stop();
  const numbers = (pick) => Object.fromEntries(agents.map(({ name }) => [name, pick(seen.get(name))]));
  // In steps of 10 ms: the mean of many is finer than any of them.
  const mean = (all) => (all.length === 0 ? undefined : all.reduce((sum, { cpu }) => sum + cpu, 0) / all.length);
  const of = `${keys.toLocaleString('en')} keys:`;
  return [
    share(`${of} CPU of the server`, numbers(mean), most.cpu),
    share(
      `${of} wall time`,
      numbers((all) => median(all.map(({ ms }) => ms))),
      most.ms,
    ),
    memoryRow(
      `${of} highest RSS`,
      numbers((all) => median(all.map(({ mib }) => mib))),
    ),
  ];
}

function share(what, numbers, limit) {
  const pass = numbers.go === undefined ? undefined : numbers.ours <= limit * numbers.go;
  return row(what, 'ms', numbers, `≤ ${limit} of Go's`, pass);
}

function memoryRow(what, numbers) {
  const known = [numbers.go, numbers.before].filter((number) => number !== undefined);
  const pass = known.length === 0 ? undefined : numbers.ours <= Math.max(...known);
  return row(what, 'MiB', numbers, '≤ the larger other', pass);
}

/** Puts `/bench/k0000000` … by the v3 API, many in a transaction. */
async function fill(store, keys) {
  const encode = (text) => Buffer.from(text).toString('base64');
  let next = 0;
  const work = async () => {
    while (next < keys) {
      const from = next;
      next = Math.min(from + putsInTxn, keys);
      const puts = Array.from({ length: next - from }, (_, i) => ({
        request_put: {
          key: encode(`/bench/k${String(from + i).padStart(7, '0')}`),
          value: encode(`value-${from + i}`),
        },
      }));
      const form = JSON.stringify({ success: puts });
      const { status, body } = await ask('POST', `${store.url}/v3/kv/txn`, { form, agent: store.agent });
      if (status !== 200) throw new Error(`putting keys: ${status} ${body}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** One run of a program: wall time in ms and its highest RSS in MiB, as seen every 10 ms. */
function watched(command, args) {
  return new Promise((done, fail) => {
    const from = performance.now();
    const child = spawn(command, args, { stdio: 'ignore' });
    let mib = 0;
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
        mib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? mib * 1024) / 1024;
      } catch {
        // It has just ended.
      }
    }, 10);
    child.once('error', fail);
    child.once('exit', () => {
      clearInterval(timer);
      done({ ms: performance.now() - from, mib });
    });
  });
}
