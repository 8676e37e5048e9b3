// A server is killed in the middle of concurrent writes, started again, and asked for everything that it had answered.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../helpers/port.mjs';
import { isLinearizable } from './register.mjs';

const program = process.env.MINI_ETCD ?? new URL('../../bin/mini-etcd', import.meta.url).pathname;
const writers = 8;
const keysOfWriter = 40;
const swappers = 4;

/** Random numbers below 1 from a seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server on a data directory, once it listens. */
async function start(folder, port) {
  const flags = ['-data-dir', folder, '-addr', `127.0.0.1:${port}`, '-snapshot-count', '100'];
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((done) => child.once('exit', done));
  let log = '';
  await new Promise((done, fail) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (log.includes('listening on')) done();
    });
    child.once('exit', () => fail(new Error(`the server did not start: ${log}`)));
  });
  return { ended, log: () => log, kill: () => child.kill('SIGKILL') };
}

function ask(agent, port, [method, path, form]) {
  return new Promise((done, fail) => {
    const headers = form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
    const call = request({ agent, port, host: '127.0.0.1', method, path: `/v2/keys${path}`, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += chunk));
      answer.once('error', fail);
      answer.once('end', () => (answer.complete ? done(JSON.parse(body)) : fail(new Error('cut'))));
    });
    call.once('error', fail);
    call.end(form);
  });
}

/** Writes key after key; keeps what was answered, and what was asked last. */
async function write(world, id) {
  for (let n = 0; ; n += 1) {
    const key = `/w/${id}/${n % keysOfWriter}`;
    const value = `${world.round}-${n}-${'x'.repeat(Math.floor(world.random() * world.longest))}`;
    world.asked.set(key, value);
    const { node } = await ask(world.agent, world.port, ['PUT', key, `value=${value}`]);
    world.answered.set(key, value);
    world.asked.delete(key);
    world.highest = Math.max(world.highest, node.modifiedIndex);
    world.writes += 1;
  }
}

/** Reads, writes and swaps one register; keeps what was asked when, and what the answer was. */
async function swap(world, id) {
  let known = 'none';
  for (let n = 0; ; n += 1) {
    const to = `${world.round}.${id}.${n}`;
    const kind = ['read', 'write', 'swap', 'swap'][Math.floor(world.random() * 4)];
    const op = { kind, from: known, to, start: performance.now() };
    world.history.push(op);
    const query = kind === 'swap' ? `?prevValue=${known}` : '';
    const body = await ask(
      world.agent,
      world.port,
      kind === 'read' ? ['GET', '/r'] : ['PUT', `/r${query}`, `value=${to}`],
    );
    op.end = performance.now();
    op.result = kind === 'read' ? body.node.value : body.errorCode === undefined;
    if (kind === 'read') known = body.node.value;
    else if (op.result) known = to;
    else known = /!= (.*)\]$/.exec(body.cause)[1];
  }
}

/** What must hold after a restart; every fault in words. */
async function inspect(world) {
  const faults = [];
  const { node } = await ask(world.agent, world.port, ['GET', '/?recursive=true&sorted=true']);
  const found = new Map();
  const walk = (at) => (at.dir ? (at.nodes ?? []).forEach(walk) : found.set(at.key, at));
  walk(node);
  for (const [key, value] of world.answered) {
    const now = found.get(key)?.value;
    if (now !== value && now !== world.asked.get(key))
      faults.push(`${key} is ${now?.slice(0, 30)}, answered was ${value.slice(0, 30)}`);
    if (now !== undefined) world.answered.set(key, now);
  }
  const { node: last } = await ask(world.agent, world.port, ['PUT', '/last', 'value=x']);
  if (last.modifiedIndex <= world.highest) faults.push(`index ${last.modifiedIndex} after ${world.highest}`);
  const register = found.get('/r').value;
  const now = performance.now();
  world.history.push({ kind: 'read', result: register, start: now, end: now });
  if (!isLinearizable(world.history, world.register))
    faults.push(`the history of ${world.history.length} operations is not linearizable`);
  world.register = register;
  return faults;
}

/** Runs rounds of writing, killing and looking; what was done and every fault, each with its round. */
export async function killRounds({ rounds, seed, tell = () => undefined }) {
  const folder = mkdtempSync(join(tmpdir(), 'mini-etcd-kills-'));
  const random = randomFrom(seed);
  const world = { random, port: await freePort(), answered: new Map(), highest: 0, writes: 0, register: 'none' };
  const faults = [];
  let operations = 0;
  let server = await start(join(folder, 'data'), world.port);
  world.agent = new Agent({ keepAlive: true });
  await ask(world.agent, world.port, ['PUT', '/r', 'value=none']);
  for (let round = 1; round <= rounds; round += 1) {
    // Every fourth round writes so much that segments of the log fill up.
    Object.assign(world, { round, asked: new Map(), history: [], longest: round % 4 === 0 ? 400_000 : 200 });
    const clients = [];
    for (let id = 0; id < writers; id += 1) clients.push(write(world, id));
    for (let id = 0; id < swappers; id += 1) clients.push(swap(world, id));
    const settled = Promise.allSettled(clients);
    await new Promise((done) => setTimeout(done, 20 + random() * (round % 4 === 0 ? 1000 : 300)));
    server.kill();
    await server.ended;
    await settled;
    world.agent.destroy();
    world.agent = new Agent({ keepAlive: true });
    server = await start(join(folder, 'data'), world.port);
    operations += world.history.length;
    for (const fault of await inspect(world)) faults.push(`round ${round}: ${fault}`);
    tell({ round, writes: world.writes, operations, faults });
  }
  server.kill();
  await server.ended;
  world.agent.destroy();
  rmSync(folder, { recursive: true, force: true });
  return { writes: world.writes, operations, faults };
}
