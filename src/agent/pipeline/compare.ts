import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import { kindOf, modeText } from '../../go/os.ts';
import { AgentError, attempt, isErrno } from '../resource/error.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';

/** Permission bits and owner of a file. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** How dest differs from what the resource asks for. */
export interface Difference {
  readonly changed: boolean;
  /** One log line for each difference; none when dest is absent. */
  readonly lines: readonly string[];
  /** Why dest could not be read; it then counts as changed. */
  readonly problem: AgentError | null;
  readonly wished: Attributes;
  /** Null when dest does not exist or could not be read. */
  readonly present: Present | null;
}

/** A dest as it is on disk. */
export interface Present {
  readonly stat: Stats;
  readonly md5: string;
}

const defaultMode = 0o644;
const regularFile = 0o10_0000;

/**
 * Compares a rendering with dest (links are followed) by content, mode, uid and gid. Writes nothing. Without
 * a mode in the resource the wished mode is that of dest. Throws AgentError for a dest that is not a regular file: nobody wants
 * confd to replace a device or a socket.
 */
export async function compare(rendering: Pick<Rendering, 'md5'>, resource: Resource): Promise<Difference> {
  await refuseOthers(resource.dest);
  let present: Present | null = null;
  let problem: AgentError | null = null;
  try {
    present = await look(resource.dest);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    problem = error;
  }
  const mode = resource.mode ?? (present === null ? defaultMode : present.stat.mode & 0o777);
  const wished = { mode, uid: resource.uid, gid: resource.gid };
  if (present === null) return { changed: true, lines: [], problem, wished, present };
  const lines = differences(present, wished, rendering.md5).map((line) => `${resource.dest} has ${line}`);
  return { changed: lines.length > 0, lines, problem: null, wished, present };
}

/** A link is followed for the comparison; the swap replaces the link itself by a file. */
async function refuseOthers(dest: string): Promise<void> {
  const stat = await lstat(dest).catch(() => null);
  if (stat === null || stat.isFile() || stat.isSymbolicLink()) return;
  throw new AgentError(`dest ${dest} is ${kindOf(stat)}, and not a file`);
}

function differences({ stat, md5 }: Present, wished: Attributes, wishedMd5: string): string[] {
  const wishedMode = regularFile | wished.mode;
  const lines: string[] = [];
  if (stat.uid !== wished.uid) lines.push(`UID ${stat.uid} should be ${wished.uid}`);
  if (stat.gid !== wished.gid) lines.push(`GID ${stat.gid} should be ${wished.gid}`);
  if (stat.mode !== wishedMode) lines.push(`mode ${modeText(stat.mode)} should be ${modeText(wishedMode)}`);
  if (md5 !== wishedMd5) lines.push(`md5sum ${md5} should be ${wishedMd5}`);
  return lines;
}

/** The stat and content of dest, or null when there is no file (a dangling link counts as none). */
async function look(dest: string): Promise<Present | null> {
  // Without O_NONBLOCK, opening a FIFO would block the pass until another process writes to it.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  let file: FileHandle;
  try {
    file = await open(dest, flags);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null; // stage reports this
    return await attempt('open', dest, () => Promise.reject(error as Error));
  }
  try {
    const stat = await attempt('stat', dest, () => file.stat());
    const md5 = await attempt('read', dest, () => digest(file, stat));
    return { stat, md5 };
  } finally {
    await file.close();
  }
}

async function digest(file: FileHandle, stat: Stats): Promise<string> {
  const hash = createHash('md5');
  if (!stat.isFile()) return hash.digest('hex');
  const buffer = Buffer.allocUnsafe(Math.min(stat.size + 1, 256 * 1024));
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}
