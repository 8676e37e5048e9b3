// npm run fuzz:agent -- --minutes 30 [--seed 7]
//
// Runs the real agent on bad inputs: files of conf.d, templates, confd.toml, values, files of the file backend, answers of
// etcd v2 and v3, and signals, all at random. Whatever comes, the agent must live, keep one healthy resource going, say
// nothing of an internal error, and end within ten seconds of SIGTERM with exit code 0. The seed makes the same inputs again.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { documents, resources, settings, templates } from './inputs.mjs';
import { badEtcd2, badEtcd3 } from './stores.mjs';
import { Random } from './random.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const end = Date.now() + Number(values.minutes ?? 1) * 60_000;
const program = fileURLToPath(new URL('../../bin/confd', import.meta.url));
const maxRssMiB = 1500;

/** Writes one input, or takes it away, or puts something in its place that is no file. */
function disturb(random, path, text) {
  rmSync(path, { recursive: true, force: true });
  if (random.chance(0.05)) return;
  if (random.chance(0.03)) mkdirSync(path);
  else if (random.chance(0.03)) symlinkSync(random.pick([path, '/nope', '/dev/null', '..']), path);
  else writeFileSync(path, text);
}

const rssOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

async function until(what, ms, look) {
  for (const limit = Date.now() + ms; Date.now() < limit; await sleep(50)) if (look()) return;
  throw new Error(`waited ${ms / 1000} s in vain for ${what}`);
}

/** One agent, from its start to its end. Throws what is wrong. */
async function round(random) {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-agent-'));
  const at = (...names) => join(folder, ...names);
  for (const name of ['conf.d', 'templates', 'values', 'state']) mkdirSync(at(name));
  const stores = [await badEtcd2(random), await badEtcd3(random)];
  const [v2, v3] = stores.map(({ url }) => url);
  const context = { folder, v2, v3 };
  const healthy = (text) => {
    writeFileSync(at('templates', 'healthy.tmpl'), text);
    writeFileSync(
      at('conf.d', 'healthy.toml'),
      `[template]\nsrc = "healthy.tmpl"\ndest = "${at('healthy.out')}"\nkeys = []\n`,
    );
  };
  healthy('1');
  const disturbAll = () => {
    for (let i = 0; i < 3; i++) disturb(random, at('conf.d', `r${random.below(6)}.toml`), resources(random, context));
    for (let i = 0; i < 3; i++) {
      disturb(random, at('templates', `t${random.below(6)}.${random.pick(['tmpl', 'hbs'])}`), templates(random));
    }
    for (let i = 0; i < 2; i++) {
      disturb(random, at('values', `v${random.below(3)}.${random.pick(['json', 'yaml'])}`), documents(random));
    }
    writeFileSync(at('confd.toml'), settings(random, context));
  };
  disturbAll();
  // The first configuration must let the agent start at all; what a hangup reads later need not.
  writeFileSync(at('confd.toml'), '');
  const backend = random.pick([
    ['-backend', 'env'],
    ['-backend', 'file', '-file', at('values')],
    ['-backend', 'etcdv2', '-node', v2],
    ['-backend', 'etcdv3', '-node', v3],
    ['-backend', 'etcd', '-node', v2],
    ['-backend', 'embedded', '-listen', '127.0.0.1:0'],
  ]);
  const args = [...backend, random.pick(['-watch', '-interval=1']), '-confdir', folder, '-log-level', 'debug'];
  args.push('-config-file', at('confd.toml'), '-backend-timeout', '1s', '-render-timeout', '1s', '-max-output', '16');
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, HOME: folder, CONFD_STATE_DIR: at('state'), FUZZ_KEY: 'x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr = (stderr + chunk.toString('latin1')).slice(-4_000_000)));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const written = (text) => () => {
    if (!isAlive()) throw new Error('the agent ended by itself');
    return existsSync(at('healthy.out')) && readFileSync(at('healthy.out'), 'utf8') === text;
  };
  try {
    await until('the healthy resource', 30_000, written('1'));
    for (let i = random.below(6); i >= 0; i--) {
      disturbAll();
      if (random.chance(0.3)) child.kill('SIGHUP');
      await sleep(random.below(700));
      if (!isAlive()) throw new Error('the agent ended by itself');
      if (rssOf(child.pid) > maxRssMiB) throw new Error(`the agent takes ${Math.round(rssOf(child.pid))} MiB`);
    }
    // What it goes by now may be another store, or none that works: the healthy resource needs none.
    healthy('2');
    await until('the edit of the healthy resource', 30_000, written('2'));
    child.kill('SIGTERM');
    await until('the end', 10_000, () => !isAlive());
    const { code, signal } = await ended;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}`);
    const bug = /.*(?:Internal error|Unhandled|please report|RangeError|TypeError|\n\s+at \S+ \().*/s.exec(stderr);
    if (bug !== null) throw new Error(`says: ${bug[0].slice(0, 500)}`);
  } catch (error) {
    error.message += `\n${args.join(' ')}\nkept: ${folder}\n${stderr.slice(-3000)}`;
    throw error;
  } finally {
    child.kill('SIGKILL');
    await ended;
    for (const store of stores) await store.close();
  }
  rmSync(folder, { recursive: true, force: true });
}

let rounds = 0;
let failures = 0;
for (; Date.now() < end && failures < 5; rounds++) {
  try {
    await round(new Random(seed + rounds));
  } catch (error) {
    failures++;
    console.error(`seed ${seed + rounds}: ${error.stack}\n`);
  }
}
console.log(`${rounds} agents from seed ${seed} on, ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;
