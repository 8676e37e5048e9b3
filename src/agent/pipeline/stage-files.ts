import { lstat, readdir, readFile, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isErrno } from '../resource/error.ts';
import { ownPlace, startTime } from '../resource/process-tag.ts';

/** The path of a file in the directory of dest. */
export function beside(dest: string, name: string): string {
  const folder = dirname(dest);
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** The prefix of the names of stage files: a dot and the name of dest, cut so that the suffix fits into a file name. */
export function stageNamePrefix(dest: string): string {
  return `.${Array.from(basename(dest)).slice(0, 48).join('')}`;
}

// The suffix names the process: "confd-", the host and pid namespace, the pid, the start time of the process.
const tagged = /^(\..*)\.confd-([0-9a-f]{8})-([0-9]+)-([0-9]+)-[0-9a-f]{8}$/s;

/** Whether a file of that name may be one of our stage files. */
export function isStageName(name: string): boolean {
  return tagged.test(name);
}

/**
 * Whether a process on another host or in another container still runs is unknown; no stage file is needed for this
 * long.
 */
const foreignAgeMs = 24 * 60 * 60 * 1000;

/**
 * Removes stage files of dests that earlier runs of this program left behind, and returns their paths. A file is
 * removed when its process is gone, or when that cannot be known and it is a day old. Throws nothing.
 */
export async function removeStale(dests: Iterable<string>, now: number): Promise<string[]> {
  const folders = new Map<string, Set<string>>();
  for (const dest of dests) {
    const stems = folders.get(dirname(dest)) ?? new Set();
    folders.set(dirname(dest), stems.add(stageNamePrefix(dest)));
  }
  const removed: string[] = [];
  for (const [folder, stems] of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const match = tagged.exec(name);
      if (match === null || !stems.has(match[1]!)) continue;
      const path = beside(`${folder}/x`, name);
      if ((await isDead(path, match, now)) && (await remove(path))) removed.push(path);
    }
  }
  return removed;
}

async function remove(path: string): Promise<boolean> {
  return unlink(path).then(
    () => true,
    () => false,
  );
}

async function isDead(path: string, [, , place, pid, start]: RegExpExecArray, now: number): Promise<boolean> {
  const stat = await lstat(path).catch(() => null);
  if (stat?.isFile() !== true) return false;
  if (place !== ownPlace()) return now - stat.mtimeMs > foreignAgeMs;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return true;
  }
  // The pid is in use: by the writer, unless that process has another start time.
  const began = await readFile(`/proc/${pid!}/stat`, 'latin1').then(startTime, () => start);
  return began !== start;
}
