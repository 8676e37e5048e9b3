// What a mutation run found, as text.
import { relative } from 'node:path';
import { root } from './bundle.mjs';

const statuses = ['killed', 'timeout', 'survived', 'unreached'];

/** A line per file and one for all: counts, and the share of the mutants that the tests noticed. */
export function summary(mutants) {
  const files = new Map();
  for (const mutant of mutants) {
    const name = relative(root, mutant.fileName);
    files.set(name, [...(files.get(name) ?? []), mutant]);
  }
  const rows = [...files].map(([name, own]) => row(name, own));
  return [['file', 'mutants', ...statuses, 'score'], ...rows, row('all', mutants)]
    .map(([name, ...cells]) => name.padEnd(40) + cells.map((cell) => String(cell).padStart(10)).join(''))
    .join('\n');
}

function row(name, mutants) {
  const counts = statuses.map((status) => mutants.filter((mutant) => mutant.status === status).length);
  return [name, mutants.length, ...counts, ((100 * (counts[0] + counts[1])) / mutants.length).toFixed(1)];
}

/** Whether no test noticed the mutant. */
export function isSurvivor({ status }) {
  return status === 'survived' || status === 'unreached';
}

/** A mutant in three lines: its place and kind, what stands there, and what it makes of it. */
export function entry(mutant) {
  const { start } = mutant.location;
  const place = `${relative(root, mutant.fileName)}:${start.line + 1}:${start.column + 1}`;
  return `${place} ${mutant.mutatorName}\n  - ${original(mutant)}\n  + ${oneLine(mutant.replacement)}`;
}

function original({ text, location: { start, end } }) {
  const lines = text.split('\n').slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  return oneLine(lines.join('\n'));
}

function oneLine(text) {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
