// Watch mode, 100 templates over the same 10,000 keys: what one change costs, and who is rendered for it.
import { closeSync, openSync, readSync, watch } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../test/peers/support/process.mjs';
import { Proxy } from '../test/helpers/proxy.mjs';
import { changed, cpu, listAll, manyTemplates, median, pairs, quiet, row, rss } from './measure.mjs';
import { shareRow, startStore, startWatching, v2agents } from './measure.mjs';

export const title = 'Watch, 100 templates over the same 10,000 keys, one key changes';
const keys = 10_000;
const templates = 100;
const changes = 5;

/** The value in a file's first line, without reading the rest. */
function firstValue(path) {
  const file = openSync(path, 'r');
  const head = Buffer.alloc(80);
  const length = readSync(file, head);
  closeSync(file);
  return head.toString('latin1', 0, length).split('\n')[0].split('=')[1];
}

const waker = (store) => () => store.put('/bench/k000000', 'wake');

/** Puts a value to the first key: the ms until the last file showed it, and how many did not within 15 s. */
async function changeAll(store, program, value) {
  const files = Array.from({ length: templates }, (_, n) => join(program.out, `${n}.conf`));
  const seen = Promise.all(files.map((file) => changed(file, 15_000, () => firstValue(file) === value)));
  const from = performance.now();
  await store.put('/bench/k000000', value);
  const moments = await seen;
  const arrived = moments.filter((moment) => moment !== undefined);
  return { ms: Math.max(...arrived) - from, missing: templates - arrived.length };
}

/** All templates print all keys. */
async function everything(store, agent) {
  const folder = manyTemplates(templates, listAll, '/bench');
  const program = await startWatching(agent, folder, store.url, { count: templates, wake: waker(store) });
  const seen = [];
  const before = cpu(program.pid);
  for (let n = 0; n < changes; n += 1) {
    seen.push(await changeAll(store, program, `${agent.name}-${n}`));
    await quiet(program.pid);
  }
  const result = {
    ms: median(seen.map(({ ms }) => ms)),
    missing: seen.reduce((sum, { missing }) => sum + missing, 0),
    cpu: (cpu(program.pid) - before) / changes,
    rss: rss(program.pid),
  };
  await program.stop();
  return { ...result, bytes: await bytesPerChange(store, agent, folder) };
}

// In a run of its own: the counting proxy costs time.
async function bytesPerChange(store, agent, folder) {
  const proxy = await Proxy.to(store.port);
  const program = await startWatching(agent, folder, proxy.url, { count: templates, wake: waker(store) });
  const counts = [];
  for (let n = 0; n < 3; n += 1) {
    const before = proxy.received;
    await changeAll(store, program, `${agent.name}-bytes-${n}`);
    await quiet(program.pid);
    counts.push(proxy.received - before);
  }
  await program.stop();
  await proxy.close();
  return median(counts);
}

/** Every template uses 100 keys of its own: how many are rendered when one of them changes. */
async function ownKeys(store, agent) {
  const folder = manyTemplates(templates, '{{range gets "/bench/k0000#?"}}{{.Key}}={{.Value}}\n{{end}}', '/bench');
  return agent.name === 'ours' ? comparisons(store, agent, folder) : staged(store, agent, folder);
}

async function comparisons(store, agent, folder) {
  const program = await startWatching(agent, folder, store.url, {
    count: templates,
    flags: ['-log-level', 'debug'],
    wake: waker(store),
  });
  program.forget();
  await store.put('/bench/k000000', `own-${Date.now()}`);
  await sleep(1500);
  const rendered = program.output().match(/Comparing candidate config to/g)?.length ?? 0;
  await program.stop();
  return rendered;
}

// The Go confd's debug log prints all keys for every template; it stages each render, so the stage files tell.
async function staged(store, agent, folder) {
  const program = await startWatching(agent, folder, store.url, { count: templates, wake: waker(store) });
  const names = new Set();
  const watcher = watch(program.out, (_event, name) => name.startsWith('.') && names.add(name.split('.conf')[0]));
  await store.put('/bench/k000000', `own-${Date.now()}`);
  await sleep(1000);
  await quiet(program.pid);
  watcher.close();
  await program.stop();
  return names.size;
}

/** What one change costs each of the agents, by what is measured. */
export async function compare(store, agents) {
  await store.putAll(pairs(keys));
  const numbers = { ms: {}, missing: {}, cpu: {}, rss: {}, bytes: {}, rendered: {} };
  for (const agent of agents) {
    try {
      const result = { ...(await everything(store, agent)), rendered: await ownKeys(store, agent) };
      for (const [what, number] of Object.entries(result)) numbers[what][agent.name] = number;
    } catch (error) {
      // On a busy machine all hundred fetches of the Go confd can run into their limit, again and again.
      if (agent.name === 'ours') throw error;
      console.log(`fanout: no numbers for ${agent.path}: ${error.message.split('\n')[0]}`);
    }
  }
  return numbers;
}

export async function run() {
  const store = await startStore();
  const numbers = await compare(store, v2agents);
  await store.stop();
  return [
    shareRow('put to the last of 100 files, median', 'ms', numbers.ms, 0.15),
    missingRow(numbers),
    row('CPU per change', 'ms', numbers.cpu),
    bytesRow(numbers),
    row('RSS', 'MiB', numbers.rss),
    rendersRow(numbers),
  ];
}

export const missingRow = ({ missing }) =>
  row(`of ${changes * templates} updates, not there after 15 s`, '', missing, '0', missing.ours === 0);

export const bytesRow = ({ bytes }) => row('read from etcd per change', 'bytes', bytes, '< 4096', bytes.ours < 4096);

export const rendersRow = ({ rendered }) =>
  row('each template uses 100 of the keys: renders per change', '', rendered, '1', rendered.ours === 1);
