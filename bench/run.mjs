// Measures the agent side by side with the Go confd: `npm run bench`, or `npm run bench -- cold watch` for some of it.
// CONFD_GO names a confd 0.16, CONFD_GO_MASTER a build of its master; without them only ours is measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as bigread from './bigread.mjs';
import * as cold from './cold.mjs';
import * as consul from './consul.mjs';
import * as fanout from './fanout.mjs';
import * as fanout3 from './fanout3.mjs';
import * as fleet from './fleet.mjs';
import { agents } from './measure.mjs';
import * as memory from './memory.mjs';
import * as minietcd from './minietcd.mjs';
import * as onetime from './onetime.mjs';
import * as render from './render.mjs';
import * as start from './start.mjs';
import * as watch from './watch.mjs';

/** @typedef {{name: string, label: string}} Column */

/** @type {Record<string, {title: string, run: () => Promise<object[]>, columns?: Column[], against?: Column}>} */
const scenarios = { cold, start, onetime, watch, fanout, fanout3, bigread, fleet, memory, render, minietcd, consul };
const page = new URL('../docs/benchmarks.md', import.meta.url);
const labels = { ours: 'confd-node', go: 'confd 0.16', master: 'confd master' };

function show(number) {
  if (number === undefined) return '–';
  if (Math.abs(number) >= 100 || Number.isInteger(number)) return Math.round(number).toLocaleString('en');
  return number.toFixed(Math.abs(number) < 1 ? 2 : 1);
}

const usual = agents.map(({ name }) => ({ name, label: labels[name] }));

const goOf = (columns) => ({ name: 'go', label: columns === usual ? '0.16' : 'Go' });

/** Rows as a Markdown table, with a column for each program. */
function table(rows, columns, against) {
  const verdict = ({ pass }) => (pass === undefined ? '' : pass ? 'kept' : '**missed**');
  const ratio = (numbers) => {
    const other = numbers[against.name];
    return numbers.ours === undefined || other === undefined || other <= 0 ? '–' : show(numbers.ours / other);
  };
  const lines = rows.map(({ what, unit, numbers, limit, pass }) => {
    const cells = columns.map(({ name }) => show(numbers[name]));
    return [unit ? `${what}, ${unit}` : what, ...cells, ratio(numbers), limit, verdict({ pass })];
  });
  const head = ['', ...columns.map(({ label }) => label), `ours / ${against.label}`, 'target', ''];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Puts a scenario's table between its markers in the page. */
function publish(name, text) {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(open), old.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no markers for ${name}`);
  writeFileSync(page, old.slice(0, from + open.length) + text + old.slice(to));
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(scenarios, name));
if (unknown.length > 0)
  throw new Error(`no scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}`);

let missed = 0;
for (const [name, { title, run, columns = usual, against = goOf(columns) }] of Object.entries(scenarios)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const rows = await run();
  if (rows.length === 0) continue;
  missed += rows.filter(({ pass }) => pass === false).length;
  const when = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model}`;
  console.log(`\n## ${title}\n\n${table(rows, columns, against)}`);
  publish(name, `\n${table(rows, columns, against)}\n\n${when}\n`);
}
console.log(missed === 0 ? '\nall targets kept' : `\n${missed} targets missed`);
process.exit(missed === 0 ? 0 : 1);
