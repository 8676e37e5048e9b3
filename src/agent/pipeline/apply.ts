import type { Logger } from '../../obs/log.ts';
import { check } from './check.ts';
import { compare, type Difference } from './compare.ts';
import { AgentError } from '../resource/error.ts';
import type { Outcome, Step } from './outcome.ts';
import { preview } from './preview.ts';
import { intend, makePending, reload, type ReloadDeps } from './reload.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import type { TooFewKeys } from '../render/min-keys.ts';
import { discard, stage, stageToKeep } from './stage.ts';
import { swap } from './swap.ts';

/** What a pass of a resource needs. */
export interface PassDeps extends ReloadDeps {
  readonly render: () => Promise<Rendering | TooFewKeys>;
  /** Called before a command runs, maybe twice: from then on the pass mostly waits for others. */
  readonly release: () => void;
  /** When aborted, the pass ends after the room in hand; but never between swap and reload. */
  readonly signal: AbortSignal;
}

/** Sends a resource through the rooms; the only place that knows their order. Throws only what is a bug. */
export async function apply(resource: Resource, pass: PassDeps): Promise<Outcome> {
  const tracker = new StepTracker(pass.signal);
  try {
    return await runSteps(resource, pass, tracker);
  } catch (error) {
    if (error === stopping) return { status: 'stopped' };
    if (!isOperational(error)) throw error;
    const isPending = resource.reload !== null && (await pass.ledger.find(resource.dest)) !== null;
    return { status: 'failed', step: tracker.step, error, pending: isPending };
  }
}

async function runSteps(resource: Resource, pass: PassDeps, tracker: StepTracker): Promise<Outcome> {
  const { dest } = resource;
  tracker.enter('render');
  const rendering = await pass.render();
  if ('kept' in rendering) {
    if (!resource.noop) await retryReload(resource, pass, tracker, dest);
    return { status: 'kept', message: rendering.kept };
  }

  tracker.enter('compare');
  const difference = await compare(rendering, resource);
  const attributes = difference.wished;

  tracker.enter('stage');
  const keptStage = resource.keepStageFile ? await stageToKeep(rendering, resource, attributes) : null;
  if (keptStage !== null) pass.log.info(`Keeping staged file: ${keptStage}`);
  announce(difference, dest, pass.log);
  if (resource.noop) {
    pass.log.info(await preview(rendering, resource, difference));
    return { status: 'noop', difference };
  }
  if (!difference.changed) return await retryReload(resource, pass, tracker, keptStage ?? dest);
  pass.log.info(`Target config ${dest} out of sync`);
  const path = await stage(rendering, resource, attributes);
  try {
    tracker.enter('check');
    pass.release();
    await check(resource, { src: keptStage ?? path, dest }, pass);
    tracker.enter('swap');
    const before = await pass.ledger.find(dest);
    await intend(resource, rendering.md5, pass.ledger, pass.clock);
    try {
      await swap({ path, rendering, attributes }, resource, pass.log);
    } catch (error) {
      // What dest holds is what it held: it needs the reload that it needed before, and no other.
      if (before === null && !(error instanceof AgentError && error.touched)) await pass.ledger.clear(dest);
      throw error;
    }
  } finally {
    await discard(path);
  }

  tracker.enter('reload');
  pass.release();
  await reload(resource, { src: keptStage ?? dest, dest }, pass);
  return { status: 'updated', reloaded: resource.reload !== null };
}

/** dest stays as it is; what may be missing is the reload that failed, or was cut short, after it was put there. */
async function retryReload(resource: Resource, pass: PassDeps, tracker: StepTracker, src: string): Promise<Outcome> {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- not an error: the way out; the ledger remembers
  if (pass.signal.aborted) throw stopping;
  tracker.enter('reload');
  const reloaded = await makePending(resource, { src, dest: resource.dest }, pass);
  return { status: 'unchanged', reloaded };
}

function announce({ lines, problem }: Difference, dest: string, log: Logger): void {
  log.debug(`Comparing candidate config to ${dest}`);
  for (const line of lines) log.info(line);
  if (problem !== null) log.error(problem.message);
}

const stopping = Symbol('stopping');

/** Remembers the room, so that a failure knows where it happened; lets nobody enter another one when stopping. */
class StepTracker {
  step: Step = 'render';

  constructor(private readonly signal: AbortSignal) {}

  enter(step: Step): void {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- not an error: the way out
    if (this.signal.aborted && step !== 'reload') throw stopping;
    this.step = step;
  }
}

const bugs: ReadonlySet<string> = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'EvalError',
  'URIError',
  'AssertionError',
]);

/** False for what only a mistake in this program can throw. */
function isOperational(error: unknown): error is Error {
  const name: unknown = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  return typeof name === 'string' && !bugs.has(name);
}
