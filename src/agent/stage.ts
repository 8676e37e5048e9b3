import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { modeText } from '../go/os.ts';
import type { Attributes } from './compare.ts';
import { AgentError, attempt, isErrno } from './error.ts';
import type { Rendering } from './render.ts';
import type { Resource } from './resource.ts';

/** Writes the rendering to a new file beside dest, whole and on disk; gives its path. Throws AgentError, leaving nothing. */
export async function stage(rendering: Rendering, resource: Resource, wished: Attributes): Promise<string> {
  return write(
    rendering,
    resource,
    wished,
    () => `${stem(resource.dest)}.${ownTag()}-${randomBytes(4).toString('hex')}`,
  );
}

/** Like stage, for a file that stays: it bears confd's name for stage files, which removeStale does not know. */
export async function stageToKeep(rendering: Rendering, resource: Resource, wished: Attributes): Promise<string> {
  return write(rendering, resource, wished, () => `${stem(resource.dest)}${randomInt(1, 2 ** 32)}`);
}

/** Removes a stage file that is no longer wanted; gone already is fine, and one that cannot be removed stays. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** Gives an open file the wished owner and mode. Throws AgentError, also when the file system keeps its own ones. */
export async function setAttributes(file: FileHandle, path: string, wished: Attributes, asked: boolean): Promise<void> {
  // The owner first: a change of owner may clear mode bits. What is right already need not be allowed.
  const before = await file.stat();
  if (before.uid !== wished.uid || before.gid !== wished.gid) {
    await attempt('chown', path, () => file.chown(wished.uid, wished.gid));
  }
  if ((before.mode & 0o7777) !== wished.mode) await attempt('chmod', path, () => file.chmod(wished.mode));
  // A file system that ignores both without an error would make every pass a change, and a reload.
  const after = await file.stat();
  if (after.uid !== wished.uid || after.gid !== wished.gid) {
    throw new AgentError(`chown ${path}: the file system keeps uid ${after.uid} and gid ${after.gid}`);
  }
  if (asked && (after.mode & 0o777) !== wished.mode) {
    throw new AgentError(`chmod ${path}: the file system keeps mode ${modeText(after.mode)}`);
  }
}

/** Writes the rendering at the file's position. */
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
      if (!(error instanceof AgentError && isErrno(error.cause, 'EEXIST'))) throw error;
    }
  }
}

function beside(dest: string, name: string): string {
  const folder = dirname(dest);
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** A hidden name made of dest's own, cut so that what is added still fits into a file name. */
function stem(dest: string): string {
  return `.${Array.from(basename(dest)).slice(0, 48).join('')}`;
}

// A stage file's name says who writes it: "confd-", the host and pid namespace, the pid, that process's start time.
const tagged = /^(\..*)\.confd-([0-9a-f]{8})-([0-9]+)-([0-9]+)-[0-9a-f]{8}$/s;
/** Whether a process of another host or container still runs cannot be seen; no stage file lives as long as this. */
const foreignAgeMs = 24 * 60 * 60 * 1000;

/**
 * Removes the stage files of dests that dead runs of this program left behind; gives their paths. A file goes when its
 * process is gone, or when that cannot be known and it is a day old. Nothing else is touched, and nothing is thrown.
 */
export async function removeStale(dests: Iterable<string>, now: number): Promise<string[]> {
  const folders = new Map<string, Set<string>>();
  for (const dest of dests) {
    const stems = folders.get(dirname(dest)) ?? new Set();
    folders.set(dirname(dest), stems.add(stem(dest)));
  }
  const removed: string[] = [];
  for (const [folder, stems] of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const match = tagged.exec(name);
      if (match === null || !stems.has(match[1]!)) continue;
      const path = beside(`${folder}/x`, name);
      if (!(await isDead(path, match, now))) continue;
      if (
        await unlink(path).then(
          () => true,
          () => false,
        )
      )
        removed.push(path);
    }
  }
  return removed;
}

async function isDead(path: string, [, , place, pid, start]: RegExpExecArray, now: number): Promise<boolean> {
  const stat = await lstat(path).catch(() => null);
  if (stat?.isFile() !== true) return false;
  if (place !== ownPlace()) return now - stat.mtimeMs > foreignAgeMs;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return true;
  }
  // The pid is in use; by the writer, unless that process began at another time.
  const began = await readFile(`/proc/${pid!}/stat`, 'latin1').then(startTime, () => start);
  return began !== start;
}

let tag: string | undefined;
function ownTag(): string {
  tag ??= `confd-${ownPlace()}-${process.pid}-${ownStart()}`;
  return tag;
}

function ownPlace(): string {
  return createHash('md5').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function ownStart(): string {
  try {
    return startTime(readFileSync('/proc/self/stat', 'latin1'));
  } catch {
    return '0';
  }
}

/** Field 22 of /proc/PID/stat; the second one, the program's name, may hold spaces and parentheses. */
function startTime(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}
