import type { Stats } from 'node:fs';
import { access, constants, lstat, readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { isErrno } from '../agent/resource/error.ts';
import { isStageName } from '../agent/pipeline/stage-files.ts';
import { kindOf } from '../go/os.ts';
import { services } from '../services/services.ts';
import type { Code } from './rules.ts';

/** What is wrong with a dest. */
export interface DestProblem {
  readonly code: Code;
  readonly message: string;
}

/** What can be said of a dest without rendering it; mounts are the mount points of this machine. Nothing is written. */
export async function destProblems(dest: string, confdir: string, mounts: ReadonlySet<string>): Promise<DestProblem[]> {
  if (dest.includes('\0')) return [{ code: 'invalid-path', message: 'dest holds a NUL byte' }];
  if (dest.endsWith('/'))
    return [{ code: 'invalid-path', message: `dest "${dest}" is a directory, and not the name of a file` }];
  // Where a relative path leads only the agent knows, which starts where it starts.
  const here = isAbsolute(dest) ? await onThisMachine(normalize(dest), mounts) : [];
  return [...byName(dest, confdir), ...here];
}

function byName(dest: string, confdir: string): DestProblem[] {
  const problems: DestProblem[] = [];
  const whole = resolve(dest);
  for (const name of ['conf.d', 'templates', 'confd.toml']) {
    const place = resolve(confdir, name);
    if (whole !== place && !whole.startsWith(place + sep)) continue;
    problems.push({
      code: 'dest-in-confdir',
      message: `dest "${dest}" is in ${join(confdir, name)}, which confd reads`,
    });
  }
  if (isStageName(basename(dest)))
    problems.push({
      code: 'dest-like-stage-file',
      message: `dest "${dest}" has a name of the kind that stage files have`,
    });
  for (const { path, passesOver, readsDotFiles = false, why } of services.flatMap(({ folders = [] }) => folders)) {
    if (dirname(normalize(dest)) !== path) continue;
    if (passesOver?.test(basename(dest)) === true) problems.push({ code: 'dest-not-read', message: why });
    if (readsDotFiles) problems.push({ code: 'stage-file-read', message: why });
  }
  return problems;
}

/** File systems of the kernel, in which nothing can be made or renamed. */
const ofKernel = /^\/(?:proc|sys)(?:\/|$)/;

async function onThisMachine(dest: string, mounts: ReadonlySet<string>): Promise<DestProblem[]> {
  if (ofKernel.test(dest))
    return [{ code: 'dest-not-file', message: `dest "${dest}" is a part of the kernel, and cannot be replaced` }];
  const parent = dirname(dest);
  const folder = await stat(parent).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (isErrno(folder)) {
    if (folder.code !== 'ENOENT') return []; // what may not be looked at says nothing
    return [{ code: 'dest-parent-missing', message: `there is no directory ${parent} on this machine` }];
  }
  if (!folder.isDirectory())
    return [{ code: 'dest-parent-missing', message: `${parent} is not a directory on this machine` }];
  const there = await lstat(dest).catch(() => null);
  if (there !== null && !there.isFile() && !there.isSymbolicLink())
    return [{ code: 'dest-not-file', message: `dest "${dest}" is ${kindOf(there)}, and not a file` }];
  const problems: DestProblem[] = [];
  if (there?.isSymbolicLink() === true)
    problems.push({ code: 'dest-is-link', message: `dest "${dest}" is a symbolic link, which will be replaced` });
  if (mounts.has(dest)) problems.push({ code: 'dest-is-mount', message: `dest "${dest}" is a mount point` });
  return [...problems, ...(await permissionProblems(parent, folder, there))];
}

async function permissionProblems(parent: string, folder: Stats, there: Stats | null): Promise<DestProblem[]> {
  const uid = process.geteuid!();
  const refused = await access(parent, constants.W_OK).then(
    () => null,
    (error: unknown) => (error as NodeJS.ErrnoException).code,
  );
  if (refused === 'EROFS') return [{ code: 'dest-read-only', message: `${parent} is on a read-only file system` }];
  if (refused === 'EACCES')
    return [{ code: 'dest-no-permission', message: `${parent} is not writable for uid ${uid}, who runs lint` }];
  const isKept = (folder.mode & sticky) !== 0 && there !== null && ![there.uid, folder.uid, 0].includes(uid);
  if (!isKept) return [];
  const message = `${parent} is sticky, and the file in it belongs to uid ${there.uid}: uid ${uid}, who runs lint, cannot replace it`;
  return [{ code: 'dest-no-permission', message }];
}

/** In such a directory only its owner, the file's owner and root replace a file. */
const sticky = 0o1000;

/** The mount points of this machine; none where the system does not list them. */
export async function mountPoints(): Promise<ReadonlySet<string>> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
}

/** The mount points in the kernel's list, which writes blanks and backslashes as octal numbers. */
export function parseMounts(mountinfo: string): ReadonlySet<string> {
  const paths = mountinfo.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  return new Set(
    paths.map((path) =>
      path.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    ),
  );
}
