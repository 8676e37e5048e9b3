import { realpath } from 'node:fs/promises';
import type { Bell } from './bell.ts';

/** Settles a moment after the last event: editors and ConfigMap swaps touch several files for one edit. */
const quietMs = 100;

/**
 * Rings the bell when conf.d or templates below confdir are edited, and once when it begins to see edits, for those
 * that came before. Links are watched as links, so that the swap of a Kubernetes ConfigMap (a rename of ..data) is
 * seen. Returns what ends the watch.
 */
export async function watchEdits(confdir: string, bell: Bell): Promise<() => Promise<void>> {
  const { watch } = await import('chokidar');
  let timer: NodeJS.Timeout | undefined;
  const ringSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      bell.ring('edit');
    }, quietMs);
  };
  const folders = await Promise.all(['conf.d', 'templates'].map((name) => target(`${confdir}/${name}`)));
  const watcher = watch(folders, { ignoreInitial: true, followSymlinks: false });
  watcher.on('ready', ringSoon);
  watcher.on('all', ringSoon);
  // A directory that cannot be watched is looked at every interval all the same.
  watcher.on('error', () => undefined);
  return async () => {
    clearTimeout(timer);
    await watcher.close();
  };
}

/** Where a folder that is a link leads; a folder that is not there yet is itself. */
async function target(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}
