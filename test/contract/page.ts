import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const page = join(import.meta.dirname, '../../docs/contract.md');
/** A folder into which the columns go instead of being held against the page. */
const out = process.env['CONTRACT_OUT'];

/** Holds a backend's column of docs/contract.md to what was observed, case by case. */
export function holdPageTo(backend: string, observed: ReadonlyMap<string, string>): void {
  if (out === undefined) {
    expect(column(backend).map(settled)).toEqual([...observed].map(settled));
    return;
  }
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${backend}.json`), JSON.stringify([...observed]));
}

/**
 * What a store tells after its connection broke, and what has to be read anew, is a matter of milliseconds; that nothing is
 * lost is not.
 */
function settled([promise, seen]: readonly [string, string]): readonly [string, string] {
  return promise.includes('connection is broken') && seen === 'read anew' ? [promise, 'told'] : [promise, seen];
}

function column(backend: string): [string, string][] {
  const lines = readFileSync(page, 'utf8').split('\n');
  const [head = [], , ...rows] = lines.flatMap((line) =>
    line.startsWith('|') ? [line.split('|').map((cell) => cell.trim())] : [],
  );
  return rows.map((cells) => [cells[1]!, cells[head.indexOf(backend)] ?? '']);
}
