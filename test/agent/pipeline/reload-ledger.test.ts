import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FileLedger } from '../../../src/agent/pipeline/file-ledger.ts';
import { MemoryLedger, type PendingReload } from '../../../src/agent/pipeline/reload-ledger.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

// What every ledger promises.

const inFiles = () => new FileLedger(mkdtempSync(join(tmpdir(), 'ledger-')), memoryLog(), systemClock);

describe.each([
  ['in memory', () => new MemoryLedger()],
  ['in files', inFiles],
])('%s', (_name, open) => {
  const entry = (dest: string, more: Partial<PendingReload> = {}): PendingReload => {
    return { dest, resource: '/r', command: 'x', md5: 'ab', since: '2026-01-01T00:00:00.000Z', stops: 0, ...more };
  };

  test('finds nothing where nothing was put', async () => {
    const ledger = open();
    expect(await ledger.find('/d')).toBeNull();
    await ledger.clear('/d');
    expect(await ledger.find('/d')).toBeNull();
  });

  test('one entry a dest, the last one', async () => {
    const ledger = open();
    await ledger.put(entry('/d'));
    await ledger.put(entry('/e', { stops: 1 }));
    await ledger.put(entry('/d', { command: 'y' }));
    expect(await ledger.find('/d')).toMatchObject({ dest: '/d', command: 'y', stops: 0 });
    await ledger.clear('/d');
    expect(await ledger.find('/d')).toBeNull();
    expect(await ledger.find('/e')).toMatchObject({ dest: '/e', stops: 1 });
  });

  test('a dest is its path, however it is written', async () => {
    const ledger = open();
    await ledger.put(entry('/a//b/../c'));
    await ledger.put(entry('rel'));
    expect(await ledger.find('/a/c')).not.toBeNull();
    expect(await ledger.find(join(process.cwd(), 'rel'))).not.toBeNull();
    expect(await ledger.find('/a/b')).toBeNull();
  });
});
