import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { errnoText } from '../../go/os.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { AgentError, attempt, isErrno } from '../resource/error.ts';
import { MemoryLedger, type PendingReload, type ReloadLedger } from './reload-ledger.ts';
import { ownTag } from '../resource/process-tag.ts';
import { beside, removeStale, stageNamePrefix } from './stage-files.ts';

const version = 1;

/**
 * A ledger of small files below the state directory: `reloads/<name of dest>-<hash of its path>.json`, mode 0600, in
 * directories of mode 0700 that are made on first use. Each look reads the file, so that another confd on this machine
 * is noticed. If the directory cannot be used, that is logged once and the entries are kept in memory.
 */
export class FileLedger implements ReloadLedger {
  private readonly folder: string;
  private readonly memory = new MemoryLedger();
  /**
   * The entries as this process last read or wrote them, by path: a file with other content was written by another
   * process.
   */
  private readonly seen = new Map<string, string>();
  /** Entries whose reload is done but whose file could not be removed, by path. */
  private readonly undead = new Map<string, string>();
  private readonly warned = new Set<string>();
  private isTrusted = false;
  private isUsable = true;

  constructor(
    directory: string,
    private readonly log: Logger,
    private readonly clock: Clock,
  ) {
    this.folder = join(directory, 'reloads');
  }

  get isDurable(): boolean {
    return this.isUsable;
  }

  async find(dest: string): Promise<PendingReload | null> {
    const path = this.pathOf(dest);
    const text = await this.read(path);
    if (text === null || this.undead.get(path) === text) return this.memory.find(dest);
    this.seen.set(path, text);
    const entry = parseEntry(text, resolve(dest));
    if (entry !== null) return entry;
    this.warn(`${path} is damaged: it counts as a pending reload of ${dest}`);
    return { dest, resource: '', command: '', md5: '', since: '', stops: 0 };
  }

  async put(entry: PendingReload): Promise<void> {
    const path = this.pathOf(entry.dest);
    const text = `${JSON.stringify({ version, ...entry, dest: resolve(entry.dest) }, null, 2)}\n`;
    try {
      await this.prepare();
      if (!this.seen.has(path)) await removeStale([path], this.clock.now());
      await write(path, text);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.giveUp(error.message);
      return this.memory.put(entry);
    }
    this.isUsable = true;
    this.seen.set(path, text);
    return this.memory.clear(entry.dest);
  }

  async clear(dest: string): Promise<void> {
    await this.memory.clear(dest);
    const path = this.pathOf(dest);
    const text = await this.read(path);
    if (text === null || text !== this.seen.get(path)) return;
    try {
      await attempt('remove', path, () => unlink(path));
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (isErrno(error.cause, 'ENOENT')) return;
      this.undead.set(path, text);
      this.warn(`${error.message}: the next run of confd runs the reload of ${dest} once more`);
    }
  }

  private pathOf(dest: string): string {
    const path = resolve(dest);
    const name = basename(path).replace(/[^\w.-]/g, '_');
    return join(this.folder, `${name.slice(0, 48)}-${createHash('md5').update(path).digest('hex')}.json`);
  }

  /** The text of an entry; null when there is none, '' when it cannot be read. */
  private async read(path: string): Promise<string | null> {
    try {
      const text = await readFile(path, 'utf8');
      await this.trust();
      return text;
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
      // Without permission to list the directory nothing is known; an entry that cannot be read counts as pending.
      if (error instanceof AgentError) this.giveUp(error.message);
      else if (!isErrno(error)) throw error;
      else if ((await stat(path).catch(() => null)) !== null) return '';
      else this.giveUp(`open ${path}: ${errnoText(error)}`);
      return null;
    }
  }

  private async prepare(): Promise<void> {
    await attempt('mkdir', this.folder, () => mkdir(this.folder, { recursive: true, mode: 0o700 }));
    await this.trust();
  }

  /** Another user who can write here could remove pending reloads. */
  private async trust(): Promise<void> {
    if (this.isTrusted) return;
    const { uid, mode } = await attempt('stat', this.folder, () => stat(this.folder));
    if (uid !== process.geteuid!()) throw new AgentError(`${this.folder} belongs to another user (uid ${uid})`);
    if ((mode & 0o022) !== 0) throw new AgentError(`${this.folder} is writable by other users (run chmod 700 on it)`);
    this.isTrusted = true;
  }

  private giveUp(reason: string): void {
    this.isUsable = false;
    const loss = 'a reload that is pending when confd ends will be lost';
    this.warn(`The state directory cannot be used: ${reason}; ${loss} (-state-dir)`, 'directory');
  }

  private warn(message: string, about = message): void {
    if (this.warned.has(about)) return;
    this.warned.add(about);
    this.log.warning(message);
  }
}

/** Written to a temporary file, renamed and synced: one sync covers the file and its name. */
async function write(path: string, text: string): Promise<void> {
  const staged = beside(path, `${stageNamePrefix(path)}.${ownTag()}-${randomBytes(4).toString('hex')}`);
  const file = await attempt('open', staged, () => open(staged, 'wx', 0o600));
  try {
    await attempt('write', staged, () => file.writeFile(text));
    await attempt('rename', `${staged} ${path}`, () => rename(staged, path));
    await attempt('sync', path, () => file.sync());
  } catch (error) {
    await unlink(staged).catch(() => undefined);
    throw error;
  } finally {
    await file.close().catch(() => undefined);
  }
}

/** The entry in the text of a file, or null when it is not a valid entry for dest. */
function parseEntry(text: string, dest: string): PendingReload | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isText = (name: string) => typeof fields.get(name) === 'string';
  const stops = fields.get('stops');
  if (fields.get('version') !== version || fields.get('dest') !== dest) return null;
  if (!['resource', 'command', 'md5', 'since'].every(isText)) return null;
  if (typeof stops !== 'number' || !Number.isInteger(stops) || stops < 0) return null;
  return value as PendingReload;
}
