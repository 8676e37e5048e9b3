import { realpath, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { nearest } from '../go/nearest.ts';
import { ConfigError } from './error.ts';
import { type Scan, scanResources, withExtra } from './scan-resources.ts';

/**
 * The resource files that words select: a file of conf.d by its name, with or without .toml, or any file by its path;
 * without words all of conf.d, and extraFile. Throws ConfigError for a word that matches no file, or several.
 */
export async function selectResources(
  confdir: string,
  extraFile: string | null,
  words: readonly string[],
): Promise<Scan> {
  const scan = await scanResources(confdir);
  const files = extraFile === null ? scan.files : await withExtra(scan.files, extraFile);
  if (words.length === 0) return { ...scan, files };
  const folder = join(confdir, 'conf.d');
  const chosen = new Set<string>();
  for (const word of words) chosen.add(await fileOf(word, files, folder));
  return { files: [...chosen], errors: [], warnings: [] };
}

async function fileOf(word: string, files: readonly string[], folder: string): Promise<string> {
  const isNamed = (name: string) => name === word || name === `${word}.toml`;
  const inside = files.find((file) => isNamed(relative(folder, file)));
  if (inside !== undefined) return inside;
  if (!word.includes('/')) {
    const [first, second] = files.filter((file) => isNamed(basename(file)));
    if (second !== undefined) {
      throw new ConfigError(`"${word}" is the name of ${first!} and of ${second}: give the path`, folder);
    }
    if (first !== undefined) return first;
  }
  const found = await stat(word).catch(() => null);
  if (found?.isFile() === true) return (await sameFile(word, files)) ?? word;
  const names = files.map((file) => relative(folder, file));
  const near = nearest(word, [...names, ...names.map((name) => name.replace(/\.toml$/, '')), ...files]);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  throw new ConfigError(`there is no resource "${word}" in ${folder}, and no such file${hint}`, folder);
}

async function sameFile(path: string, files: readonly string[]): Promise<string | undefined> {
  const real = await realpath(path);
  for (const file of files) if ((await realpath(file).catch(() => file)) === real) return file;
  return undefined;
}
