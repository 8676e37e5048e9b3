import type { Backend, BackendError } from '../backend/backend.ts';
import type { SourceSpec } from '../config/sources.ts';
import type { Touched } from '../mirror/keys.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Bell } from './bell.ts';
import type { Wish } from './doubt.ts';
import type { Drifted } from './drift.ts';
import { AgentError } from './error.ts';
import { storeFailure } from './outage.ts';
import type { Outcome } from './outcome.ts';
import type { ReloadLedger } from './reload-ledger.ts';
import type { Resource, Want } from './resource.ts';
import { Runner } from './runner.ts';
import { type Look, Source } from './source.ts';

/** What conf.d holds now: what can run, and what is wrong with the rest (it has been logged). */
export interface Loaded {
  readonly resources: readonly Resource[];
  readonly errors: readonly string[];
  /** True when conf.d holds no resource at all, good or bad. */
  readonly isEmpty: boolean;
}

/** How one resource is rendered from the mirror, and whether a change concerns it. */
export interface Follower {
  /** One pass through the rooms. */
  pass(): Promise<Outcome>;
  /** True when the last render used one of these keys, or when there is no render to go by. */
  uses(touched: Touched): boolean;
  /** True when one of these keys is one of the resource's, used or not. */
  selects(touched: Touched): boolean;
  /** True when the template is not the one that was rendered last. */
  isEdited(): Promise<boolean>;
  /** Whether dest is still as the last pass left it. */
  drifted(): Promise<Drifted>;
  /** Says that dest was changed. */
  tellDrift(): void;
}

/** What an agent is made of; each part is a seam for tests and for whoever embeds it. */
export interface AgentParts {
  /** Opens a store, which is then the agent's to close. Throws BackendError. */
  readonly open: (source: SourceSpec) => Promise<Backend>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Scans conf.d; because a file was edited, or for a pass. */
  readonly load: (isEdit?: boolean) => Promise<Loaded>;
  /** The sources are those of the resource's wants, in their order. */
  readonly follow: (resource: Resource, sources: readonly Source[]) => Follower;
  /** Which dests still need a reload. */
  readonly ledger: ReloadLedger;
}

interface Member {
  readonly resource: Resource;
  readonly follower: Follower;
  readonly runner: Runner;
  /** Those of the resource's wants, in their order. */
  readonly sources: readonly Source[];
}

/**
 * The agent: it reads what its resources want of their stores, follows the changes, and sends the resources that a
 * change concerns through the rooms. When to do which is the processors' business.
 */
export class Agent {
  readonly bell = new Bell();
  /** One for each distinct store that a resource uses. */
  private sources = new Map<string, Source>();
  private members = new Map<string, Member>();
  private known: readonly Resource[] = [];
  /** Settles when every resource and store that has left conf.d is done. */
  private left: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: AgentParts) {}

  /** Scans conf.d again. A resource whose file says what it said before keeps its state. */
  async load(isEdit = false): Promise<Omit<Loaded, 'resources'>> {
    const { resources, errors, isEmpty } = await this.parts.load(isEdit);
    this.known = resources;
    this.useSources(resources);
    const old = this.members;
    this.members = new Map();
    const leaving = new Map<string, Promise<void>>();
    const identities = new Set(resources.map(identityOf));
    for (const [identity, { resource, runner }] of old) {
      if (!identities.has(identity)) leaving.set(resource.dest, runner.stop());
    }
    this.left = Promise.all([this.left, ...leaving.values()]);
    for (const resource of resources) {
      const identity = identityOf(resource);
      this.members.set(identity, old.get(identity) ?? this.join(resource, leaving.get(resource.dest)));
    }
    return { errors, isEmpty };
  }

  /** What conf.d held when it was scanned last. */
  get resources(): readonly Resource[] {
    return this.known;
  }

  /** Keeps the sources that the resources use, adds the new ones and ends the others. */
  private useSources(resources: readonly Resource[]): void {
    const old = this.sources;
    this.sources = new Map();
    const wishes = new Map<Source, Wish[]>();
    for (const { dest, wants } of resources) {
      for (const want of wants) {
        const id = sourceIdOf(want);
        const source = this.sources.get(id) ?? old.get(id) ?? this.createSource(want.source);
        this.sources.set(id, source);
        wishes.set(source, wishes.get(source) ?? []);
        wishes.get(source)!.push({ dest, keys: want.keys });
      }
    }
    for (const [source, wished] of wishes) source.want(wished);
    const unused = [...old.values()].filter((source) => !wishes.has(source));
    this.left = Promise.all([this.left, ...unused.map((source) => source.stop())]);
  }

  private createSource(spec: SourceSpec): Source {
    const { clock, log } = this.parts;
    const source: Source = new Source({
      label: spec.label,
      open: () => this.parts.open(spec),
      clock,
      log,
      ring: this.bell.ring.bind(this.bell),
      onRead: () => {
        this.kickReaders(source);
      },
    });
    return source;
  }

  private join(resource: Resource, leaving: Promise<void> | undefined): Member {
    const sources = resource.wants.map((want) => this.sources.get(sourceIdOf(want))!);
    const follower = this.parts.follow(resource, sources);
    return { resource, follower, runner: new Runner(() => follower.pass(), this.parts.clock, leaving), sources };
  }

  /** Begins to read the stores whose time has come; each one's resources pass when it is done. */
  look(look: Look): void {
    for (const source of this.sources.values()) source.look(look);
  }

  /** When the next store is to be looked at. */
  get nextLook(): number {
    return Math.min(...[...this.sources.values()].map(({ nextLook }) => nextLook));
  }

  /** Makes every store due for a look. */
  lookAgain(): void {
    for (const source of this.sources.values()) source.lookSoon();
  }

  private kickReaders(source: Source, touched?: Touched): void {
    for (const member of this.members.values()) {
      if (!member.sources.includes(source) || !isReadable(member)) continue;
      if (touched === undefined || member.follower.uses(touched)) member.runner.kick();
      else if (member.follower.selects(touched)) void this.restore(member);
    }
  }

  /** Go's confd renders at every change below the keys, and so puts a dest right that somebody else has changed. */
  private async restore({ follower, runner }: Member): Promise<void> {
    if ((await follower.drifted()) !== 'no') runner.kick();
  }

  /** Looks at every dest: one that is gone is put back, and of one that was changed it is said. */
  lookAtDests(): void {
    for (const member of this.members.values()) void this.lookAtDest(member);
  }

  private async lookAtDest({ follower, runner }: Member): Promise<void> {
    const drifted = await follower.drifted();
    if (drifted === 'gone') runner.kick();
    else if (drifted === 'changed') follower.tellDrift();
  }

  /** Puts the changes that have come in into the mirrors and starts the resources that used them. */
  takeChanges(): void {
    for (const source of this.sources.values()) {
      const touched = source.takeChanges();
      if (touched.size > 0) this.kickReaders(source, touched);
    }
  }

  /** Starts a pass of the resources that are new, and of those whose template was edited. */
  async kickEdited(): Promise<void> {
    for (const member of this.members.values()) {
      if (isReadable(member) && (await member.follower.isEdited())) member.runner.kick();
    }
  }

  /**
   * Reads every store, side by side, and makes one pass of every resource that has all its keys, one after the other in
   * the order of conf.d; the outcomes in that order. Throws BackendError when no resource has, for want of the global store.
   */
  async passOnce(signal: AbortSignal): Promise<Outcome[]> {
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
    const outcomes: Outcome[] = [];
    for (const member of members) {
      if (signal.aborted) break;
      const failed = failureOf(member);
      outcomes.push(
        failed === undefined ? await member.follower.pass() : this.unread(member, failed, failures.get(failed)!),
      );
    }
    return outcomes;
  }

  private unread({ resource: { file } }: Member, { label }: Source, cause: BackendError): Outcome {
    const fact = label === '' ? cause.message : `${label}: ${cause.message}`;
    const error = new AgentError(`Cannot process template resource ${file} - ${fact}`, { cause });
    this.parts.log.error(error.message);
    return { status: 'failed', room: 'render', error, pending: false };
  }

  /** Ends the watches and waits for every resource to finish the room in hand; the dests whose reload is still pending. */
  async stop(): Promise<ReadonlySet<string>> {
    await Promise.all([...this.sources.values()].map((source) => source.stop()));
    const members = [...this.members.values()];
    await Promise.all(members.map(({ runner }) => runner.stop()));
    await this.left;
    const pending = await Promise.all(members.map(({ resource }) => this.parts.ledger.find(resource.dest)));
    return new Set(members.filter((_, i) => pending[i] !== null).map(({ resource }) => resource.dest));
  }
}

/** False while keys of the resource are still to be read: nothing is rendered without them. */
function isReadable({ resource, sources }: Member): boolean {
  return resource.wants.every(({ keys }, i) => sources[i]!.holds(keys));
}

function identityOf(resource: Resource): string {
  return JSON.stringify(resource.spec);
}

/** What wants nothing has a source of its own, which waits for no store. */
function sourceIdOf({ source, keys }: Want): string {
  return keys.length === 0 ? 'nothing' : JSON.stringify(source.store);
}
