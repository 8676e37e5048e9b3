import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Where changes of some paths can come from. */
export interface Survey {
  /**
   * The directories at or below the paths, and the files that links lead to outside of them: by real path, with their
   * identity.
   */
  readonly targets: ReadonlyMap<string, string>;
  /** Every directory whose names matter, as the path or link names it, with its stamp. */
  readonly directories: ReadonlyMap<string, string>;
}

/** As in Linux. */
const maxLinks = 40;

/**
 * Finds the paths, which are absolute, and what they lead to. Directories are scanned, but links inside them are not
 * followed.
 */
export async function survey(paths: readonly string[]): Promise<Survey> {
  const surveyor = new Surveyor();
  for (const path of paths) await surveyor.find(path);
  return surveyor;
}

/**
 * A text that differs when a name in the directory, or the directory itself, was replaced; '' when there is none. Links
 * are followed.
 */
export async function directoryStamp(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(stampOf, () => '');
}

const stampOf = (found: BigIntStats) => `${identityOf(found)}:${found.ctimeNs}`;
/** File systems reuse the inode number of a removed file; only the time of birth differs. */
const identityOf = ({ dev, ino, birthtimeNs }: BigIntStats) => `${dev}:${ino}:${birthtimeNs}`;

class Surveyor implements Survey {
  readonly targets = new Map<string, string>();
  readonly directories = new Map<string, string>();
  /** Real paths of the directories that were scanned. */
  readonly #entered = new Set<string>();
  /** Real paths of the files in them. */
  readonly #files = new Set<string>();
  /** Real paths by the requested path; null when there is none. */
  readonly #real = new Map<string, string | null>();

  async find(path: string): Promise<void> {
    const parent = await this.#directory(dirname(path));
    // The content of a scanned directory is known; a link to a directory only if it was requested.
    if (parent !== null && this.#files.has(join(parent, basename(path)))) return;
    await this.#follow(path, true);
  }

  async #follow(path: string, enters: boolean, links = 0): Promise<void> {
    const parent = await this.#directory(dirname(path));
    if (parent === null) return;
    const real = join(parent, basename(path));
    const found = await lstat(real, { bigint: true }).catch(() => null);
    if (found?.isSymbolicLink() === true) {
      const text = await readlink(real).catch(() => null);
      if (text !== null && links < maxLinks) await this.#follow(resolve(parent, text), enters, links + 1);
    } else if (found?.isDirectory() === true) {
      if (enters) await this.#enter(real, found);
    } else if (found !== null && !this.#entered.has(parent)) {
      this.targets.set(real, identityOf(found));
    }
  }

  /** Records a directory on the way; returns its real path, or null when there is none. */
  async #directory(path: string): Promise<string | null> {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    this.directories.set(path, await directoryStamp(path));
    const real = await realpath(path).catch(() => null);
    this.#real.set(path, real);
    return real;
  }

  async #enter(real: string, found: BigIntStats): Promise<void> {
    if (this.#entered.has(real)) return;
    this.#entered.add(real);
    this.targets.set(real, identityOf(found));
    this.directories.set(real, stampOf(found));
    for (const entry of await readdir(real, { withFileTypes: true }).catch(() => [])) {
      const path = join(real, entry.name);
      if (entry.isDirectory() || entry.isSymbolicLink()) await this.#follow(path, entry.isDirectory());
      else this.#files.add(path);
    }
  }
}
