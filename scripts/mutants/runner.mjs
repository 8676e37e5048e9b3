// Drives the child process that runs the tests, and starts another when a mutant stops it or makes it hang.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { root } from './bundle.mjs';

const patienceMs = 3000;
/** The child counts its time on the processor; one that only waits is given up after this many times as long. */
const waitFactor = 30;
const lookMs = 500;

export class Runner {
  child = null;

  constructor(script, tests, { mutantCount, budgetMs }) {
    this.script = script;
    this.tests = tests;
    this.budgetMs = budgetMs;
    /** For each test file: the milliseconds of the processor that each of its units took. */
    this.costs = new Map();
    /** For each mutant: the files and units that reach it, and how often one unit does at most. */
    this.reach = Array.from({ length: mutantCount }, () => ({ files: new Map(), hits: 0 }));
  }

  /** Runs every test without a mutant; gives how many there are. */
  async cover() {
    let units = 0;
    for (const file of this.tests) {
      const covered = await this.ask('cover', file, 600_000);
      if (covered === undefined) throw new Error(`${file} does not come to an end`);
      units += covered.inside.length;
      this.note(file, covered);
    }
    return units;
  }

  note(file, { outside, inside }) {
    this.costs.set(
      file,
      inside.map(({ ms }) => ms),
    );
    for (const [i, unit] of inside.entries()) {
      for (const [k, id] of unit.ids.entries()) {
        const { files } = this.reach[id];
        if (!files.has(file)) files.set(file, []);
        files.get(file).push(i);
        this.noteHits(id, unit.hits[k]);
      }
    }
    // What loading a file does may show in any of its units.
    const all = [...inside.keys()];
    for (const { ids, hits } of outside) {
      for (const [k, id] of ids.entries()) {
        this.reach[id].files.set(file, all);
        this.noteHits(id, hits[k]);
      }
    }
  }

  noteHits(id, hits) {
    this.reach[id].hits = Math.max(this.reach[id].hits, hits);
  }

  /** What becomes of a mutant. */
  async run(mutant) {
    const { files, hits } = this.reach[Number(mutant.id)];
    if (files.size === 0) return { status: 'unreached' };
    const plan = this.plan(mutant.fileName, files);
    const ms = plan.flatMap(({ file, units }) => units.map((i) => this.costs.get(file)[i])).reduce((a, b) => a + b, 0);
    const task = { id: Number(mutant.id), hitLimit: hits * 5 + 100_000, files: plan };
    const failed = await this.ask('run', task, patienceMs + 2 * ms);
    if (failed === undefined) return { status: 'timeout' };
    if (failed === null) return { status: 'survived' };
    return { status: failed.isTimeout ? 'timeout' : 'killed' };
  }

  /** The units to run against a mutant, the likeliest to fail first, as many as the budget allows. */
  plan(source, files) {
    const cost = (file) => files.get(file).reduce((sum, i) => sum + this.costs.get(file)[i], 0);
    const byPlace = [...files.keys()].sort((a, b) => distance(source, a) - distance(source, b) || cost(a) - cost(b));
    let left = this.budgetMs;
    return byPlace.flatMap((file) => {
      const units = spread(files.get(file)).filter((i) => {
        const ms = this.costs.get(file)[i];
        const fits = ms <= left;
        if (fits) left -= ms;
        return fits;
      });
      return units.length === 0 ? [] : [{ file, units }];
    });
  }

  /** The answer of the child; undefined when it had to be stopped, or died. */
  async ask(task, value, limitMs) {
    this.child ??= this.start();
    const child = this.child;
    const began = { cpu: cpuMs(child.pid), wall: Date.now() };
    const answer = await new Promise((resolve) => {
      const timer = setInterval(() => {
        const isStuck = cpuMs(child.pid) - began.cpu > limitMs || Date.now() - began.wall > waitFactor * limitMs;
        if (isStuck) child.kill('SIGKILL');
      }, lookMs);
      const finish = (message) => {
        clearInterval(timer);
        child.off('message', finish).off('exit', gone);
        resolve(message);
      };
      const gone = () => finish(undefined);
      child.on('message', finish).on('exit', gone);
      child.send({ task, value });
    });
    if (answer === undefined) this.child = null;
    if (answer?.error !== undefined) throw new Error(answer.error);
    return answer?.value;
  }

  start() {
    return fork(join(import.meta.dirname, 'worker.mjs'), [this.script, String(this.reach.length)], {
      serialization: 'advanced',
      execArgv: ['--max-old-space-size=1500', '--stack-size=984'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  stop() {
    this.child?.kill();
  }
}

/** How far a test file is from a source: its own test, one of its room, another. */
function distance(source, test) {
  if (basename(test, '.test.ts') === basename(source, '.ts')) return 0;
  return dirname(relative(join(root, 'test'), test)) === dirname(relative(join(root, 'src'), source)) ? 1 : 2;
}

/** A list with a few from everywhere first: neighbours in a table of rows tend to be alike. */
function spread(units) {
  const step = Math.ceil(units.length / 64);
  return Array.from({ length: step }, (_, from) => units.filter((_, i) => i % step === from)).flat();
}

/** The time that a process had on the processor; the clock's where the system does not tell. */
function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return performance.now();
  }
}
