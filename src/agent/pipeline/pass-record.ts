import type { Clock } from '../../obs/clock.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import type { Difference } from './compare.ts';
import type { Outcome, Step } from './outcome.ts';

/** What woke a pass; the first of several. `change` is one in the store, `dest` a dest that is gone. */
export type Trigger = 'start' | 'timer' | 'change' | 'edit' | 'hangup' | 'dest' | 'retry';

/** Content and attributes of a file. */
export interface FileState {
  /** Of the content, in lower-case hex. */
  readonly md5: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a pass found at dest, and what it wanted to be there. */
export interface Comparison {
  /** Null when there was no dest, or when it could not be looked at. */
  readonly found: FileState | null;
  readonly wanted: FileState;
  readonly changed: boolean;
}

/** How many keys a pass had before it, and how many of them decide its output. */
export interface KeyCounts {
  /** Those that the resource selects. */
  readonly seen: number;
  /** Names, patterns and listings that the template asked for, found or missing. */
  readonly used: number;
}

/** All that is known of one pass of a resource when it has ended: plain data, without values of keys. */
export interface PassRecord {
  /** The resource file. */
  readonly file: string;
  readonly dest: string;
  readonly trigger: Trigger;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** More than that of the steps together by what was waited for other passes. */
  readonly durationMs: number;
  /** Null when the template did not get as far as to run. */
  readonly keys: KeyCounts | null;
  /** Null when dest was not looked at. */
  readonly comparison: Comparison | null;
  /** The steps that were entered, in their order. */
  readonly steps: readonly { readonly step: Step; readonly ms: number }[];
  readonly outcome: Outcome;
}

/** Hears of each pass when it has ended. */
export type PassReader = (record: PassRecord) => void;

/** What a pass throws where it ends because the agent is stopping. */
export const stopping = Symbol('stopping');

/** Follows a pass from step to step, and lets it enter no other one than the reload when the agent is stopping. */
export class PassTracker {
  private comparison: Comparison | null = null;
  private readonly steps: { readonly step: Step; readonly from: number }[] = [];
  private readonly startedAt: number;

  constructor(
    private readonly resource: Resource,
    private readonly trigger: Trigger,
    private readonly deps: { readonly clock: Clock; readonly signal: AbortSignal },
  ) {
    this.startedAt = deps.clock.now();
  }

  /** The one that was entered last. */
  get step(): Step {
    return this.steps.at(-1)?.step ?? 'render';
  }

  /** Throws `stopping`. */
  enter(step: Step): void {
    if (step !== 'reload') this.stopIfAsked();
    this.steps.push({ step, from: this.deps.clock.now() });
  }

  /** Throws `stopping` when the agent is. */
  stopIfAsked(): void {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- not an error: the way out
    if (this.deps.signal.aborted) throw stopping;
  }

  compared({ md5 }: Rendering, { present, wished, changed }: Difference): void {
    const found = present && { md5: present.md5, ...attributesOf(present.stat) };
    this.comparison = { found, wanted: { md5, ...attributesOf(wished) }, changed };
  }

  end(outcome: Outcome, keys: KeyCounts | null): PassRecord {
    const { resource, trigger, startedAt, comparison } = this;
    const end = this.deps.clock.now();
    const steps = this.steps.map(({ step, from }, i) => ({ step, ms: (this.steps[i + 1]?.from ?? end) - from }));
    const { file, dest } = resource;
    return { file, dest, trigger, startedAt, durationMs: end - startedAt, keys, comparison, steps, outcome };
  }
}

function attributesOf({ mode, uid, gid }: Omit<FileState, 'md5'>): Omit<FileState, 'md5'> {
  return { mode: mode & 0o7777, uid, gid };
}
