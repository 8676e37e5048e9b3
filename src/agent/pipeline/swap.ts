import { lstat, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../obs/log.ts';
import type { Attributes } from './compare.ts';
import { AgentError, attempt, isErrno } from '../resource/error.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import { setAttributes, writeAll } from './stage.ts';

/** A stage file and its content. */
export interface Staged {
  readonly path: string;
  readonly rendering: Rendering;
  readonly attributes: Attributes;
}

/** Resources whose dest has been written in place, so that this is logged once. */
const writtenInPlace = new WeakSet<Resource>();

/**
 * Renames the stage file to dest and syncs the directory; a dest that is a mount point is written in place instead.
 * Throws AgentError, whose `touched` is true when dest may be damaged; once dest is new, nothing throws.
 */
export async function swap(staged: Staged, resource: Resource, log: Logger): Promise<void> {
  const { dest } = resource;
  log.debug(`Overwriting target config ${dest}`);
  try {
    await attempt('rename', `${staged.path} ${dest}`, () => rename(staged.path, dest));
  } catch (error) {
    const cause = error instanceof AgentError ? error.cause : undefined;
    if (!isErrno(cause, 'EBUSY') && !isErrno(cause, 'EXDEV')) throw await inGoWords(error, staged.path, dest);
    log.debug('Rename failed - target is likely a mount. Trying to write instead');
    if (!writtenInPlace.has(resource)) {
      writtenInPlace.add(resource);
      log.info(
        `${dest} is likely a mount (${cause.code!}): it is written in place, and readers may see it half-written`,
      );
    }
    await writeInPlace(staged, resource);
    return;
  }
  await syncFolder(dirname(dest)).catch((error: unknown) => {
    log.warning(`Target config ${dest} is in place, but ${(error as Error).message}`);
  });
}

/** Go checks for a directory at dest before the rename, and has its own words for it. */
async function inGoWords(error: unknown, from: string, dest: string): Promise<unknown> {
  const there = await lstat(dest).catch(() => null);
  if (there?.isDirectory() !== true) return error;
  return new AgentError(`rename ${from} ${dest}: file exists`, { cause: error });
}

async function writeInPlace({ rendering, attributes }: Staged, resource: Resource): Promise<void> {
  const { dest } = resource;
  const file = await attempt('open', dest, () => open(dest, 'r+'));
  let touched = false;
  try {
    // Attributes first, as they may be refused: new content with wrong attributes would be in sync for the next pass.
    await setAttributes(file, dest, attributes, resource.mode !== null);
    touched = true;
    await attempt('truncate', dest, () => file.truncate(0));
    await attempt('write', dest, () => writeAll(file, rendering));
    await attempt('sync', dest, () => file.sync());
  } catch (error) {
    throw error instanceof AgentError ? new AgentError(error.message, { cause: error.cause, touched }) : error;
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await attempt('open', folder, () => open(folder, 'r'));
  try {
    await attempt('sync', folder, () => handle.sync());
  } catch (error) {
    // On some file systems a directory cannot be synced.
    if (!(error instanceof AgentError && isErrno(error.cause, 'EINVAL'))) throw error;
  } finally {
    await handle.close();
  }
}
