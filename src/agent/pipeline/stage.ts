import { randomBytes, randomInt } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { modeText } from '../../go/os.ts';
import type { Attributes } from './compare.ts';
import { AgentError, attempt, isErrno } from '../resource/error.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import { ownTag } from '../resource/process-tag.ts';
import { beside, stageNamePrefix } from './stage-files.ts';

/**
 * Writes the rendering to a new file beside dest and syncs it to disk; returns its path. Throws AgentError and leaves
 * no file.
 */
export async function stage(rendering: Rendering, resource: Resource, wished: Attributes): Promise<string> {
  return write(
    rendering,
    resource,
    wished,
    () => `${stageNamePrefix(resource.dest)}.${ownTag()}-${randomBytes(4).toString('hex')}`,
  );
}

/** Like stage, for a file that is kept: it has the name of confd's stage files, which removeStale does not remove. */
export async function stageToKeep(rendering: Rendering, resource: Resource, wished: Attributes): Promise<string> {
  return write(rendering, resource, wished, () => `${stageNamePrefix(resource.dest)}${randomInt(1, 2 ** 32)}`);
}

/** Removes a stage file. It may be gone already; a file that cannot be removed stays. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** Sets owner and mode of an open file. Throws AgentError, also when the file system ignores them. */
export async function setAttributes(file: FileHandle, path: string, wished: Attributes, asked: boolean): Promise<void> {
  // The owner first: chown may clear mode bits. Values that are already right are not set, as that may be forbidden.
  const before = await file.stat();
  if (before.uid !== wished.uid || before.gid !== wished.gid) {
    await attempt('chown', path, () => file.chown(wished.uid, wished.gid));
  }
  if ((before.mode & 0o7777) !== wished.mode) await attempt('chmod', path, () => file.chmod(wished.mode));
  // If a file system ignores both without an error, every pass would find a difference and reload.
  const after = await file.stat();
  if (after.uid !== wished.uid || after.gid !== wished.gid) {
    throw new AgentError(`chown ${path}: the file system keeps uid ${after.uid} and gid ${after.gid}`);
  }
  if (asked && (after.mode & 0o777) !== wished.mode) {
    throw new AgentError(`chmod ${path}: the file system keeps mode ${modeText(after.mode)}`);
  }
}

/** Writes the rendering at the current position of the file. */
export async function writeAll(file: FileHandle, { chunks }: Rendering): Promise<void> {
  for (const chunk of chunks) await file.writeFile(chunk);
}

async function write(
  rendering: Rendering,
  resource: Resource,
  wished: Attributes,
  name: () => string,
): Promise<string> {
  const [path, file] = await create(resource.dest, name);
  try {
    await attempt('write', path, () => writeAll(file, rendering));
    await setAttributes(file, path, wished, resource.mode !== null);
    await attempt('sync', path, () => file.sync());
    await attempt('close', path, () => file.close());
    return path;
  } catch (error) {
    await file.close().catch(() => undefined);
    await discard(path);
    throw error;
  }
}

async function create(dest: string, name: () => string): Promise<[string, FileHandle]> {
  for (;;) {
    const path = beside(dest, name());
    try {
      return [path, await attempt('open', path, () => open(path, 'wx', 0o600))];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      const folder = dirname(dest);
      if (isErrno(error.cause, 'ENOENT')) throw new AgentError(`dest ${dest}: its directory ${folder} does not exist`);
      if (isErrno(error.cause, 'ENOTDIR')) throw new AgentError(`dest ${dest}: ${folder} is not a directory`);
      if (!isErrno(error.cause, 'EEXIST')) throw error;
    }
  }
}
