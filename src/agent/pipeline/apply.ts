import type { Logger } from '../../obs/log.ts';
import { AgentError } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';
import type { Rendered } from '../render/render-resource.ts';
import { check } from './check.ts';
import { compare, type Difference } from './compare.ts';
import { failureOf, type Outcome } from './outcome.ts';
import { type PassTracker, stopping } from './pass-record.ts';
import { preview } from './preview.ts';
import { intend, isRetryDue, reload, type ReloadDeps } from './reload.ts';
import { discard, stage, stageToKeep } from './stage.ts';
import { swap } from './swap.ts';

/** What a pass of a resource needs. */
export interface PassDeps extends ReloadDeps {
  /** Ends the pass after the current step when the agent is stopping, but never between swap and reload. */
  readonly tracker: PassTracker;
  /** Called before a command runs, possibly twice: from then on the pass mostly waits. */
  readonly release: () => void;
}

/**
 * Runs the steps after the render. The only function that knows their order. Throws what a step throws, for `endOf`.
 */
export async function apply(rendered: Rendered, resource: Resource, pass: PassDeps): Promise<Outcome> {
  const { dest } = resource;
  const { tracker, ledger, log } = pass;
  if (rendered.status === 'failed') throw rendered.error;
  if (rendered.status === 'kept') {
    if (!resource.noop) await inSync(resource, dest, pass);
    return { status: 'kept', message: rendered.reason.kept };
  }
  const { rendering } = rendered;

  tracker.enter('compare');
  const difference = await compare(rendering, resource);
  tracker.compared(rendering, difference);
  const attributes = difference.wished;

  tracker.enter('stage');
  const keptStage = resource.keepStageFile ? await stageToKeep(rendering, resource, attributes) : null;
  if (keptStage !== null) log.info(`Keeping staged file: ${keptStage}`);
  announce(difference, dest, log);
  if (resource.noop) {
    log.info(await preview(rendering, resource, difference));
    return { status: 'noop', changed: difference.changed };
  }
  if (!difference.changed) return inSync(resource, keptStage ?? dest, pass);
  log.info(`Target config ${dest} out of sync`);
  const path = await stage(rendering, resource, attributes);
  try {
    tracker.enter('check');
    pass.release();
    await check(resource, { src: keptStage ?? path, dest }, pass);
    tracker.enter('swap');
    const before = await ledger.find(dest);
    await intend(resource, rendering.md5, ledger, pass.clock);
    try {
      await swap({ path, rendering, attributes }, resource, log);
    } catch (error) {
      // The old content is still at dest, so only a reload that was pending before is still needed.
      if (before === null && !(error instanceof AgentError && error.touched)) await ledger.clear(dest);
      throw error;
    }
  } finally {
    await discard(path);
  }

  await runReload(resource, keptStage ?? dest, pass);
  return { status: 'updated', reloaded: resource.reload !== null };
}

/** The outcome of a pass in which a step, or the render, has thrown. Throws nothing. */
export async function endOf(
  error: unknown,
  resource: Resource,
  { tracker, ledger }: Pick<PassDeps, 'tracker' | 'ledger'>,
): Promise<Outcome> {
  if (error === stopping) return { status: 'stopped' };
  // A ledger that cannot be read is the failure itself.
  const entry = resource.reload === null ? null : await ledger.find(resource.dest).catch(() => null);
  return failureOf(error, tracker.step, entry !== null, resource);
}

/** Leaves dest as it is, and runs the reload that an earlier pass did not finish. */
async function inSync(resource: Resource, src: string, pass: PassDeps): Promise<Outcome> {
  pass.tracker.stopIfAsked(); // the reload stays in the ledger
  const reloaded = await isRetryDue(resource, pass);
  if (reloaded) await runReload(resource, src, pass);
  return { status: 'unchanged', reloaded };
}

async function runReload(resource: Resource, src: string, pass: PassDeps): Promise<void> {
  if (resource.reload === null) return;
  pass.tracker.enter('reload');
  pass.release();
  await reload(resource.reload, { src, dest: resource.dest }, pass);
}

function announce({ lines, problem }: Difference, dest: string, log: Logger): void {
  log.debug(`Comparing candidate config to ${dest}`);
  for (const line of lines) log.info(line);
  if (problem !== null) log.error(problem.message);
}
