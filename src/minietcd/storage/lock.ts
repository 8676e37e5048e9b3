import { closeSync, linkSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { DataError, reasonOf } from './wal/error.ts';

/** How long a holder has to answer; a stopped process does not answer. */
const patienceMs = 500;

/** The maximum length of a socket path. */
const maxAddressLength = 100;

/**
 * Makes this process the only user of a data directory, until release() or the end of the process. The lock is a socket
 * in the directory, LOCK.<n>: the process that listens on it holds the lock, and nothing listens for a dead process. A
 * dead lock is not removed, because two processes could do that at the same time: the next number is linked, and only
 * one process can do that.
 */
export class FolderLock {
  private constructor(
    private readonly folder: string,
    private readonly holder: string,
    private taken: Taken,
  ) {}

  /** `holder` is the text for other processes. Throws DataError that names the holder. */
  static async take(folder: string, holder: string): Promise<FolderLock> {
    return new FolderLock(folder, holder, await takeLock(folder, holder));
  }

  /** False when the lock was removed: another process may take it. */
  get isHeld(): boolean {
    const { path, inode } = this.taken;
    try {
      return statSync(path, { throwIfNoEntry: false })?.ino === inode;
    } catch {
      return false;
    }
  }

  /** Takes a removed lock again. Throws DataError that names another holder. */
  async renew(): Promise<void> {
    const { server } = this.taken;
    this.taken = await takeLock(this.folder, this.holder);
    await close(server);
  }

  async release(): Promise<void> {
    await close(this.taken.server);
  }
}

/** A lock that this process holds. */
interface Taken {
  readonly server: Server;
  readonly path: string;
  readonly inode: number;
}

async function takeLock(folder: string, holder: string): Promise<Taken> {
  const place = openPlace(folder);
  try {
    const server = createServer((socket) => socket.on('error', () => undefined).end(holder));
    const own = `LOCK.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
    try {
      await listen(server, join(place.path, own));
      const path = join(folder, await takeNext(folder, own, place.path));
      server.unref();
      return { server, path, inode: statSync(path).ino };
    } catch (cause) {
      server.close();
      if (cause instanceof DataError) throw cause;
      throw new DataError('refused', `data directory ${folder}: cannot make a lock in it: ${reasonOf(cause)}`, {
        cause,
      });
    } finally {
      rmSync(join(folder, own), { force: true });
    }
  } finally {
    place.close();
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}

/** The holder of a directory, or undefined. */
export async function holderOf(folder: string): Promise<string | undefined> {
  const place = openPlace(folder);
  try {
    const newest = lockNumbers(folder).at(-1);
    return newest === undefined ? undefined : await whoListens(join(place.path, `LOCK.${newest}`));
  } finally {
    place.close();
  }
}

/** Links the next free lock; returns its name. */
async function takeNext(folder: string, own: string, short: string): Promise<string> {
  for (;;) {
    const newest = lockNumbers(folder).at(-1) ?? 0;
    const holder = newest === 0 ? undefined : await whoListens(join(short, `LOCK.${newest}`));
    if (holder !== undefined) throw new DataError('refused', `data directory ${folder} is in use by ${holder}`);
    if (!link(join(folder, own), join(folder, `LOCK.${newest + 1}`))) continue;
    // A number that others have used and removed meanwhile can be linked again, but is not the newest.
    if (lockNumbers(folder).at(-1) !== newest + 1) {
      rmSync(join(folder, `LOCK.${newest + 1}`), { force: true });
      continue;
    }
    for (const old of lockNumbers(folder)) if (old <= newest) rmSync(join(folder, `LOCK.${old}`), { force: true });
    return `LOCK.${newest + 1}`;
  }
}

function lockNumbers(folder: string): readonly number[] {
  const numbers = readdirSync(folder).map((name) => Number(/^LOCK\.([0-9]+)$/.exec(name)?.[1] ?? NaN));
  return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A short path to a folder, because socket paths are limited to about a hundred bytes. */
function openPlace(folder: string): { readonly path: string; readonly close: () => void } {
  if (folder.length + 40 <= maxAddressLength || process.platform !== 'linux') {
    return { path: folder, close: () => undefined };
  }
  const fd = openSync(folder, 'r');
  return {
    path: `/proc/self/fd/${fd}`,
    close: () => {
      closeSync(fd);
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, resolve);
  });
}

/** The text of the process that listens on a socket, or undefined. */
function whoListens(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path });
    const answer = (text: string | undefined) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(patienceMs, () => {
      answer('a process that does not answer');
    });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('end', () => {
      answer(text);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      answer(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : `another process (${code})`);
    });
  });
}
