// The child process of a mutation run: node worker.mjs <script>. It loads the tests anew for every mutant.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import { close, collector, open, runUnit } from './jest.mjs';

const [path, mutantCount] = process.argv.slice(2);
const text = `(function (require, module, mutation) {${readFileSync(path, 'utf8')}\n})`;
const script = new Script(text, { filename: path });
const nodeRequire = createRequire(import.meta.url);

/** What the instrumented sources ask: which mutant is active; and what they tell: which mutants they come by. */
const mutation = {
  active: -1,
  hits: 0,
  hitLimit: 0,
  isCovering: false,
  counts: new Uint32Array(Number(mutantCount)),
  reached: [],
  caches: new Set(),
  /** A loop that the mutant made endless comes to an end here. */
  hit() {
    if (++this.hits > this.hitLimit) throw new Error(tooManyHits);
    return true;
  },
  cache(map) {
    this.caches.add(map);
    return map;
  },
  clearCaches() {
    for (const cache of this.caches) cache.clear();
  },
  cover(...ids) {
    for (const id of ids) if (this.counts[id]++ === 0) this.reached.push(id);
  },
};
const tooManyHits = 'too many hits';
let stray = null;
process.on('unhandledRejection', (error) => (stray = error));
process.on('uncaughtException', (error) => (stray = error));

/** All modules anew: what loads a test file and gives its units. */
function evaluate() {
  const { globals, collect } = collector();
  mutation.caches.clear();
  const module = { exports: {} };
  script.runInThisContext()((name) => (name === '@jest/globals' ? globals : nodeRequire(name)), module, mutation);
  return (file) => collect(module.exports.files[file]);
}

/** The mutants that were reached since the last call, with how often. */
function reached() {
  const ids = Uint32Array.from(mutation.reached);
  const hits = ids.map((id) => mutation.counts[id]);
  for (const id of ids) mutation.counts[id] = 0;
  mutation.reached = [];
  return { ids, hits };
}

/** Runs every unit of a file; gives which mutants each of them, and the file outside of them, reached. */
async function cover(file) {
  mutation.isCovering = true;
  const units = evaluate()(file);
  const opened = new Set();
  const outside = [];
  const inside = [];
  for (const unit of units) {
    await open(unit, opened);
    outside.push(reached());
    mutation.clearCaches();
    const began = process.cpuUsage();
    await runUnit(unit);
    if (stray) throw stray;
    const { user, system } = process.cpuUsage(began);
    inside.push({ ms: (user + system) / 1000, ...reached() });
  }
  await close(opened);
  reached();
  mutation.isCovering = false;
  return { outside, inside };
}

/** Runs units of files with a mutant active; gives the first that fails. */
async function run({ id, hitLimit, files }) {
  const load = evaluate();
  stray = null;
  Object.assign(mutation, { active: id, hitLimit });
  for (const { file, units } of files) {
    const failed = await runFile(load, file, units);
    if (failed !== null) return failed;
  }
  mutation.active = -1;
  return null;
}

async function runFile(load, file, chosen) {
  const opened = new Set();
  let unit = { name: 'loading' };
  try {
    mutation.hits = 0;
    const units = load(file);
    for (const i of chosen ?? units.keys()) {
      unit = units[i];
      mutation.hits = 0;
      await open(unit, opened);
      mutation.clearCaches();
      await runUnit(unit);
      if (stray) throw stray;
    }
    await close(opened);
    return null;
  } catch (error) {
    mutation.active = -1;
    await close(opened).catch(() => undefined);
    return { file, name: unit.name, isTimeout: error?.message === tooManyHits };
  }
}

process.on('message', async ({ task, value }) => {
  try {
    process.send({ value: task === 'cover' ? await cover(value) : await run(value) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
