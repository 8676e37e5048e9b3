// Consul: what a change of one of 10,000 keys costs, and what 100 resources cost while nothing changes. REAL_CONSUL names the folder of a
// consul, CONFD_GO_MASTER the Go confd to compare with; CONSUL_IDLE_S is how long the quiet time is measured.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Proxy } from '../test/helpers/proxy.mjs';
import { Consul, consulProgram } from '../test/peers/support/consul.mjs';
import { sleep } from '../test/peers/support/process.mjs';
import { agents, changed, cpu, manyTemplates, median, row, startWatching } from './measure.mjs';

export const title = 'Consul, beside confd master on the same server';
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'go', label: 'confd master' },
];

const keys = 10_000;
const changes = 20;
const idleSeconds = Number(process.env.CONSUL_IDLE_S ?? 630);
const compared = agents
  .filter(({ name }) => name !== 'go')
  .map((agent) => ({ ...agent, backend: 'consul', column: agent.name === 'ours' ? 'ours' : 'go' }));

const text = (length) => Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('');
/** Where the keys are, and what values they have at first. */
const layouts = [
  {
    name: '100 directories, values of 40 characters',
    keyOf: (n) => `bench/dir${String(Math.floor(n / 100)).padStart(2, '0')}/k${String(n % 100).padStart(2, '0')}`,
    valueOf: () => text(40),
  },
  {
    name: 'one directory, short values',
    keyOf: (n) => `bench/k${String(n).padStart(6, '0')}`,
    valueOf: (n) => `value-${n}`,
  },
];
const listing =
  '{{range gets "/bench/*"}}{{.Key}}={{.Value}}\n{{end}}{{range gets "/bench/*/*"}}{{.Key}}={{.Value}}\n{{end}}';

function share(what, unit, numbers, most) {
  const pass = numbers.go === undefined ? undefined : numbers.ours <= most * numbers.go;
  return row(what, unit, numbers, `≤ ${most} of master`, pass);
}

/** What each agent needs for a change of the last key. */
async function changeRows(consul, { name, keyOf, valueOf }) {
  await consul.remove('', { isPrefix: true });
  // One by one: each key has an index of its own, as in a store that has grown.
  for (let n = 0; n < keys; n += 8) {
    await Promise.all(Array.from({ length: 8 }, (_, at) => consul.put(keyOf(n + at), valueOf(n + at))));
  }
  const [latency, cost, bytes, requests] = [{}, {}, {}, {}];
  for (const agent of compared) {
    const proxy = await Proxy.to(consul.port);
    const wake = () => consul.put(keyOf(0), `wake${Date.now()}`);
    const program = await startWatching(agent, manyTemplates(1, listing, '/bench'), proxy.url, { wake });
    const dest = join(program.out, '0.conf');
    const times = [];
    const before = { cpu: cpu(program.pid), bytes: proxy.received, requests: proxy.requests };
    for (let n = 0; n < changes; n += 1) {
      const value = `${agent.name}-${n}`;
      const seen = changed(dest, 30_000, () => readFileSync(dest, 'latin1').endsWith(`=${value}\n`));
      const from = performance.now();
      await consul.put(keyOf(keys - 1), value);
      const until = await seen;
      if (until === undefined) throw new Error(`${agent.name} did not write ${value}`);
      times.push(until - from);
      await sleep(300);
    }
    latency[agent.column] = median(times);
    cost[agent.column] = (cpu(program.pid) - before.cpu) / changes;
    bytes[agent.column] = (proxy.received - before.bytes) / changes / 1000;
    requests[agent.column] = (proxy.requests - before.requests) / changes;
    await program.stop();
    await proxy.close();
  }
  return [
    share(`${name}: put to file, median`, 'ms', latency, 0.2),
    share(`${name}: CPU per change`, 'ms', cost, 0.2),
    share(`${name}: read per change`, 'kB', bytes, 0.05),
    row(`${name}: requests per change`, '', requests),
  ];
}

/** What each agent asks for with 100 resources while nothing changes; all at the same time. */
async function idleRows(consul) {
  await consul.remove('', { isPrefix: true });
  for (let n = 0; n < 100; n++) await consul.put(`bench/s${n}`, 'x');
  const running = await Promise.all(
    compared.map(async (agent) => {
      const proxy = await Proxy.to(consul.port);
      const wake = () => consul.put('bench/s0', `wake${Date.now()}`);
      const folder = manyTemplates(100, '{{getv "/bench/s#"}}\n', '/bench/s#');
      const program = await startWatching(agent, folder, proxy.url, { count: 100, wake });
      return { agent, proxy, program };
    }),
  );
  await sleep(2000);
  const before = running.map(({ proxy, program }) => [proxy.requests, proxy.received, cpu(program.pid)]);
  await sleep(idleSeconds * 1000);
  const [requests, bytes, cost] = [{}, {}, {}];
  for (const [at, { agent, proxy, program }] of running.entries()) {
    requests[agent.column] = proxy.requests - before[at][0];
    bytes[agent.column] = (proxy.received - before[at][1]) / 1000;
    cost[agent.column] = cpu(program.pid) - before[at][2];
    await program.stop();
    await proxy.close();
  }
  const time = `100 resources, ${idleSeconds} s without a change`;
  return [
    share(`${time}: requests`, '', requests, 0.05),
    row(`${time}: read`, 'kB', bytes),
    row(`${time}: CPU`, 'ms', cost),
  ];
}

export async function run() {
  if (consulProgram === undefined) return [];
  const consul = new Consul();
  await consul.start();
  const rows = [];
  if (process.env.CONSUL_ONLY !== 'idle')
    for (const layout of layouts) rows.push(...(await changeRows(consul, layout)));
  if (process.env.CONSUL_ONLY !== 'change') rows.push(...(await idleRows(consul)));
  await consul.stop();
  return rows;
}
