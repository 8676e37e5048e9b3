import { statfs } from 'node:fs/promises';
import type { FSWatcher } from 'chokidar';
import type * as Chokidar from 'chokidar';

/** Gets the changes of a target. */
export interface TargetListener {
  /** The target may have changed, or its watch has begun. */
  readonly changed: () => void;
  /** The system does not report changes; called once in a process. */
  readonly refused: (message: string) => void;
}

/** How often files are checked when the system does not report changes. */
const pollMs = 1000;
/** Error codes of a kernel without a free watch, file or memory for this, or without inotify. */
const refusals: ReadonlySet<unknown> = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSYS']);
/**
 * statfs types of file systems that other machines write to without a report: nfs, smb2, cifs, smb, 9p, fuse, ceph,
 * afs, ncp.
 */
const remote: ReadonlySet<number> = new Set([
  ...[0x6969, 0xfe534d42, 0xff534d42, 0x517b, 0x01021997, 0x65735546, 0x00c36400, 0x5346414f, 0x564c],
]);

/**
 * One watch for each path in the process: chokidar has one handle for each path, and a second watcher on a directory
 * that was replaced would get the handle of the old one.
 */
const watches = new Map<string, TargetWatch>();
let isRefusalTold = false;

/**
 * Reports changes of names and files in a directory (not in its subdirectories), or of a file. `identity` is what the
 * caller found at path (device, a colon, and more): another identity begins a new watch. Returns a function that ends
 * it.
 */
export async function watchTarget(path: string, identity: string, listener: TargetListener): Promise<() => void> {
  const { watch } = await import('chokidar');
  let target = watches.get(path);
  if (target === undefined) watches.set(path, (target = new TargetWatch(path, watch)));
  target.join(listener, identity);
  return () => {
    target.leave(listener);
  };
}

/** By device, the first part of an identity. */
const remoteDevices = new Map<string, Promise<boolean>>();

function isRemote(path: string, identity: string): Promise<boolean> {
  const device = identity.split(':', 1)[0]!;
  let known = remoteDevices.get(device);
  if (known === undefined) {
    known = statfs(path).then(
      ({ type }) => remote.has(type),
      () => false,
    );
    remoteDevices.set(device, known);
  }
  return known;
}

class TargetWatch {
  readonly #listeners = new Set<TargetListener>();
  #identity = '';
  #watcher: FSWatcher | null = null;
  #isReady = false;

  constructor(
    private readonly path: string,
    private readonly watch: typeof Chokidar.watch,
  ) {}

  join(listener: TargetListener, identity: string): void {
    this.#listeners.add(listener);
    if (identity !== this.#identity) {
      this.#identity = identity;
      this.#close();
      this.#open(false);
      void this.#pollWhereRemote();
    } else if (this.#isReady) listener.changed();
  }

  leave(listener: TargetListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    watches.delete(this.path);
    this.#close();
  }

  #open(usePolling: boolean): void {
    const polling = { usePolling, interval: pollMs, binaryInterval: pollMs };
    const options = { ignoreInitial: true, followSymlinks: false, depth: 0, atomic: false, ...polling };
    const watcher = this.watch(this.path, options);
    const changed = () => {
      for (const listener of this.#listeners) listener.changed();
    };
    this.#watcher = watcher;
    // 'raw' is everything that the system reports; 'all' omits repeated events and changes that keep the time of the
    // file.
    watcher.on('all', changed).on('raw', changed);
    watcher.on('ready', () => {
      this.#isReady = true;
      changed();
    });
    watcher.on('error', (error) => {
      // A file that may not be read cannot be watched, and does not matter.
      if (!usePolling && watcher === this.#watcher) this.#fall(error as NodeJS.ErrnoException);
    });
  }

  #fall({ code = '' }: NodeJS.ErrnoException): void {
    if (!refusals.has(code)) return;
    this.#close();
    this.#open(true);
    if (isRefusalTold) return;
    isRefusalTold = true;
    const message = `The system does not report changes of ${this.path} (${code}: see fs.inotify in sysctl): checking its files every ${pollMs / 1000} s`;
    for (const { refused } of this.#listeners) refused(message);
  }

  async #pollWhereRemote(): Promise<void> {
    const watcher = this.#watcher;
    if (!(await isRemote(this.path, this.#identity)) || watcher !== this.#watcher || watcher === null) return;
    this.#close();
    this.#open(true);
  }

  #close(): void {
    this.#isReady = false;
    // It frees its handles at once.
    void this.#watcher?.close();
    this.#watcher = null;
  }
}
