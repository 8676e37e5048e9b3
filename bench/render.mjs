// The template engine beside Go's text/template: the same templates over the same data, in processes that take turns.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../test/peers/support/confd.mjs';
import { scratch } from '../test/peers/support/process.mjs';
import { row } from './measure.mjs';

export const title = "Rendering, beside Go's text/template";
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'go', label: "Go's text/template" },
];

const here = join(root, 'bench/render');
const rounds = 5;
const scenarios = [
  { what: 'nginx upstream over 10 keys', name: 'upstream', count: 10, share: 1 / 2.5 },
  { what: 'nginx upstream over 1,000 keys', name: 'upstream', count: 1000, share: 1 / 2.5 },
  { what: 'nginx upstream over 100,000 keys', name: 'upstream', count: 100_000, share: 1 / 2.5 },
  { what: 'range, if, with, json, printf over 10,000 entries', name: 'nested', count: 10_000, share: 1 / 2.5 },
  { what: '2,000 lines of plain text', name: 'text', count: 2000 },
  { what: '1,000 small templates compiled cold', name: 'cold', count: 1000, share: 1 },
  { what: '1,000 small templates compiled again and again', name: 'warm', count: 1000 },
];

async function ours(folder) {
  const outfile = join(folder, 'ours.mjs');
  await build({
    entryPoints: [join(here, 'ours.mjs')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    minify: true,
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return [process.execPath, outfile];
}

/** The program of Go, or null where there is no Go. */
function go(folder) {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    console.log('render: without Go only ours is measured');
    return null;
  }
  mkdirSync(join(folder, 'memkv'));
  cpSync(join(here, 'main.go'), join(folder, 'main.go'));
  cpSync(join(root, 'test/golden/memkv/memkv.go'), join(folder, 'memkv/memkv.go'));
  const version = /^go (\S+)$/m.exec(readFileSync(join(root, 'test/golden/go.mod'), 'utf8'))[1];
  writeFileSync(join(folder, 'go.mod'), `module render\n\ngo ${version}\n`);
  const program = join(folder, 'render');
  const env = { ...process.env, GOTOOLCHAIN: `go${version}` };
  execFileSync('go', ['build', '-o', program, '.'], { cwd: folder, env, stdio: 'inherit' });
  return [program];
}

const measureOnce = ([program, ...args], { name, count }, seconds) =>
  JSON.parse(
    execFileSync(program, [...args, join(here, 'cases.json'), name, String(count), String(seconds)], {
      encoding: 'utf8',
    }),
  );

/** Numbers of each program: the least of a few processes, after making sure that all of them wrote the same. */
function measure(programs, scenario, seconds) {
  const all = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, program] of Object.entries(programs)) all[name].push(measureOnce(program, scenario, seconds));
  }
  const outputs = new Set(Object.values(all).flatMap((runs) => runs.map(({ size, sum }) => `${size} ${sum}`)));
  if (outputs.size > 1) throw new Error(`${scenario.what}: the outputs differ: ${[...outputs].join(', ')}`);
  const of = (what) =>
    Object.fromEntries(Object.entries(all).map(([name, runs]) => [name, Math.min(...runs.map((run) => run[what]))]));
  return { ms: of('ms'), peak: of('peak') };
}

export async function run() {
  const folder = scratch('render');
  const theirs = go(folder);
  const programs = { ours: await ours(folder), ...(theirs && { go: theirs }) };
  const rows = scenarios.map((scenario) => {
    const { ms } = measure(programs, scenario, 1);
    const [numbers, unit] = ms.ours < 1 ? [scaled(ms), 'µs'] : [ms, 'ms'];
    if (scenario.share === undefined) return row(scenario.what, unit, numbers);
    const limit = scenario.share === 1 ? 'no slower' : '2.5 times as fast';
    return row(scenario.what, unit, numbers, limit, ms.go && ms.ours <= ms.go * scenario.share);
  });
  const { peak } = measure(programs, { what: 'memory', name: 'upstream', count: 100_000 }, 0);
  const pass = peak.go && peak.ours <= peak.go + 60;
  return [...rows, row('one render over 100,000 keys, highest RSS', 'MiB', peak, "Go's + 60 MiB", pass)];
}

const scaled = (numbers) => Object.fromEntries(Object.entries(numbers).map(([name, ms]) => [name, ms * 1000]));
