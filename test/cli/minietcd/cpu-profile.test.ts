import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startProfile } from '../../../src/cli/minietcd/cpu-profile.ts';

test('a profile is written at the end, and a path that cannot be is told at the start', async () => {
  await expect(startProfile('/nowhere/at/all')).rejects.toThrow('no such file or directory');
  const file = join(mkdtempSync(join(tmpdir(), 'profile-')), 'run.cpuprofile');
  const finish = await startProfile(file);
  await finish();
  const { nodes } = JSON.parse(readFileSync(file, 'utf8')) as { nodes: unknown[] };
  expect(nodes.length).toBeGreaterThan(0);
});
