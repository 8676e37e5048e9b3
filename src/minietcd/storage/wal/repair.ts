import { basename, dirname } from 'node:path';
import { open } from 'node:fs/promises';
import type { LogEnd } from './log-reader.ts';
import { syncDirectory } from './wal.ts';

/**
 * Removes a torn tail from the end of a log and keeps it in a file beside the segment; returns the path of that file,
 * and the new end.
 */
export async function repairTail(end: LogEnd): Promise<{ readonly kept: string; readonly end: LogEnd }> {
  const { path } = end.file;
  const kept = `${path}.${end.offset}.broken`;
  const file = await open(path, 'r+');
  try {
    const tail = Buffer.alloc(end.tornBytes);
    await file.read(tail, 0, tail.length, end.offset);
    const copy = await open(kept, 'w', 0o600);
    try {
      await copy.writeFile(tail);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await syncDirectory(dirname(path));
    await file.truncate(end.offset);
    await file.sync();
  } finally {
    await file.close();
  }
  return { kept: basename(kept), end: { ...end, tornBytes: 0, torn: '' } };
}
