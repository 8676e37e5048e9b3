// What the scenarios measure with, and the agents that they compare.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import { confdir, resource, root } from '../test/peers/support/confd.mjs';
import { Etcd, ask } from '../test/peers/support/etcd.mjs';
import { freePort } from '../test/helpers/port.mjs';
import { scratch, sleep, start, waitFor } from '../test/peers/support/process.mjs';

/** @typedef {{name: string, path: string, backend: string, v3?: boolean}} Agent */

const ours = { name: 'ours', path: resolve(root, process.env.CONFD ?? 'bin/confd'), backend: 'etcd' };
const others = [
  { name: 'go', path: process.env.CONFD_GO, backend: 'etcd' },
  // Its `etcd` speaks the v3 API only.
  { name: 'master', path: process.env.CONFD_GO_MASTER, backend: 'etcdv3', v3: true },
];

/** Ours first, then the Go confd 0.16 (CONFD_GO) and its master (CONFD_GO_MASTER) where they are set. */
export const agents = [ours, ...others.filter(({ path }) => path !== undefined && existsSync(path))];

/** Those that read the v2 API of etcd. */
export const v2agents = agents.filter(({ v3 }) => !v3);

/** Those that read its v3 API. */
export const v3agents = [{ ...ours, backend: 'etcdv3' }, ...agents.filter(({ v3 }) => v3)];

/** The middle of some numbers, undefined for none. */
export function median(numbers) {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Wall time of one run of a program, in ms; a run that does not end with 0 is an error.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function time(command, args, env = { ...process.env, CONFD_STATE_DIR: scratch('state') }) {
  return new Promise((done, fail) => {
    const from = process.hrtime.bigint();
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.once('error', fail);
    child.once('exit', (code) => {
      const ms = Number(process.hrtime.bigint() - from) / 1e6;
      if (code === 0) done(ms);
      else fail(new Error(`${command} ${args.join(' ')}: exit ${code}\n${errors}`));
    });
  });
}

/** CPU time that a process used so far, in ms (in steps of 10). */
export function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of a process in MiB. */
export const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024;

/** Whether a real etcd is installed. */
export const hasEtcd = process.env.PATH.split(':').some((folder) => existsSync(join(folder, 'etcd')));

/** The store: a real etcd where it is installed, else our mini-etcd. */
export async function startStore() {
  const store = new Etcd(await freePort(), await freePort());
  if (hasEtcd) await store.start();
  else await startMiniEtcd(store);
  return store;
}

async function startMiniEtcd(store) {
  const flags = ['-addr', `127.0.0.1:${store.port}`, '-data-dir', scratch('mini-etcd')];
  store.program = start(join(root, 'bin/mini-etcd'), flags);
  await waitFor('mini-etcd', () =>
    fetch(`${store.url}/version`)
      .then(() => true)
      .catch(() => false),
  );
}

/** The same etcd, written by its v3 API. */
export function overV3(store) {
  const encode = (text) => Buffer.from(text).toString('base64');
  const put = async (key, value) => {
    const body = JSON.stringify({ key: encode(key), value: encode(value) });
    const { status } = await ask('POST', `${store.url}/v3/kv/put`, { form: body, agent: store.agent });
    if (status !== 200) throw new Error(`PUT ${key}: ${status}`);
  };
  return Object.assign(Object.create(store), { put });
}

/** Pairs `/bench/k00000` … with short values. */
export function pairs(count) {
  return Array.from({ length: count }, (_, n) => [`/bench/k${String(n).padStart(6, '0')}`, `value-${n}`]);
}

export const listAll = '{{range gets "/bench/*"}}{{.Key}}={{.Value}}\n{{end}}';

/** A confdir with `count` templates of the same text over the same keys; `#` in either stands for the template's number. */
export function manyTemplates(count, text, keys) {
  const folder = scratch('bench');
  for (let n = 0; n < count; n += 1) {
    const fields = { src: `${n}.tmpl`, dest: join(folder, `out/${n}.conf`), keys: [keys.replace('#', n)] };
    confdir({ [`templates/${n}.tmpl`]: text.replace('#', n), [`conf.d/${n}.toml`]: resource(fields) }, folder);
  }
  return folder;
}

export const flagsFor = (agent, folder, url, mode) => [
  ...['-confdir', folder, '-backend', agent.backend, '-node', url, '-log-level', 'error'],
  ...mode,
];

/**
 * The moment (ms) when a new file was put in `path`'s place and `holds`; none after `ms`. The file itself is watched, not
 * its folder: a stage file that is written in small pieces would flood the watcher with events.
 */
export function changed(path, ms, holds) {
  return new Promise((done) => {
    let watcher;
    const end = (moment) => {
      clearTimeout(timer);
      watcher.close();
      done(moment);
    };
    const timer = setTimeout(end, ms);
    const arm = () => {
      watcher?.close();
      watcher = watch(path, () => (holds() ? end(performance.now()) : arm()));
      // Replaced between the last event and this watch.
      if (holds()) end(performance.now());
    };
    arm();
  });
}

/** An agent in watch mode that has written `count` files and gone quiet. */
export async function startWatching(agent, folder, url, { count = 1, flags = [], wake = wakeV2(url) } = {}) {
  const out = join(folder, 'out');
  const program = start(agent.path, flagsFor(agent, folder, url, ['-watch', ...flags]));
  const complete = () => Array.from({ length: count }, (_, n) => existsSync(join(out, `${n}.conf`))).every(Boolean);
  // The Go confd gives a fetch up after 3 s, and tries again only when a key changes: with many templates it needs that.
  const waking = setInterval(() => void wake(), 15_000);
  await waitFor(() => `${agent.name} to write ${count} files: ${program.output()}`, complete, 180_000);
  clearInterval(waking);
  await quiet(program.pid);
  return { ...program, out };
}

const wakeV2 = (url) => () => ask('PUT', `${url}/v2/keys/bench/k000000`, { form: 'value=wake' });

/** Waits until a process has used no CPU to speak of for half a second. */
export async function quiet(pid) {
  for (;;) {
    const before = cpu(pid);
    await sleep(500);
    if (cpu(pid) - before <= 10) return;
  }
}

/** One line of a result: what was measured, a number per agent, and the limit with whether ours keeps it. */
export function row(what, unit, numbers, limit = '', pass = undefined) {
  return { what, unit, numbers, limit, pass };
}

/** A row whose limit is a share of the Go confd's number. */
export function shareRow(what, unit, numbers, share) {
  const pass = numbers.go === undefined || numbers.ours === undefined ? undefined : numbers.ours <= share * numbers.go;
  return row(what, unit, numbers, `≤ ${share} of 0.16`, pass);
}
