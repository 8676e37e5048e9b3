import { fromText } from '../go/bytes.ts';
import type { Touched } from '../mirror/keys.ts';
import { Reader, type ReadSet } from '../mirror/readset.ts';
import type { Sight } from '../mirror/view.ts';
import type { Logger } from '../obs/log.ts';
import type { Templates } from '../template/compile.ts';
import { type Template, TemplateError } from '../template/engine.ts';
import { adviceOn, type Known } from '../template/advice.ts';
import { confdFuncs, declare, type World } from '../template/funcs.ts';
import type { Includes } from '../template/include.ts';
import type { Follower } from './agent.ts';
import { apply } from './apply.ts';
import { Drift, type Drifted } from './drift.ts';
import { AgentError } from './error.ts';
import { type Outcome, reporter } from './outcome.ts';
import type { ReloadSurroundings } from './reload.ts';
import { RepeatLog } from './repeat-log.ts';
import { type Limits, render, type Rendering } from './render.ts';
import type { Resource } from './resource.ts';
import { type Kept, scarcityOf } from './scarcity.ts';
import { hideValues } from './secrecy.ts';
import { Collisions, openSight, outsideOf } from './sight.ts';
import type { Slots } from './slots.ts';
import type { Source } from './source.ts';

/** What all followers of an agent share. */
export interface FollowerParts extends ReloadSurroundings {
  readonly templates: Templates;
  readonly world: () => World;
  readonly limits: Limits;
  readonly slots: Slots;
  readonly signal: AbortSignal;
}

/** Renders a resource from what it sees of its sources, remembering what the render used. */
export class ResourceFollower implements Follower {
  /** Null before the first pass: how keys select is known when the stores have been read. */
  private sight: Sight | null = null;
  /** Null while a render is under way, and after one that did not get far enough to tell: then every change counts. */
  private used: ReadSet | null = null;
  private rendered: Template | null = null;
  private includes: Includes | null = null;
  /** Keys that it saw when the template ran last. */
  private found = Infinity;
  /** Of what the pass under way, or the last one, came to; null when that was nothing. */
  private md5: string | null = null;
  private readonly drift: Drift;
  private readonly collisions: Collisions;
  private readonly log: RepeatLog;
  private readonly report: (outcome: Outcome) => void;

  constructor(
    private readonly resource: Resource,
    private readonly sources: readonly Source[],
    private readonly parts: FollowerParts,
  ) {
    this.collisions = new Collisions(resource, parts.log);
    this.drift = new Drift(resource, parts.log);
    this.log = new RepeatLog(parts.log);
    this.report = reporter(resource, this.log, parts.clock);
  }

  uses(touched: Touched): boolean {
    if (this.sight === null || this.used === null) return true;
    const own = this.sight.touched(touched);
    return this.scarcity() === null ? this.used.hit(own) : own.size > 0;
  }

  selects(touched: Touched): boolean {
    return this.sight === null || this.sight.touched(touched).size > 0;
  }

  drifted(): Promise<Drifted> {
    return this.drift.look();
  }

  tellDrift(): void {
    this.drift.tell();
  }

  async isEdited(): Promise<boolean> {
    const template = await this.load().catch(() => null);
    return template === null || template !== this.rendered || (await this.includes?.isEdited()) === true;
  }

  async pass(): Promise<Outcome> {
    const { resource, log } = this;
    const { slots } = this.parts;
    log.begin();
    this.used = null;
    this.md5 = null;
    this.drift.begin();
    let left: string | null = null;
    const release = await slots.take();
    try {
      const outcome = await apply(resource, { ...this.parts, log, render: () => this.render(), release });
      if (outcome.status === 'updated' || outcome.status === 'unchanged') left = this.md5;
      this.report(outcome);
      return outcome;
    } catch (bug) {
      return reportBug(bug, resource, log);
    } finally {
      release();
      this.drift.end(left);
    }
  }

  private async render(): Promise<Rendering | Kept> {
    const { world, limits, clock, log } = this.parts;
    log.debug(`Using source template ${this.resource.template}`);
    this.rendered = null;
    this.found = Infinity;
    const now = world();
    const sight = (this.sight ??= openSight(this.resource, this.sources));
    this.collisions.tell(sight);
    let reader = new Reader(sight);
    try {
      const template = (this.rendered = await this.load());
      this.includes = now.includes;
      const makeFuncs = () => {
        this.found = sight.size;
        return confdFuncs((reader = new Reader(sight)), now);
      };
      const rendering = await render(template, makeFuncs, limits, clock);
      this.used = reader.readSet;
      this.md5 = rendering.md5;
      return this.scarcity() ?? rendering;
    } catch (error) {
      if (this.rendered !== null) this.used = reader.readSet;
      const kept = this.scarcity();
      if (kept !== null) return kept;
      const known = () => ({
        functions: declare(now.keyring).keys(),
        keys: sight.keys(),
        outside: outsideOf(this.resource, sight),
      });
      const shown = { sources: sourcesOf(error), keys: sight.keys(), values: reader.values() };
      // A template that does not compile has had no values.
      const hide = (text: string) =>
        this.rendered === null ? text : hideValues(now.keyring?.hide(text) ?? text, shown);
      throw explain(error, this.resource, known, hide);
    }
  }

  private load(): Promise<Template> {
    return this.parts.templates.load(this.resource.template, this.resource.spec);
  }

  private scarcity(): Kept | null {
    return scarcityOf(this.found, this.resource.spec);
  }
}

/** The texts of the templates that an error came through, and their names. */
function sourcesOf(error: unknown): string[] {
  const sources: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof TemplateError && at.file !== null) sources.push(at.file.text, fromText(at.file.path));
  }
  return sources;
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
function reportBug(bug: unknown, resource: Resource, log: Logger): Outcome {
  const error = bug instanceof Error ? bug : new Error(String(bug));
  // Without the message: V8's quote what could not be converted, which may be a value of the store.
  const place = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  log.error(`Internal error while processing ${resource.file}, please report it: ${[error.name, ...place].join('\n')}`);
  return { status: 'failed', room: 'render', error, pending: false };
}
