import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { discard, stage } from '../../../src/agent/pipeline/stage.ts';
import { removeStale } from '../../../src/agent/pipeline/stage-files.ts';
import { renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

const mine = { mode: 0o640, uid: process.geteuid!(), gid: process.getegid!() };

describe('stage files of dead runs', () => {
  /** The name that a stage file of this process has, with parts of it replaced. */
  async function nameLike(folder: string, replace: (name: string) => string): Promise<string> {
    const path = await stage(renderingOf('x'), resourceOf(join(folder, 'out')), mine);
    await discard(path);
    return join(folder, replace(basename(path)));
  }

  const now = 1_800_000_000_000;
  const hour = 3_600_000;
  const dead = async () => {
    const child = spawn('true');
    await once(child, 'exit');
    return String(child.pid);
  };
  const other = (name: string) => name.replace(/confd-[0-9a-f]{8}/, 'confd-00000000');

  const rows: readonly (readonly [string, (name: string, pid: string) => string, number, boolean])[] = [
    ['of this very process', (name) => name, 48 * hour, false],
    [
      'of a live process',
      (name) => name.replace(/-[0-9]+-[0-9]+-/, `-${process.ppid}-${startOf(process.ppid)}-`),
      0,
      false,
    ],
    ['of another dest', (name, pid) => name.replace('.out.', '.outer.').replace(/-[0-9]+-/, `-${pid}-`), 0, false],
    ['that confd could have made', () => '.out2816319906', 48 * hour, false],
    ['that anybody could have made', () => '.out.confd-1', 48 * hour, false],
    ['of another host, lately', other, hour, false],
    ['of another host, two days ago', other, 48 * hour, true],
    ['of a process that is gone', (name, pid) => name.replace(/-[0-9]+-/, `-${pid}-`), 0, true],
    ['of a process whose pid is used again', (name) => name.replace(/(-[0-9]+-)[0-9]+-/, '$11-'), 0, true],
  ];

  test.each(rows)('%s', async (_name, replace, age, gone) => {
    using folder = scratch();
    const pid = await dead();
    const path = await nameLike(folder.path, (name) => replace(name, pid));
    writeFileSync(path, 'half of i');
    utimesSync(path, (now - age) / 1000, (now - age) / 1000);
    const removed = await removeStale([join(folder.path, 'out'), '/no/such/folder/x'], now);
    expect(removed).toEqual(gone ? [path] : []);
    expect(existsSync(path)).toBe(!gone);
  });
});

function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
}
