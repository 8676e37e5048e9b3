import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The files of one -file setting: the file itself, or for a directory all files below it that pass the filter, in byte
 * order. Links to directories inside are not followed (a link given by the operator is), and names that begin with ".."
 * are skipped: Kubernetes keeps the versions of mounted files there.
 */
export async function scanFiles(root: string, accepts: (name: string) => boolean): Promise<string[]> {
  if (!(await stat(root)).isDirectory()) return [root];
  const files: string[] = [];
  await walk(root, accepts, files);
  return files;
}

/** Adds the files below a directory. */
async function walk(directory: string, accepts: (name: string) => boolean, files: string[]): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const path = join(directory, name);
    if ((await lstat(path)).isDirectory()) await walk(path, accepts, files);
    else if (accepts(name) && (await stat(path)).isFile()) files.push(path);
  }
}
