import type { ChangeSet } from '../../mirror/keys.ts';
import type { ReadSet } from '../../mirror/readset.ts';
import type { KeyView } from '../../mirror/view.ts';
import type { Logger } from '../../obs/log.ts';
import type { Templates } from '../../template/template-cache.ts';
import type { Template } from '../../template/engine/engine.ts';
import type { FuncDeps } from '../../template/funcs/funcs.ts';
import type { Includes } from '../../template/funcs/include.ts';
import type { Renderer } from './agent.ts';
import { apply } from '../pipeline/apply.ts';
import { Drift, type Drifted } from '../pipeline/drift.ts';
import { type Outcome, reporter } from '../pipeline/outcome.ts';
import type { ReloadDeps } from '../pipeline/reload.ts';
import { RepeatLog } from '../pipeline/repeat-log.ts';
import { renderResource } from '../render/render-resource.ts';
import type { RenderLimits, Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';
import { type TooFewKeys, tooFewKeys } from '../render/min-keys.ts';
import { Collisions, openKeyView } from '../render/key-view.ts';
import type { Semaphore } from './semaphore.ts';
import type { Source } from '../source/source.ts';

/** What all followers of an agent share. */
export interface RendererDeps extends ReloadDeps {
  readonly templates: Templates;
  readonly createFuncDeps: () => FuncDeps;
  readonly limits: RenderLimits;
  readonly semaphore: Semaphore;
  readonly signal: AbortSignal;
}

/** Renders a resource from what it sees of its sources, remembering what the render used. */
export class ResourceRenderer implements Renderer {
  /** Null before the first pass: how keys select is known when the stores have been read. */
  private keyView: KeyView | null = null;
  /** Null while a render is under way, and after one that did not get far enough to tell: then every change counts. */
  private used: ReadSet | null = null;
  private rendered: Template | null = null;
  private includes: Includes | null = null;
  /** Keys that it saw when the template ran last. */
  private keyCount = Infinity;
  /** Of what the pass under way, or the last one, came to; null when that was nothing. */
  private md5: string | null = null;
  private readonly drift: Drift;
  private readonly collisions: Collisions;
  private readonly log: RepeatLog;
  private readonly report: (outcome: Outcome) => void;

  constructor(
    private readonly resource: Resource,
    private readonly sources: readonly Source[],
    private readonly deps: RendererDeps,
  ) {
    this.collisions = new Collisions(resource, deps.log);
    this.drift = new Drift(resource, deps.log);
    this.log = new RepeatLog(deps.log);
    this.report = reporter(resource, this.log, deps.clock);
  }

  uses(changes: ChangeSet): boolean {
    if (this.keyView === null || this.used === null) return true;
    const own = this.keyView.changesIn(changes);
    return this.tooFewKeys() === null ? this.used.hit(own) : own.size > 0;
  }

  selects(changes: ChangeSet): boolean {
    return this.keyView === null || this.keyView.changesIn(changes).size > 0;
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
    const { semaphore } = this.deps;
    log.begin();
    this.used = null;
    this.md5 = null;
    this.drift.begin();
    let left: string | null = null;
    const release = await semaphore.acquire();
    try {
      const outcome = await apply(resource, { ...this.deps, log, render: () => this.render(), release });
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

  private async render(): Promise<Rendering | TooFewKeys> {
    const { createFuncDeps, limits, clock, log } = this.deps;
    log.debug(`Using source template ${this.resource.template}`);
    this.rendered = null;
    this.keyCount = Infinity;
    const keyView = (this.keyView ??= openKeyView(this.resource, this.sources));
    this.collisions.report(keyView);
    const funcs = createFuncDeps();
    const load = async () => {
      const template = await this.load();
      this.rendered = template;
      this.includes = funcs.includes;
      return template;
    };
    const result = await renderResource(this.resource, keyView, { templates: { load }, funcs, limits, clock });
    this.used = result.readSet;
    this.keyCount = result.keyCount;
    if (result.status === 'kept') return result.reason;
    if (result.status === 'failed') throw result.error;
    this.md5 = result.rendering.md5;
    return result.rendering;
  }

  private load(): Promise<Template> {
    return this.deps.templates.load(this.resource.template, this.resource.spec);
  }

  private tooFewKeys(): TooFewKeys | null {
    return tooFewKeys(this.keyCount, this.resource.spec);
  }
}

/** A mistake of this program costs one resource's pass, not the agent. */
function reportBug(bug: unknown, resource: Resource, log: Logger): Outcome {
  const error = bug instanceof Error ? bug : new Error(String(bug));
  // Without the message: V8's quote what could not be converted, which may be a value of the store.
  const place = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  log.error(`Internal error while processing ${resource.file}, please report it: ${[error.name, ...place].join('\n')}`);
  return { status: 'failed', step: 'render', error, pending: false };
}
