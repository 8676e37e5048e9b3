// Puts every backend through the contract and prints what was observed: npm run contract [-- --write]
// With --write the rows of docs/contract.md are replaced by what was seen; without it they are only held against it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const page = 'docs/contract.md';
const out = mkdtempSync(join(tmpdir(), 'contract-'));
const env = { ...process.env, CONTRACT_OUT: out, NODE_OPTIONS: '--experimental-vm-modules' };
const jest = [
  'node_modules/jest/bin/jest.js',
  'test/backend',
  'test/minietcd/local',
  '-t',
  '^contract of ',
  '--silent',
];
const { status } = spawnSync(process.execPath, jest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
const before = readFileSync(page, 'utf8').trimEnd().split('\n');
const rule = before.findIndex((line) => line.startsWith('|---'));
const cells = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const backends = cells(before[rule - 1]).slice(1);
const columns = backends.map((backend) => new Map(JSON.parse(readFileSync(join(out, `${backend}.json`), 'utf8'))));
rmSync(out, { recursive: true });
const rows = [...columns[0].keys()].map(
  (name) => `| ${[name, ...columns.map((seen) => seen.get(name))].join(' | ')} |`,
);
const text = [...before.slice(0, rule + 1), ...rows, ''].join('\n');
console.log(rows.join('\n'));
if (process.argv.includes('--write')) writeFileSync(page, text);
const stale = text.trimEnd() !== before.join('\n') && !process.argv.includes('--write');
console.log(
  `${rows.length} cases, ${backends.length} backends${stale ? `; ${page} says something else (--write puts it right)` : ''}`,
);
process.exitCode = status !== 0 || stale ? 1 : 0;
