import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import { makeFolder } from '../../../src/minietcd/storage/data-directory.ts';
import { openData } from '../../helpers/disk.ts';

// faulty.c stands between workload.ts and its disk, and strikes at one call after the other until a run meets none.

const root = mkdtempSync(join(tmpdir(), 'faultydisk-'));
const shim = join(root, 'faulty.so');
const program = join(root, 'workload.mjs');
const canCompile = compiles();

function compiles(): boolean {
  try {
    const source = join(import.meta.dirname, 'faulty.c');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

/** Makes a data directory with so many changes that the next ones take old snapshots and segments away. */
const filled = join(root, 'filled');

beforeAll(() => {
  const entryPoints = [join(import.meta.dirname, 'workload.ts')];
  buildSync({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
  execFileSync(process.execPath, [program, filled, '1', '30']);
  // Five are kept; the last may be under way when the program ends.
  expect(readdirSync(join(filled, 'snap')).length).toBeGreaterThanOrEqual(4);
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

interface Run {
  readonly folder: string;
  readonly said: readonly string[];
  readonly log: string;
  /** How many calls were struck. */
  readonly strikes: number;
}

/** Where a run begins: with no data directory, or with one that is full of things to replace. */
const starts = ['new', 'filled'] as const;
type Start = (typeof starts)[number];

let runs = 0;

/** Runs the workload on a data directory of its own, whose disk has a fault at one call. */
function strike(start: Start, fault: string, at: number, times = 1): Promise<Run> {
  const folder = join(root, `data${++runs}`);
  if (start === 'filled') cpSync(filled, folder, { recursive: true, filter: (path) => !path.includes('LOCK') });
  const env = { FAULT: fault, FAULT_DIR: folder, FAULT_AT: String(at), FAULT_FOR: String(times), LD_PRELOAD: shim };
  const changes = start === 'new' ? ['1', '1'] : ['21', '24'];
  const child = spawn(process.execPath, [program, folder, ...changes], {
    env: { PATH: process.env['PATH']!, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let [said, log, strikes] = ['', '', 0];
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stdio[3]!.on('data', (chunk: Buffer) => (strikes += chunk.length));
  return new Promise((resolve) => {
    child.on('close', () => {
      resolve({ folder, said: said.split('\n').slice(0, -1), log, strikes });
    });
  });
}

/** Strikes at every call in turn, several runs at once, until none is met any more; how many were. */
async function strikeEverywhere(
  start: Start,
  { fault, times = 1 }: { readonly fault: string; readonly times?: number },
  check: (run: Run) => Promise<void>,
): Promise<number> {
  for (let at = 1; at < 1000;) {
    const batch = await Promise.all(
      Array.from({ length: availableParallelism() }, (_, n) => strike(start, fault, at + n, times)),
    );
    for (const run of batch) {
      try {
        await check(run);
      } catch (error) {
        throw new Error(`${fault} at call ${at}: ${run.said.join(', ')}\n${run.log}`, { cause: error });
      }
      rmSync(run.folder, { recursive: true, force: true });
      at++;
    }
    if (batch.at(-1)!.strikes === 0) return at;
  }
  throw new Error('the faults never end');
}

const named = (said: readonly string[], word: string) =>
  said.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** Everything that was answered is there after a start, nothing that was refused is, and no rest of a write lies about. */
async function expectWhole({ folder, said }: Run): Promise<void> {
  makeFolder(folder);
  const again = await openData(folder);
  const [answered, refused] = [named(said, 'ok'), named(said, 'no')];
  for (let slot = 0; slot < 7; slot++) {
    const last = answered.findLast((n) => Number(n) % 7 === slot);
    if (last === undefined) continue;
    const [now = ''] = again.keyspace.get(`/${slot}`).value.split(' ');
    // What was sent and not answered may be there as well.
    expect(now === last || !(answered.includes(now) || refused.includes(now))).toBe(true);
  }
  expect(again.keyspace.index - 3).toBeGreaterThanOrEqual(answered.length);
  const saved = again.disk.state.store.save();
  await again.close();
  const once = await openData(folder);
  expect(once.disk.state.store.save()).toEqual(saved);
  await once.close();
  const left = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.tmp'));
  expect(left).toEqual([]);
  expect(again.log.lines.filter((line) => !line.includes('unfinished write'))).toEqual([]);
}

(canCompile ? describe : describe.skip)('a disk that fails (skipped without gcc)', () => {
  test.each(starts)(
    'F2, F3: killed before every step of a start, a change, a rotation, a snapshot: %s',
    async (start) => {
      const steps = await strikeEverywhere(start, { fault: 'kill' }, async (run) => {
        expect(named(run.said, 'no')).toEqual([]);
        await expectWhole(run);
      });
      expect(steps).toBeGreaterThan(20);
    },
    240_000,
  );

  test.each(starts)(
    'F10: full for a while at every call that takes room: refused, and taken again: %s',
    async (start) => {
      const points = await strikeEverywhere(start, { fault: 'enospc', times: 4 }, async (run) => {
        const refused = named(run.said, 'refused');
        if (refused.length > 0) {
          expect(refused).toEqual([expect.stringMatching(/^data directory \S+: .*no space left on the disk$/)]);
        } else {
          expect([run.said.at(-2)!.slice(0, 3), run.said.at(-1)]).toEqual(['ok ', 'end']);
          expect(run.log).toMatch(/^$|no space left/);
        }
        await expectWhole(run);
      });
      expect(points).toBeGreaterThan(10);
    },
    240_000,
  );

  test('F10: read-only for a while at every call that takes room: refused, and taken again', async () => {
    const points = await strikeEverywhere('filled', { fault: 'erofs', times: 4 }, async (run) => {
      const refused = named(run.said, 'refused');
      if (refused.length > 0) {
        expect(refused).toEqual([expect.stringMatching(/^data directory \S+: .*the file system is read-only$/)]);
      } else {
        expect([run.said.at(-2)!.slice(0, 3), run.said.at(-1)]).toEqual(['ok ', 'end']);
        expect(run.log).toMatch(/^$|read-only/);
      }
      await expectWhole(run);
    });
    expect(points).toBeGreaterThan(10);
  }, 240_000);

  test.each(starts)(
    'F11: an error of every sync: no answer of success for what was in it, and the end: %s',
    async (start) => {
      const syncs = await strikeEverywhere(start, { fault: 'eio' }, async (run) => {
        const last = run.said.at(-1)!;
        if (last === 'end') expect(run.log).toMatch(/^$|snapshot not written.*input\/output error/);
        else expect(last).toMatch(/^(lost|refused data directory .*: input\/output error)$/);
        await expectAnswered(run);
      });
      expect(syncs).toBeGreaterThan(5);
    },
    240_000,
  );

  test('F20: too many open files at every opening: no start, or no answer that is lost or refused', async () => {
    const openings = await strikeEverywhere('filled', { fault: 'emfile', times: 6 }, async (run) => {
      if (run.said[0] === 'open') expect(run.said).toEqual(expect.not.arrayContaining([expect.stringMatching(/^no /)]));
      else expect(run.said).toEqual([expect.stringMatching(/^refused data directory .*: too many open files$/)]);
      await expectWhole(run);
    });
    expect(openings).toBeGreaterThan(10);
  }, 240_000);

  test('a disk that takes its time: everything is answered, and nothing is lost', async () => {
    const run = await strike('filled', 'pause', 1, 20);
    expect(run.said.at(-1)).toBe('end');
    await expectWhole(run);
  });
});

/** After a failed sync a change that was refused may be there all the same. */
async function expectAnswered(run: Run): Promise<void> {
  await expectWhole({ ...run, said: run.said.filter((line) => !line.startsWith('no ')) });
}
