import type { Backend, BackendError } from '../../backend/contract/backend.ts';
import type { SourceSpec } from '../../config/sources.ts';
import type { ChangeSet } from '../../mirror/keys.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { WakeSignal } from './wake-signal.ts';
import type { RequestedKeys } from '../source/empty-read-guard.ts';
import type { Drifted } from '../pipeline/drift.ts';
import { AgentError } from '../resource/error.ts';
import { storeFailure } from '../source/retry-state.ts';
import type { PassRecord, Trigger } from '../pipeline/pass-record.ts';
import type { ReloadLedger } from '../pipeline/reload-ledger.ts';
import { type Resource, storeIdOf } from '../resource/resource.ts';
import { ResourceRunner } from './resource-runner.ts';
import { type ReadReason, type RefreshOptions, Source } from '../source/source.ts';

/** The content of conf.d: the resources that can run, and the errors of the others, which have been logged. */
export interface Loaded {
  readonly resources: readonly Resource[];
  readonly errors: readonly string[];
  /** True when conf.d holds no resource at all, valid or not. */
  readonly isEmpty: boolean;
}

/** Renders one resource from the mirror, and knows whether a change concerns it. */
export interface Renderer {
  /** Runs one pass; with `unread` a pass that ends at once because its keys could not be read. Never rejects. */
  pass(trigger: Trigger, unread?: AgentError): Promise<PassRecord>;
  /** True when the last render used one of these keys, or when there was no render. */
  uses(changes: ChangeSet): boolean;
  /** True when the resource selects one of these keys, used or not. */
  selects(changes: ChangeSet): boolean;
  /** True when the template has changed since the last render. */
  isEdited(): Promise<boolean>;
  /** Whether dest is still as the last pass left it. */
  drifted(): Promise<Drifted>;
  /** Logs that dest was changed. */
  reportDrift(): void;
}

/** The parts of an agent; tests and embedders can replace each. */
export interface AgentDeps {
  /** Opens a store; the agent closes it. Throws BackendError. */
  readonly open: (source: SourceSpec) => Promise<Backend>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads conf.d, after an edit or for a pass. */
  readonly load: (isEdit?: boolean) => Promise<Loaded>;
  /** The sources are those of the resource's key requests, in order. */
  readonly createRenderer: (resource: Resource, sources: readonly Source[]) => Renderer;
  /** The pending reloads. */
  readonly ledger: ReloadLedger;
}

interface Member {
  readonly resource: Resource;
  readonly renderer: Renderer;
  readonly runner: ResourceRunner;
  /** The sources of the resource's key requests, in order. */
  readonly sources: readonly Source[];
}

/**
 * The agent: reads the keys of its resources, follows changes, and starts a pass of each resource that a change
 * concerns. The processors decide when.
 */
export class Agent {
  readonly wakeSignal = new WakeSignal();
  /** One for each distinct store that resources use. */
  private sources = new Map<string, Source>();
  private members = new Map<string, Member>();
  private known: readonly Resource[] = [];
  private isLoaded = false;
  /** Settles when all resources and stores that were removed from conf.d have ended. */
  private finished: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: AgentDeps) {}

  /** Reads conf.d again. A resource with an unchanged file keeps its state. */
  async load(isEdit = false): Promise<Omit<Loaded, 'resources'>> {
    const { resources, errors, isEmpty } = await this.deps.load(isEdit);
    this.known = resources;
    this.useSources(resources, this.isLoaded ? 'edit' : 'start');
    this.isLoaded = true;
    const old = this.members;
    this.members = new Map();
    const leaving = new Map<string, Promise<void>>();
    const identities = new Set(resources.map(identityOf));
    for (const [identity, { resource, runner }] of old) {
      if (!identities.has(identity)) leaving.set(resource.dest, runner.stop());
    }
    this.finished = Promise.all([this.finished, ...leaving.values()]);
    for (const resource of resources) {
      const identity = identityOf(resource);
      this.members.set(identity, old.get(identity) ?? this.join(resource, leaving.get(resource.dest)));
    }
    return { errors, isEmpty };
  }

  /** The resources of conf.d when it was last read. */
  get resources(): readonly Resource[] {
    return this.known;
  }

  /** Keeps the sources that are in use, adds new ones and stops the others. */
  private useSources(resources: readonly Resource[], reason: ReadReason): void {
    const old = this.sources;
    this.sources = new Map();
    const requests = new Map<Source, RequestedKeys[]>();
    for (const { dest, keyRequests } of resources) {
      for (const request of keyRequests) {
        const id = storeIdOf(request);
        const source = this.sources.get(id) ?? old.get(id) ?? this.createSource(request.source);
        this.sources.set(id, source);
        requests.set(source, requests.get(source) ?? []);
        requests.get(source)!.push({ dest, keys: request.keys });
      }
    }
    for (const [source, requested] of requests) source.request(requested, reason);
    const unused = [...old.values()].filter((source) => !requests.has(source));
    this.finished = Promise.all([this.finished, ...unused.map((source) => source.stop())]);
  }

  private createSource(spec: SourceSpec): Source {
    const { clock, log } = this.deps;
    const notify = this.wakeSignal.notify.bind(this.wakeSignal);
    return new Source({ label: spec.label, open: () => this.deps.open(spec), clock, log, notify });
  }

  private join(resource: Resource, leaving: Promise<void> | undefined): Member {
    const sources = resource.keyRequests.map((request) => this.sources.get(storeIdOf(request))!);
    const renderer = this.deps.createRenderer(resource, sources);
    const runner = new ResourceRunner((trigger) => renderer.pass(trigger), this.deps.clock, leaving);
    return { resource, renderer, runner, sources };
  }

  /** Starts to read the stores that are due; takeReads takes the results. */
  refresh(refresh: RefreshOptions): void {
    for (const source of this.sources.values()) source.refresh(refresh);
  }

  /** When the next store is due. */
  get nextRefresh(): number {
    return Math.min(...[...this.sources.values()].map(({ nextRefresh }) => nextRefresh));
  }

  /** Makes every store due, after a SIGHUP. */
  refreshSoon(): void {
    for (const source of this.sources.values()) source.refreshSoon('hangup');
  }

  /** The resources that use the source and have all their keys. */
  private readersOf(source: Source): Member[] {
    return [...this.members.values()].filter((member) => member.sources.includes(source) && isReadable(member));
  }

  /** Go's confd renders at every change below the keys, and so restores a dest that another program has changed. */
  private async restore({ renderer, runner }: Member): Promise<void> {
    if ((await renderer.drifted()) !== 'no') runner.schedule('change');
  }

  /** Checks every dest: a missing one is restored, a changed one is logged. */
  lookAtDests(): void {
    for (const member of this.members.values()) void this.lookAtDest(member);
  }

  private async lookAtDest({ renderer, runner }: Member): Promise<void> {
    const drifted = await renderer.drifted();
    if (drifted === 'gone') runner.schedule('dest');
    else if (drifted === 'changed') renderer.reportDrift();
  }

  /** Starts the resources of every store that has been read again. */
  takeReads(): void {
    for (const source of this.sources.values()) {
      const reason = source.takeRead();
      if (reason === null) continue;
      for (const { runner } of this.readersOf(source)) runner.schedule(reason);
    }
  }

  /** Applies the changes that have arrived to the mirrors, and starts the resources that used these keys. */
  takeChanges(): void {
    for (const source of this.sources.values()) {
      const changes = source.takeChanges();
      if (changes.size === 0) continue;
      for (const member of this.readersOf(source)) {
        if (member.renderer.uses(changes)) member.runner.schedule('change');
        else if (member.renderer.selects(changes)) void this.restore(member);
      }
    }
  }

  /** Starts a pass of new resources, and of those whose template was edited. */
  async scheduleEdited(): Promise<void> {
    for (const member of this.members.values()) {
      if (isReadable(member) && (await member.renderer.isEdited())) member.runner.schedule('edit');
    }
  }

  /**
   * Reads every store, all at the same time, and runs one pass of every resource that has all its keys, one by one in
   * the order of conf.d; returns their records in that order. Throws BackendError when no resource can run because the
   * global store cannot be read.
   */
  async passOnce(signal: AbortSignal): Promise<PassRecord[]> {
    const failures = new Map<Source, BackendError>();
    await Promise.all(
      [...this.sources.values()].map((source) =>
        source.read(signal).catch((error: unknown) => {
          if (signal.aborted) throw error;
          failures.set(source, storeFailure(error));
        }),
      ),
    );
    const members = [...this.members.values()];
    const failureOf = ({ sources }: Member) => sources.find((source) => failures.has(source));
    const [[source, failure] = [], ...others] = failures;
    if (source?.label === '' && others.length === 0 && members.every(failureOf)) throw failure!;
    const records: PassRecord[] = [];
    for (const member of members) {
      if (signal.aborted) break;
      const failed = failureOf(member);
      const unread = failed && unreadError(member.resource, failed, failures.get(failed)!);
      records.push(await member.renderer.pass('start', unread));
    }
    return records;
  }

  /** Ends the watches and waits for the current step of every resource; returns the dests with a pending reload. */
  async stop(): Promise<ReadonlySet<string>> {
    await Promise.all([...this.sources.values()].map((source) => source.stop()));
    const members = [...this.members.values()];
    await Promise.all(members.map(({ runner }) => runner.stop()));
    await this.finished;
    const pending = await Promise.all(members.map(({ resource }) => this.deps.ledger.find(resource.dest)));
    return new Set(members.filter((_, i) => pending[i] !== null).map(({ resource }) => resource.dest));
  }
}

/** False while keys of the resource have not been read: nothing is rendered without them. */
function isReadable({ resource, sources }: Member): boolean {
  return resource.keyRequests.every(({ keys }, i) => sources[i]!.holds(keys));
}

function unreadError({ file }: Resource, { label }: Source, cause: BackendError): AgentError {
  const fact = label === '' ? cause.message : `${label}: ${cause.message}`;
  return new AgentError(`Cannot process template resource ${file} - ${fact}`, { cause });
}

function identityOf(resource: Resource): string {
  return JSON.stringify(resource.spec);
}
