import type { ChangeSet } from '../../mirror/keys.ts';
import type { ReadSet } from '../../mirror/readset.ts';
import type { KeyView } from '../../mirror/view.ts';
import type { Templates } from '../../template/template-cache.ts';
import type { Template } from '../../template/engine/engine.ts';
import type { FuncDeps } from '../../template/funcs/funcs.ts';
import type { Includes } from '../../template/funcs/include.ts';
import type { Renderer } from './agent.ts';
import { apply, endOf } from '../pipeline/apply.ts';
import { Drift, type Drifted } from '../pipeline/drift.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import { passLog } from '../pipeline/pass-log.ts';
import {
  type KeyCounts,
  type PassReader,
  type PassRecord,
  PassTracker,
  type Trigger,
} from '../pipeline/pass-record.ts';
import type { ReloadDeps } from '../pipeline/reload.ts';
import { RepeatLog } from '../pipeline/repeat-log.ts';
import { renderResource, type RenderResult } from '../render/render-resource.ts';
import type { RenderLimits } from '../render/render.ts';
import type { AgentError } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';
import { type TooFewKeys, tooFewKeys } from '../render/min-keys.ts';
import { Collisions, openKeyView } from '../render/key-view.ts';
import type { Semaphore } from './semaphore.ts';
import type { Source } from '../source/source.ts';

/** What all renderers of an agent share. */
export interface RendererDeps extends ReloadDeps {
  readonly templates: Templates;
  readonly createFuncDeps: () => FuncDeps;
  readonly limits: RenderLimits;
  readonly semaphore: Semaphore;
  readonly signal: AbortSignal;
  /** Gets the record of every pass, after the log. */
  readonly onPass: PassReader;
}

/** Renders a resource from its sources, and remembers which keys the render used. */
export class ResourceRenderer implements Renderer {
  /** Null before the first pass: how keys select names is known only after the stores have been opened. */
  private keyView: KeyView | null = null;
  /** Null during a render, and when the template did not run: then every change counts. */
  private used: ReadSet | null = null;
  private rendered: Template | null = null;
  private includes: Includes | null = null;
  /** The number of keys when the template last ran. */
  private keyCount = Infinity;
  private readonly drift: Drift;
  private readonly collisions: Collisions;
  private readonly log: RepeatLog;
  private readonly readers: readonly PassReader[];

  constructor(
    private readonly resource: Resource,
    private readonly sources: readonly Source[],
    private readonly deps: RendererDeps,
  ) {
    this.collisions = new Collisions(resource, deps.log);
    this.drift = new Drift(resource, deps.log);
    this.log = new RepeatLog(deps.log);
    this.readers = [passLog(this.log, deps.clock), deps.onPass];
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

  reportDrift(): void {
    this.drift.report();
  }

  async isEdited(): Promise<boolean> {
    const template = await this.load().catch(() => null);
    return template === null || template !== this.rendered || (await this.includes?.isEdited()) === true;
  }

  async pass(trigger: Trigger, unread?: AgentError): Promise<PassRecord> {
    this.log.begin();
    this.used = null;
    this.keyCount = Infinity;
    this.drift.begin();
    const tracker = new PassTracker(this.resource, trigger, this.deps);
    const release = await this.deps.semaphore.acquire();
    const outcome = await this.runSteps(tracker, release, unread);
    const record = tracker.end(outcome, this.keyCounts());
    for (const read of this.readers) read(record);
    release();
    this.drift.end(record);
    return record;
  }

  private async runSteps(tracker: PassTracker, release: () => void, unread?: AgentError): Promise<Outcome> {
    const { resource, log } = this;
    const pass = { ...this.deps, log, tracker, release };
    try {
      tracker.enter(unread === undefined ? 'render' : 'read');
      if (unread !== undefined) throw unread;
      return await apply(await this.render(), resource, pass);
    } catch (error) {
      return endOf(error, resource, pass);
    }
  }

  private keyCounts(): KeyCounts | null {
    return this.used === null || this.keyCount === Infinity ? null : { seen: this.keyCount, used: this.used.size };
  }

  private async render(): Promise<RenderResult> {
    const { createFuncDeps, limits, clock, log } = this.deps;
    log.debug(`Using source template ${this.resource.template}`);
    this.rendered = null;
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
    return result;
  }

  private load(): Promise<Template> {
    return this.deps.templates.load(this.resource.template, this.resource.spec);
  }

  private tooFewKeys(): TooFewKeys | null {
    return tooFewKeys(this.keyCount, this.resource.spec);
  }
}
