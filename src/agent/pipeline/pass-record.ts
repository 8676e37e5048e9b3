import type { Clock } from '../../obs/clock.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import type { Difference } from './compare.ts';
import type { Outcome, Step } from './outcome.ts';

/**
 * The cause of a pass; the first one if there are several. `change` is a change in the store, `dest` a dest that is
 * gone.
 */
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

/** What a pass found at dest, and what the resource asks for. */
export interface Comparison {
  /** Null when dest does not exist or could not be read. */
  readonly found: FileState | null;
  readonly wanted: FileState;
  readonly changed: boolean;
}

/** How many keys a resource has, and how many lookups its output depends on. */
export interface KeyCounts {
  /** Keys that the resource selects. */
  readonly seen: number;
  /** Names, patterns and listings that the template asked for, found or not. */
  readonly used: number;
}

/** Everything that is known about a finished pass: plain data, without values of keys. */
export interface PassRecord {
  /** The resource file. */
  readonly file: string;
  readonly dest: string;
  readonly trigger: Trigger;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Longer than the sum of the steps when the pass had to wait for other passes. */
  readonly durationMs: number;
  /** Null when the template did not run. */
  readonly keys: KeyCounts | null;
  /** Null when dest was not compared. */
  readonly comparison: Comparison | null;
  /** The steps that the pass has entered, in order. */
  readonly steps: readonly { readonly step: Step; readonly ms: number }[];
  readonly outcome: Outcome;
}

/** Called with the record of each pass after it has ended. */
export type PassReader = (record: PassRecord) => void;

/** Thrown to end a pass because the agent is stopping. */
export const stopping = Symbol('stopping');

/** Records the steps of a pass, and ends the pass before its next step (except reload) when the agent is stopping. */
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

  /** The current step. */
  get step(): Step {
    return this.steps.at(-1)?.step ?? 'render';
  }

  /** Throws `stopping`. */
  enter(step: Step): void {
    if (step !== 'reload') this.stopIfAsked();
    this.steps.push({ step, from: this.deps.clock.now() });
  }

  /** Throws `stopping` when the agent is stopping. */
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
