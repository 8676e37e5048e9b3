// mini-etcd beside a real etcd 3.4, both with fsync on and on the same disk. The servers take turns in every round.
import { connect } from 'node:net';
import { join } from 'node:path';
import { Etcd } from '../test/peers/support/etcd.mjs';
import { freePort } from '../test/helpers/port.mjs';
import { scratch, sleep, start, waitFor } from '../test/peers/support/process.mjs';
import { bytesOf, load } from './load.mjs';
import { cpu, median, row, rss } from './measure.mjs';
import { hasWrk, wrk } from './wrk.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { root } from '../test/peers/support/confd.mjs';

export const title = 'mini-etcd beside etcd 3.4';
export const columns = [
  { name: 'ours', label: 'mini-etcd' },
  { name: 'go', label: 'etcd 3.4' },
];

const rounds = 3;
const wrkRounds = 5;
const wrkSeconds = 4;
/** Before those that count: V8 compiles what is used often, and compiles it again when a second connection looks different. */
const warmRounds = 3;
const polls = 10_000;
const pollSeconds = 10;
const writesPerSecond = 100;
const manyWrites = Number(process.env.BENCH_WRITES ?? 1_000_000);
const manyKeys = Number(process.env.BENCH_KEYS ?? 1_000_000);
const value = `value=${'x'.repeat(256)}`;
const putOne = { method: 'PUT', path: '/v2/keys/bench/key', form: value };
const put = (key, form = value) => bytesOf('PUT', `/v2/keys${key}`, form);

/** Our server on a data directory, once it answers. */
async function startOurs(folder, port) {
  const program = start(process.env.MINI_ETCD ?? join(root, 'bin/mini-etcd'), [
    '-data-dir',
    folder,
    '-addr',
    `127.0.0.1:${port}`,
  ]);
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/version`).then(
      () => true,
      () => false,
    );
  await waitFor(() => `mini-etcd: ${program.output()}`, answers, 60_000);
  return program;
}

async function startBoth() {
  const port = await freePort();
  const program = await startOurs(join(scratch('mini-etcd'), 'data'), port);
  const servers = [{ name: 'ours', port, pid: program.pid, stop: () => program.stop() }];
  if (!process.env.PATH.split(':').some((folder) => existsSync(join(folder, 'etcd')))) return servers;
  const etcd = new Etcd(await freePort(), await freePort());
  // As often as mini-etcd, and etcd 2: each costs a few syncs.
  await etcd.start('--snapshot-count', '10000');
  servers.push({ name: 'go', port: etcd.port, pid: etcd.program.pid, stop: () => etcd.stop() });
  return servers;
}

/**
 * The same for one request, asked by wrk where it is there.
 * @param {{method: string, path: string, form?: string}} request
 */
async function compareOne(servers, connections, request) {
  const { method, path, form } = request;
  if (!hasWrk) return compare(servers, connections, 20_000, () => bytesOf(method, path, form));
  const ask = (port) => wrk({ port, connections, seconds: wrkSeconds, method, path, form });
  const seen = new Map(servers.map(({ name }) => [name, []]));
  for (let round = -warmRounds; round < wrkRounds; round += 1) {
    for (const { name, port, pid } of round % 2 ? servers.toReversed() : servers) {
      const [before, ownBefore] = [cpu(pid), childrenCpu()];
      const result = await ask(port);
      const spent = (from, to) => ((to - from) * 1000) / result.total;
      seen.get(name).push({ ...result, cpu: spent(before, cpu(pid)), own: spent(ownBefore, childrenCpu()) });
    }
  }
  for (const all of seen.values()) all.splice(0, warmRounds);
  return medians(seen);
}

/** What each server makes of a load, round by round: the medians. */
async function compare(servers, connections, total, next) {
  const seen = new Map(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, port, pid } of servers) {
      await load({ port, connections, total: Math.ceil(total / 10), next });
      const before = cpu(pid);
      const ownBefore = process.cpuUsage();
      const result = await load({ port, connections, total, next });
      const own = process.cpuUsage(ownBefore);
      seen.get(name).push({
        ...result,
        cpu: ((cpu(pid) - before) * 1000) / total,
        own: (own.user + own.system) / total,
      });
    }
  }
  return medians(seen);
}

/** One number for each server, of what its rounds gave under a name. */
function pick(seen, what, of = median) {
  return Object.fromEntries([...seen].map(([name, all]) => [name, of(all.map((one) => one[what]))]));
}

function medians(seen) {
  const [rate, p99, cpu, own] = ['rate', 'p99', 'cpu', 'own'].map((what) => pick(seen, what));
  return { rate, p99, cpu, own };
}

/** CPU time of the programs that were started from here and have ended, in ms. */
function childrenCpu() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

const atLeast = ({ ours, go }) => (go === undefined ? undefined : ours >= go);
const atMost = ({ ours, go }) => (go === undefined ? undefined : ours <= go);

function rowsOf(what, { rate, p99, cpu: spent, own }) {
  return [
    row(`${what}, a second`, '', rate, '≥ etcd', atLeast(rate)),
    row(`${what}, p99`, 'ms', p99, '≤ etcd', atMost(p99)),
    row(`${what}, CPU of the server for each`, 'µs', spent),
    row(`${what}, CPU of the load generator for each`, 'µs', own),
  ];
}

/** wrk takes a pause for as many waits as it had time for; here every request counts once. */
async function each(servers) {
  const { p99 } = await compare(servers, 1, 10_000, () => bytesOf('PUT', putOne.path, value));
  return row('PUT, 1 connection, p99 of the requests that were sent', 'ms', p99, '≤ etcd', atMost(p99));
}

async function listing(servers) {
  for (const { port } of servers) {
    await load({ port, connections: 64, total: polls, next: (n) => put(`/list/k${n}`) });
  }
  return rowsOf(
    'recursive GET of 10,000 keys',
    await compare(servers, 4, 400, () => bytesOf('GET', '/v2/keys/list?recursive=true')),
  );
}

/**
 * Connections that open at once and are busy from then on: how long the slowest of all their requests took. There is no
 * load before them as in compare: a server that is still letting go of other connections is slower.
 */
async function rush(servers) {
  const seen = new Map(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < wrkRounds; round += 1) {
    for (const { name, port } of servers) {
      const result = await load({ port, connections: 64, total: 6400, next: () => bytesOf('GET', putOne.path) });
      seen.get(name).push(result);
    }
  }
  return row('64 connections that come at once, slowest of 6,400 GETs', 'ms', pick(seen, 'most'));
}

/** Opens long polls on keys of their own; told(n) is called when the event of the nth came. */
async function openPolls(port, told) {
  const sockets = [];
  const open = (n) =>
    new Promise((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1' }, () =>
        socket.write(bytesOf('GET', `/v2/keys/poll/k${n}?wait=true`)),
      );
      socket.once('error', fail);
      socket.once('data', (head) => {
        done(socket);
        if (head.includes('"action"')) told(n);
        else socket.once('data', () => told(n));
      });
    });
  for (let n = 0; n < polls; n += 100) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, (_, i) => open(n + i)))));
  }
  return sockets;
}

async function longPolls({ port, pid }) {
  const before = rss(pid);
  const moments = new Map();
  const delays = [];
  const sockets = await openPolls(port, (n) => delays.push(performance.now() - moments.get(n)));
  await sleep(500);
  const memory = ((rss(pid) - before) * 1024) / polls;
  const total = pollSeconds * writesPerSecond;
  const writer = connect({ port, host: '127.0.0.1' });
  writer.resume();
  for (let n = 0; n < total; n += 1) {
    moments.set(n, performance.now());
    writer.write(put(`/poll/k${n}`));
    await sleep(1000 / writesPerSecond);
  }
  await sleep(1000);
  for (const socket of [...sockets, writer]) socket.destroy();
  delays.sort((a, b) => a - b);
  return { lost: total - delays.length, p99: delays[Math.floor(delays.length * 0.99)], memory };
}

async function polling(servers) {
  const seen = new Map(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) seen.get(server.name).push(await longPolls(server));
  }
  const numbers = {
    lost: pick(seen, 'lost', (all) => Math.max(...all)),
    p99: pick(seen, 'p99'),
    memory: pick(seen, 'memory', ([first]) => first), // later ones find memory that is free
  };
  const what = '10,000 long polls, 100 writes a second';
  return [
    row(`${what}, events lost`, '', numbers.lost, '0', numbers.lost.ours === 0),
    row(`${what}, from put to event, p99`, 'ms', numbers.p99, '< 20', numbers.p99.ours < 20),
    row(`${what}, memory for each`, 'kB', numbers.memory, '≤ 30', numbers.memory.ours <= 30),
  ];
}

/** A start with many keys on disk, until the first answer. */
async function startFull() {
  const folder = join(scratch('mini-etcd'), 'data');
  const port = await freePort();
  const filling = await startOurs(folder, port);
  await load({
    port,
    connections: 256,
    total: manyKeys,
    next: (n) => put(`/many/${n >> 10}/k${n}`, `value=value-${n}`),
  });
  filling.signal('SIGKILL');
  await filling.ended;
  const from = performance.now();
  const program = await startOurs(folder, port);
  const seconds = (performance.now() - from) / 1000;
  const memory = rss(program.pid);
  await program.stop();
  const what = `start with ${manyKeys.toLocaleString('en')} keys after a kill`;
  return [row(what, 's', { ours: seconds }, '< 5', seconds < 5), row(`${what}, RSS`, 'MiB', { ours: memory })];
}

/** Whether memory grows while the same keys are written over and over. */
async function steady() {
  const folder = join(scratch('mini-etcd'), 'data');
  const port = await freePort();
  const program = await startOurs(folder, port);
  const write = (total) => load({ port, connections: 256, total, next: (n) => put(`/steady/k${n % 1000}`) });
  await write(manyWrites / 10);
  const early = rss(program.pid);
  await write((manyWrites * 9) / 10);
  const late = rss(program.pid);
  await program.stop();
  const what = `${manyWrites.toLocaleString('en')} writes to 1,000 keys`;
  return [
    row(`${what}, RSS after a tenth of them`, 'MiB', { ours: early }),
    row(`${what}, RSS at the end`, 'MiB', { ours: late }, 'steady', late < early * 1.2),
  ];
}

export async function run() {
  const servers = await startBoth();
  const rows = [
    ...rowsOf('PUT, 1 connection', await compareOne(servers, 1, putOne)),
    await each(servers),
    ...rowsOf('PUT, 64 connections', await compareOne(servers, 64, putOne)),
    ...rowsOf('PUT, 256 connections', await compareOne(servers, 256, putOne)),
    ...rowsOf('GET, 64 connections', await compareOne(servers, 64, { method: 'GET', path: putOne.path })),
    await rush(servers),
    ...(await listing(servers)),
    ...(await polling(servers)),
  ];
  for (const { stop } of servers) await stop();
  return [...rows, ...(await startFull()), ...(await steady())];
}
