import type { Bell } from './bell.ts';

/** Settles a moment after the last event: editors and ConfigMap swaps touch several files for one edit. */
const quietMs = 100;

/**
 * Rings the bell when conf.d or templates below confdir are edited. Links are watched as links, so that the swap of a
 * Kubernetes ConfigMap (a rename of ..data) is seen. Returns what ends the watch.
 */
export async function watchEdits(confdir: string, bell: Bell): Promise<() => Promise<void>> {
  const { watch } = await import('chokidar');
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch([`${confdir}/conf.d`, `${confdir}/templates`], { ignoreInitial: true, followSymlinks: false });
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      bell.ring('edit');
    }, quietMs);
  });
  // A directory that cannot be watched is looked at every interval all the same.
  watcher.on('error', () => undefined);
  return async () => {
    clearTimeout(timer);
    await watcher.close();
  };
}
