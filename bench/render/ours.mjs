// Our side of bench/render.mjs, the twin of main.go: `node ours.js CASES NAME COUNT SECONDS`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Mirror } from '../../src/mirror/mirror.ts';
import { Reader } from '../../src/mirror/readset.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { confdFuncs, declaredFuncs, funcDepsOf } from '../../src/template/funcs/funcs.ts';
import { goEngine } from '../../src/template/gotext/template.ts';

// As the agent sets it while it watches: garbage is collected more often, which saves memory.
setFlagsFromString('--semi-space-growth-factor=1');

const [cases, name, count, duration] = process.argv.slice(2);
const [number, seconds] = [Number(count), Number(duration)];

/** A string in one piece, as a store's answer has them, not a rope of the pieces that it was made of. */
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');

const pair = (i, value) => [flat(`/svc/app${String(i).padStart(6, '0')}`), flat(value)];

function* upstreams() {
  for (let i = 0; i < number; i += 1) yield pair(i, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:8080`);
}

function* services() {
  for (let i = 0; i < number; i += 1) {
    const hosts = [`a${i}.example`, `b${i}.example`, `c${i}.example`];
    const note = i % 5 === 0 ? `note ${i}` : '';
    yield pair(i, JSON.stringify({ name: `app${i}`, on: i % 3 !== 0, port: 1024 + (i % 60000), hosts, note }));
  }
}

const textOf = (lines) => 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n'.repeat(lines);

/** Output that is used again, as Go's bytes.Buffer is. */
class Output {
  #bytes = Buffer.allocUnsafe(1024);
  #size = 0;

  reset() {
    this.#size = 0;
  }

  write(chunk) {
    const size = this.#size + chunk.length;
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    this.#size += this.#bytes.write(chunk, this.#size, 'latin1');
  }

  bytes() {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Renders again and again, as the agent does: a reader and functions of its own each time. */
function measure(text, pairs) {
  const mirror = new Mirror();
  mirror.replace({ pairs: new Map(pairs) });
  const view = mirror.view('/', ['/'], 'subtree');
  const template = goEngine.compile('t', text, declaredFuncs);
  const times = [];
  const output = new Output();
  const write = output.write.bind(output);
  const begin = performance.now();
  while (times.length === 0 || performance.now() - begin < seconds * 1000) {
    output.reset();
    const from = process.hrtime.bigint();
    const funcs = confdFuncs(new Reader(view), funcDepsOf(new Map(), systemClock));
    template.render(undefined, funcs, write);
    times.push(Number(process.hrtime.bigint() - from) / 1e6);
  }
  times.sort((a, b) => a - b);
  const bytes = output.bytes();
  return { ms: times[times.length >> 1], size: bytes.length, sum: createHash('md5').update(bytes).digest('hex') };
}

function compileAll(text) {
  let size = 0;
  const from = process.hrtime.bigint();
  for (let i = 0; i < number; i += 1) {
    const own = text.replaceAll('N', String(i));
    size += own.length;
    goEngine.compile('t', own, declaredFuncs);
  }
  return { ms: Number(process.hrtime.bigint() - from) / 1e6, size, sum: '' };
}

function compileAgain(text) {
  const runs = [];
  const begin = performance.now();
  while (runs.length === 0 || performance.now() - begin < seconds * 1000) runs.push(compileAll(text));
  return runs.sort((a, b) => a.ms - b.ms)[runs.length >> 1];
}

const texts = JSON.parse(readFileSync(cases, 'utf8'));
const measures = {
  text: () => measure(textOf(number), []),
  upstream: () => measure(texts.upstream, upstreams()),
  nested: () => measure(texts.nested, services()),
  cold: () => compileAll(texts.small),
  warm: () => compileAgain(texts.small),
};
const result = measures[name]();
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) / 1024;
console.log(JSON.stringify({ ...result, peak }));
