// A fleet on one etcd: what one change costs the store. A thousand of our agents run in one process; of the Go confd, which
// is a process each, so many run as fit and the numbers are those of a thousand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Proxy } from '../test/helpers/proxy.mjs';
import { ask } from '../test/peers/support/etcd.mjs';
import { scratch, sleep, start, waitFor } from '../test/peers/support/process.mjs';
import { confdir, resource } from '../test/peers/support/confd.mjs';
import { agents, flagsFor, hasEtcd, listAll, median, overV3, pairs, row, startStore } from './measure.mjs';

export const title = 'A thousand agents on one etcd, 1,000 keys, one key changes';
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'go', label: 'confd' },
];

const fleet = 1000;
const processes = 20;
const changes = 5;
const idleMs = 15_000;

const [, ...others] = agents;
const sides = {
  etcdv2: others.find(({ v3 }) => !v3),
  etcdv3: others.find(({ v3 }) => v3),
};

/** Starts `count` agents of ours, all in one process. */
function startOurs(backend, url, folder) {
  const script = join(import.meta.dirname, 'fleet/agents.mjs');
  const program = start(process.execPath, [script, String(fleet), backend, url, folder]);
  return { agents: fleet, programs: [program] };
}

function startTheirs(agent, url, folder) {
  const programs = Array.from({ length: processes }, (_, n) => {
    const fields = { src: 'app.tmpl', dest: join(folder, `${n}.conf`), keys: ['/bench'] };
    const files = { 'templates/app.tmpl': listAll, 'conf.d/app.toml': resource(fields) };
    const own = confdir(files, join(folder, String(n)));
    return start(agent.path, flagsFor(agent, own, url, ['-watch']));
  });
  return { agents: processes, programs };
}

/** Until every file shows the value. */
async function allShow(folder, count, value) {
  const waiting = new Set(Array.from({ length: count }, (_, n) => join(folder, `${n}.conf`)));
  const line = `=${value}\n`;
  const look = () => {
    for (const file of waiting) if (showsFirst(file, line)) waiting.delete(file);
    return waiting.size === 0;
  };
  await waitFor(() => `${waiting.size} of ${count} files to show ${value}`, look, 120_000);
}

function showsFirst(file, line) {
  try {
    return readFileSync(file, 'latin1').startsWith(line, '/bench/k000000'.length);
  } catch {
    return false;
  }
}

/** What the store has been asked by now: requests, and by v3 messages on its streams, too. */
async function asked(store, proxy, backend) {
  if (backend === 'etcdv2') return proxy.requests;
  const { body } = await ask('GET', `${store.url}/metrics`, { agent: store.agent });
  const numbers = [...body.matchAll(/^grpc_server_msg_received_total\{.*\} (\S+)$/gm)].map(([, number]) =>
    Number(number),
  );
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Counts bytes, requests and milliseconds from now until the function that it gives is called. */
async function counter(store, proxy, backend) {
  const now = async () => ({
    ms: performance.now(),
    received: proxy.received,
    sent: proxy.sent,
    requests: await asked(store, proxy, backend),
  });
  const before = await now();
  return async () => {
    const after = await now();
    return Object.fromEntries(Object.keys(after).map((what) => [what, after[what] - before[what]]));
  };
}

/** What a start, one change and an idle minute cost, for a thousand agents. */
async function measure(store, backend, begin) {
  const folder = scratch('fleet');
  const proxy = await Proxy.to(store.port);
  const count = () => counter(store, proxy, backend);
  await store.put('/bench/k000000', 'start');
  const starting = await count();
  const { agents: running, programs } = begin(proxy.url, folder);
  await allShow(folder, running, 'start');
  const start = await starting();
  // Each agent has its watch by then; a change that is made before costs another read.
  await sleep(2000);
  const idling = await count();
  await sleep(idleMs);
  const idle = await idling();
  const changed = [];
  for (let n = 0; n < changes; n += 1) {
    const changing = await count();
    await store.put('/bench/k000000', `value-${n}`);
    await allShow(folder, running, `value-${n}`);
    // Late requests for the same change.
    await sleep(1000);
    changed.push(await changing());
  }
  for (const program of programs) await program.stop();
  await proxy.close();
  const each = fleet / running;
  const middle = (what) => median(changed.map((change) => change[what])) * each;
  return {
    startReceived: start.received * each,
    startRequests: start.requests * each,
    received: middle('received'),
    sent: middle('sent'),
    requests: middle('requests'),
    idle: (idle.requests * each * 60_000) / idle.ms,
  };
}

async function rows(store, backend) {
  const theirs = sides[backend];
  const all = { ours: await measure(store, backend, (url, folder) => startOurs(backend, url, folder)) };
  if (theirs) all.go = await measure(store, backend, (url, folder) => startTheirs(theirs, url, folder));
  const of = (what, unit = 1) =>
    Object.fromEntries(Object.entries(all).map(([name, numbers]) => [name, numbers[what] / unit]));
  const less = (what, unit, numbers) => row(what, unit, numbers, 'less', numbers.go && numbers.ours < numbers.go);
  return [
    row(`${backend}: read from etcd at the start`, 'MB', of('startReceived', 1e6)),
    row(`${backend}: requests at the start`, '', of('startRequests')),
    less(`${backend}: read from etcd per change`, 'kB', of('received', 1e3)),
    less(`${backend}: sent to etcd per change`, 'kB', of('sent', 1e3)),
    row(`${backend}: requests per change`, '', of('requests')),
    row(`${backend}: requests in a minute without a change`, '', of('idle')),
  ];
}

export async function run() {
  if (!hasEtcd) {
    console.log('fleet: without etcd there is nothing to measure');
    return [];
  }
  const store = await startStore();
  await store.putAll(pairs(1000));
  const v2 = await rows(store, 'etcdv2');
  await store.stop();
  const other = await startStore();
  await overV3(other).putAll(pairs(1000));
  const v3 = await rows(overV3(other), 'etcdv3');
  await other.stop();
  return [...v2, ...v3];
}
