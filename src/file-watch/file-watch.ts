import { resolve } from 'node:path';
import type { Clock } from '../obs/clock.ts';
import { watchTarget } from './notify.ts';
import { directoryStamp, type Survey, survey } from './survey.ts';

/** What a watch needs. */
export interface FileWatchDeps {
  /** Files and directories, existing or not; read again from time to time. */
  readonly paths: () => readonly string[];
  /** Called when something at or below the paths may have changed, and when the watch begins. */
  readonly onChange: () => void;
  /** Called once in a process, when the system does not report changes. */
  readonly warn: (message: string) => void;
  readonly clock: Clock;
}

/** Editors and replaced trees touch several files for one edit: onChange is called after so long without a change. */
const quietMs = 100;
/** During endless changes, onChange is called this often. */
const maxBurstMs = 1000;
/** How often the stamps of directories are compared; above a thousand directories, one millisecond for each. */
const minSurveyMs = 1000;

interface Watched {
  readonly identity: string;
  readonly leave: () => void;
}

/**
 * Watches files and directories until it is closed, whatever happens to them: the system reports changes inside a
 * directory or file, and regular checks of the directories on the way find what was replaced, removed or created, which
 * is then watched instead. Reports within two seconds.
 */
export class FileWatch {
  private paths: readonly string[] = [];
  private seen: Survey = { targets: new Map(), directories: new Map() };
  private readonly watched = new Map<string, Watched>();
  private isHinted = false;
  private wake: (() => void) | null = null;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly deps: FileWatchDeps) {
    this.running = this.run();
  }

  /** Ends the watch; after it settles nothing is reported. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('closed'));
    this.wake?.();
    await this.running;
    for (const { leave } of this.watched.values()) leave();
  }

  private async run(): Promise<void> {
    const isClosed = () => this.stopping.signal.aborted;
    while (!isClosed()) {
      const isHinted = this.isHinted;
      if (isHinted) await this.settle();
      if (isHinted || (await this.isMoved())) {
        const isNews = await this.lookAround();
        if ((isHinted || isNews) && !isClosed()) this.deps.onChange();
      }
      if (!this.isHinted && !isClosed()) await this.pause(this.untilLook());
    }
  }

  /** All watches of a process check at the same time: waking up costs more than the check. */
  private untilLook(): number {
    const everyMs = Math.max(minSurveyMs, this.seen.directories.size);
    const left = everyMs - (this.deps.clock.now() % everyMs);
    return left < everyMs / 20 ? left + everyMs : left;
  }

  /** Waits until a burst of changes is over. */
  private async settle(): Promise<void> {
    for (let ms = 0; ms < maxBurstMs && this.isHinted; ms += quietMs) {
      this.isHinted = false;
      await this.deps.clock.sleep(quietMs, this.stopping.signal).catch(() => undefined);
    }
  }

  /** True when a directory on the way was replaced. */
  private async isMoved(): Promise<boolean> {
    if (!sameTexts(this.paths, this.deps.paths())) return true;
    const { directories } = this.seen;
    const stamps = await Promise.all([...directories.keys()].map(directoryStamp));
    return [...directories.values()].some((stamp, i) => stamp !== stamps[i]);
  }

  /**
   * Watches what exists now. True when that must be reported: something is gone or has other names in it, or the paths
   * have changed; a new file is reported by its own watch.
   */
  private async lookAround(): Promise<boolean> {
    const paths = this.deps.paths();
    const before = this.seen;
    const isOther = !sameTexts(this.paths, paths);
    const now = await survey(paths.map((path) => resolve(path)));
    this.paths = paths;
    this.seen = now;
    let begun = 0;
    for (const [path, identity] of now.targets) if (await this.watch(path, identity)) begun++;
    const gone = [...before.targets.keys()].filter((path) => !now.targets.has(path));
    for (const path of gone) {
      this.watched.get(path)?.leave();
      this.watched.delete(path);
    }
    const isRenamed = ([path, stamp]: [string, string]) => now.targets.has(path) && now.directories.get(path) !== stamp;
    return gone.length > 0 || (isOther && begun === 0) || [...before.directories].some(isRenamed);
  }

  /** True when the watch on this path is new. */
  private async watch(path: string, identity: string): Promise<boolean> {
    const old = this.watched.get(path);
    if (old?.identity === identity) return false;
    const listener = { changed: this.hint.bind(this), refused: this.deps.warn };
    const leave = await watchTarget(path, identity, listener);
    this.watched.set(path, { identity, leave });
    old?.leave();
    return true;
  }

  private hint(): void {
    this.isHinted = true;
    this.wake?.();
  }

  private async pause(ms: number): Promise<void> {
    const cancel = new AbortController();
    const woken = new Promise<void>((done) => (this.wake = done));
    await Promise.race([woken, this.deps.clock.sleep(ms, cancel.signal).catch(() => undefined)]);
    this.wake = null;
    cancel.abort(new Error('woken'));
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}
