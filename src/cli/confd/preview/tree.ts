import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Rendering } from '../../../agent/render/render.ts';
import { AgentError, attempt, isErrno } from '../../../agent/resource/error.ts';
import type { ResourceTemplate } from '../../../agent/resource/resource.ts';

const defaultMode = 0o644;

/**
 * Writes a rendering to its dest below folder, with the mode that dest would have; returns the path. The file is always
 * inside of folder: ".." ends at its top, and links in it are not followed. Throws AgentError.
 */
export async function writeInto(folder: string, resource: ResourceTemplate, rendering: Rendering): Promise<string> {
  const inside = resolve('/', resource.dest);
  const path = join(folder, inside);
  await attempt('mkdir', folder, () => mkdir(folder, { recursive: true }));
  await makeFolders(folder, dirname(inside));
  const temporary = join(dirname(path), `.${basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}`);
  const file = await attempt('open', temporary, () => open(temporary, 'wx', 0o600));
  try {
    for (const chunk of rendering.chunks) await attempt('write', temporary, () => file.writeFile(chunk));
    await attempt('chmod', temporary, async () => file.chmod(await modeOf(resource)));
    await file.close();
    // A link at that path is replaced, and its target is unchanged.
    await attempt('rename', path, () => rename(temporary, path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  return path;
}

/** Creates the directories of an absolute path below folder; a link in the place of one is an error. */
async function makeFolders(folder: string, inside: string): Promise<void> {
  let path = folder;
  for (const name of inside.split('/').filter((part) => part !== '')) {
    path = join(path, name);
    try {
      await mkdir(path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) await attempt('mkdir', path, () => Promise.reject(error as Error));
      const found = await attempt('lstat', path, () => lstat(path));
      if (!found.isDirectory()) throw new AgentError(`${path} is not a directory (a link could lead out of ${folder})`);
    }
  }
}

/** As in the pipeline: the mode of the resource, or that of an existing dest. */
async function modeOf({ spec, dest }: ResourceTemplate): Promise<number> {
  if (spec.mode !== null) return spec.mode & 0o777;
  return stat(dest).then(
    ({ mode }) => mode & 0o777,
    () => defaultMode,
  );
}
