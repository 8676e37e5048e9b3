import { Reader, type ReadSet } from '../mirror/readset.ts';
import type { Sight } from '../mirror/view.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Templates } from '../template/compile.ts';
import { type Template, TemplateError } from '../template/engine.ts';
import { adviceOn, type Known } from '../template/advice.ts';
import { confdFuncs, declare, type World } from '../template/funcs.ts';
import type { Includes } from '../template/include.ts';
import type { Follower } from './agent.ts';
import { apply } from './apply.ts';
import { AgentError } from './error.ts';
import { type Outcome, reporter } from './outcome.ts';
import { type Limits, render, type Rendering } from './render.ts';
import type { Resource } from './resource.ts';
import { type Kept, scarcityOf } from './scarcity.ts';
import { hideValues } from './secrecy.ts';
import { Collisions, openSight } from './sight.ts';
import type { Slots } from './slots.ts';
import type { Source } from './source.ts';

/** What all followers of an agent share. */
export interface FollowerParts {
  readonly templates: Templates;
  readonly world: () => World;
  readonly limits: Limits;
  readonly slots: Slots;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Renders a resource from what it sees of its sources, remembering what the render used. */
export function createFollower(resource: Resource, sources: readonly Source[], parts: FollowerParts): Follower {
  const { templates, world, limits, slots, signal, clock, log } = parts;
  // Opened by the first pass: how keys select is known when the stores have been read.
  let opened: Sight | null = null;
  const collisions = new Collisions(resource, log);
  // Null while a render is under way, and after one that did not get far enough to tell: then every change counts.
  let used: ReadSet | null = null;
  let rendered: Template | null = null;
  let includes: Includes | null = null;
  let found = Infinity; // keys in the view when the template ran last
  const scarcity = () => scarcityOf(found, resource.spec);
  const report = reporter(resource, log, clock);

  const renderView = async (): Promise<Rendering | Kept> => {
    log.debug(`Using source template ${resource.template}`);
    rendered = null;
    found = Infinity;
    const now = world();
    const sight = (opened ??= openSight(resource, sources));
    collisions.tell(sight);
    let reader = new Reader(sight);
    try {
      const template = await templates.load(resource.template, resource.spec);
      rendered = template;
      ({ includes } = now);
      const makeFuncs = (tick: () => void) => {
        found = sight.size;
        return confdFuncs((reader = new Reader(sight)), now, tick);
      };
      const rendering = await render(template, makeFuncs, limits, clock);
      used = reader.readSet;
      return scarcity() ?? rendering;
    } catch (error) {
      if (rendered !== null) used = reader.readSet;
      const kept = scarcity();
      if (kept !== null) return kept;
      const known = () => ({ functions: declare(now.keyring).keys(), keys: sight.keys() });
      throw explain(error, resource, known, (text) => hideValues(now.keyring?.hide(text) ?? text, reader.values()));
    }
  };

  return {
    uses(touched) {
      if (opened === null || used === null) return true;
      const own = opened.touched(touched);
      return scarcity() === null ? used.hit(own) : own.size > 0;
    },
    isEdited: () =>
      templates.load(resource.template, resource.spec).then(
        async (template) => template !== rendered || (await includes?.isEdited()) === true,
        () => true,
      ),
    async pass(owed): Promise<Outcome> {
      used = null;
      const release = await slots.take();
      try {
        const outcome = await apply(resource, { render: renderView, owed, release, signal, log, clock });
        report(outcome);
        return outcome;
      } catch (bug) {
        return reportBug(bug, resource, log, owed);
      } finally {
        release();
      }
    },
  };
}

/** What a render fails with tells which template it was, where in it, and what may have been meant. */
function explain(
  error: unknown,
  { template, file }: Resource,
  known: () => Known,
  hide: (message: string) => string,
): unknown {
  if (error instanceof TemplateError) {
    // confd's words name the template alone, and it may be one of hundreds of resources that misspells it.
    const of = error.message === `Missing template: ${template}` ? ` (src in ${file})` : '';
    return new AgentError(hide(error.message) + of, { cause: error, advice: adviceOn(error, known()) });
  }
  if (error instanceof AgentError) return new AgentError(`${template}: ${error.message}`, { cause: error.cause });
  return error;
}

/** A mistake of this program costs one resource's pass, not the agent. */
function reportBug(bug: unknown, resource: Resource, log: Logger, owed: boolean): Outcome {
  const error = bug instanceof Error ? bug : new Error(String(bug));
  log.error(`Internal error while processing ${resource.file}, please report it: ${error.stack ?? error.message}`);
  return { status: 'failed', room: 'render', error, owed };
}
