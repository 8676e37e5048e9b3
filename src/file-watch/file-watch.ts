import { resolve } from 'node:path';
import type { Clock } from '../obs/clock.ts';
import { watchTarget } from './notify.ts';
import { directoryStamp, type Survey, survey } from './survey.ts';

/** What a watch works with. */
export interface FileWatchDeps {
  /** Files and directories, there or not; asked for now and again. */
  readonly paths: () => readonly string[];
  /** Called when something at or below the paths may have changed, and when changes begin to be seen. */
  readonly onChange: () => void;
  /** Hears, once in a process, that the system does not report changes. */
  readonly warn: (message: string) => void;
  readonly clock: Clock;
}

/** Editors and swaps of a whole tree touch several files for one edit: it is told when it has been quiet for so long. */
const quietMs = 100;
/** In a stream of changes without end it is told this often. */
const maxBurstMs = 1000;
/** The directories' stamps are compared this often; of more than a thousand, one a millisecond. */
const minSurveyMs = 1000;

interface Watched {
  readonly identity: string;
  readonly leave: () => void;
}

/**
 * Watches files and directories for as long as it is open, whatever becomes of them: the system reports what changes in
 * a directory or file, and regular looks at the directories on the way find what has been replaced, removed or put
 * there by name, which is then watched in its place. Reports within two seconds.
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

  /** Ends the watch; nothing is reported any more when it settles. */
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

  /** All watches of a process look at the same moment: it is waking up that costs, not looking. */
  private untilLook(): number {
    const everyMs = Math.max(minSurveyMs, this.seen.directories.size);
    const left = everyMs - (this.deps.clock.now() % everyMs);
    return left < everyMs / 20 ? left + everyMs : left;
  }

  /** Waits until the changes that belong together are over. */
  private async settle(): Promise<void> {
    for (let ms = 0; ms < maxBurstMs && this.isHinted; ms += quietMs) {
      this.isHinted = false;
      await this.deps.clock.sleep(quietMs, this.stopping.signal).catch(() => undefined);
    }
  }

  /** True when a directory on the way is not what it was. */
  private async isMoved(): Promise<boolean> {
    if (!sameTexts(this.paths, this.deps.paths())) return true;
    const { directories } = this.seen;
    const stamps = await Promise.all([...directories.keys()].map(directoryStamp));
    return [...directories.values()].some((stamp, i) => stamp !== stamps[i]);
  }

  /**
   * Watches what there is now. True when that is to be told: something is gone or holds other names, or the paths are
   * other ones; what is new tells of itself, once it is watched.
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

  /** True when the watch on it begins with this. */
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
