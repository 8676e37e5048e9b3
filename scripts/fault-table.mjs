// Puts the agent through every fault of every backend and prints what was observed: npm run faults:backends [-- --write]
// With --write the rows of docs/faults.md are replaced by what was seen; without it they are only held against it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const page = 'docs/faults.md';
const out = mkdtempSync(join(tmpdir(), 'faults-'));
const env = { ...process.env, FAULTS_OUT: out, NODE_OPTIONS: '--experimental-vm-modules' };
const jest = ['node_modules/jest/bin/jest.js', 'test/faults', '--silent'];
const { status } = spawnSync(process.execPath, jest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
const rows = readdirSync(out).flatMap((name) => JSON.parse(readFileSync(join(out, name), 'utf8')));
rmSync(out, { recursive: true });
const before = readFileSync(page, 'utf8').trimEnd().split('\n');
const head = before.slice(0, before.findIndex((line) => line.startsWith('|---')) + 1);
const text = [...head, ...rows, ''].join('\n');
console.log(rows.join('\n'));
if (process.argv.includes('--write')) writeFileSync(page, text);
const stale = text.trimEnd() !== before.join('\n') && !process.argv.includes('--write');
console.log(`${rows.length} faults${stale ? `; ${page} says something else (--write puts it right)` : ''}`);
process.exitCode = status !== 0 || stale ? 1 : 0;
