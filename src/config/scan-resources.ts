import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errnoText } from '../go/os.ts';
import { ConfigError, type ConfigWarning, warningAt } from './error.ts';

/** The resource files of a confdir, and errors on the way. */
export interface Scan {
  /** In the order of loading. */
  files: string[];
  errors: ConfigError[];
  warnings: ConfigWarning[];
}

/** Finds the files in <confdir>/conf.d whose names end in toml, each once; conf.d may itself be such a file. */
export async function scanResources(confdir: string): Promise<Scan> {
  const root = join(confdir, 'conf.d');
  const result: Scan = { files: [], errors: [], warnings: [] };
  if (typeof (await look(confdir)) === 'string') {
    const fact = `Cannot load template resources: confdir '${confdir}' does not exist`;
    result.warnings.push(warningAt('no-resources', nowhere, fact));
    return result;
  }
  const seen = await look(root);
  if (typeof seen === 'string') result.errors.push(unreadable(seen, root));
  else if (seen.isDirectory()) await walk(root, result);
  else result.files.push(root);
  result.files = await withoutDoubles(root, result.files);
  return result;
}

const nowhere = { file: '', line: null, column: null };

function unreadable(message: string, path: string): ConfigError {
  return new ConfigError(message, path, null, { code: 'unreadable-file' });
}

/** The stat of path, links followed, or the error in Go's words. */
async function look(path: string): Promise<Stats | string> {
  return stat(path).catch((error: unknown) => `stat ${path}: ${errnoText(error as NodeJS.ErrnoException)}`);
}

/** Depth first, in byte order; links to files are used, links to directories are not followed. */
async function walk(folder: string, result: Scan): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    const fact = `open ${folder}: ${errnoText(error as NodeJS.ErrnoException)}`;
    result.warnings.push(warningAt('unreadable-folder', nowhere, fact));
    return [];
  });
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await walk(path, result);
    else if (entry.name.endsWith('toml')) await take(path, result);
  }
}

async function take(path: string, result: Scan): Promise<void> {
  const seen = await look(path);
  if (typeof seen === 'string') result.errors.push(unreadable(seen, path));
  else if (!seen.isDirectory()) result.files.push(path);
}

/** A ConfigMap shows each file twice: in ..<timestamp>/, and as a link with the usual name. */
async function withoutDoubles(root: string, files: readonly string[]): Promise<string[]> {
  const byFile = new Map<string, string>();
  const isHidden = (path: string): boolean => relative(root, path).startsWith('..');
  for (const path of files) {
    const real = await realpath(path).catch(() => path);
    const known = byFile.get(real);
    if (known === undefined || (isHidden(known) && !isHidden(path))) byFile.set(real, path);
  }
  const kept = new Set(byFile.values());
  return files.filter((path) => kept.has(path));
}

/** Adds extraFile unless files has it already, under any name. */
export async function withExtra(files: string[], extraFile: string): Promise<string[]> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  const known = await Promise.all(files.map(real));
  return known.includes(await real(extraFile)) ? files : [...files, extraFile];
}
