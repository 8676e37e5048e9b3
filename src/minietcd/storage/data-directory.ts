import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { snapFolder, walFolder } from './recovery.ts';
import { crc32c } from './wal/crc.ts';
import { DataError, reasonOf } from './wal/error.ts';
import { newerError, segmentHeaderBytes } from './wal/segment.ts';
import { syncDirectory } from './wal/wal.ts';

/** The identity of a data directory, which never changes. */
export interface Meta {
  readonly format: number;
  readonly name: string;
  /** Lower-case hex without leading zeros, like memberId. */
  readonly clusterId: string;
  readonly memberId: string;
  /** RFC 3339. */
  readonly created: string;
}

const format = 1;

/** A new identity. */
export function createMeta(name: string, now: number): Meta {
  const created = new Date(now).toISOString();
  return { format, name, clusterId: randomId(), memberId: randomId(), created };
}

function randomId(): string {
  return (BigInt(`0x${randomBytes(8).toString('hex')}`) || 1n).toString(16);
}

/** Creates a data directory and its folders if they are missing. Throws DataError with the reason. */
export function makeFolders(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    refuseForeign(folder);
    for (const below of [walFolder(folder), snapFolder(folder)]) makeFolder(below);
  } catch (error) {
    throw error instanceof DataError ? error : unusableError(folder, error);
  }
}

/** The error for a data directory that the system refuses; it names the file if that is another one. */
export function unusableError(folder: string, cause: unknown): DataError {
  const { path = folder } = cause as NodeJS.ErrnoException;
  const what = existsSync(folder) ? 'used' : 'made';
  const where = path === folder ? '' : `${path}: `;
  return new DataError('refused', `data directory ${folder}: cannot be ${what}: ${where}${reasonOf(cause)}`, { cause });
}

/**
 * Creates a folder and its parents. Node's recursive mkdir never ends where the system refuses a folder with "no such
 * file", as below /proc.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isFolder(path)) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || isFolder(above)) throw error;
    makeFolder(above);
    mkdirSync(path, { mode: 0o700 });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Throws DataError for the directory of another product, with advice how to move its data. */
function refuseForeign(folder: string): void {
  const names = new Set(readdirSync(folder));
  if (names.has('META')) return;
  const way = 'run that etcd on it, export its keys, and import them into a mini-etcd with a data directory of its own';
  const product = names.has('member') ? '2 or 3' : names.has('log') && names.has('conf') ? '0.4' : undefined;
  if (product === undefined) return;
  throw new DataError('refused', `data directory ${folder}: it belongs to an etcd ${product}; ${way}`);
}

/** Reads the identity of a data directory; undefined for a new one. Throws DataError. */
export function readMeta(folder: string): Meta | undefined {
  const path = join(folder, 'META');
  if (!existsSync(path)) {
    if (hasRecords(walFolder(folder)))
      throw new DataError('damaged', `${path}: the file is missing, but there is a log beside it`);
    return undefined;
  }
  const [text, sum] = readFileSync(path, 'utf8').split('\n');
  if (text === undefined || sum !== checksum(text)) throw new DataError('damaged', `${path}: the checksum is wrong`);
  const meta = JSON.parse(text) as Meta;
  if (meta.format > format) throw newerError(path);
  return meta;
}

function hasRecords(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some(
    (name) => name.endsWith('.wal') && statSync(join(folder, name)).size > segmentHeaderBytes,
  );
}

/** Writes the identity of a data directory. */
export async function writeMeta(folder: string, meta: Meta): Promise<void> {
  const path = join(folder, 'META');
  const text = JSON.stringify(meta);
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(`${text}\n${checksum(text)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
  await syncDirectory(folder);
}

function checksum(text: string): string {
  const bytes = Buffer.from(text);
  return `crc32c ${crc32c(bytes, 0, bytes.length).toString(16).padStart(8, '0')}`;
}
