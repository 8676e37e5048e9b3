import { type Backend, BackendError, type Edit, type Snapshot } from '../backend/backend.ts';
import type { Touched } from '../mirror/keys.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Bell } from './bell.ts';
import { Feed } from './feed.ts';
import { Outage } from './outage.ts';
import type { Outcome } from './outcome.ts';
import type { Resource } from './resource.ts';
import { Runner } from './runner.ts';

/** What conf.d holds now: what can run, and what is wrong with the rest (it has been logged). */
export interface Loaded {
  readonly resources: readonly Resource[];
  readonly errors: readonly string[];
}

/** How one resource is rendered from the mirror, and whether a change concerns it. */
export interface Follower {
  /** One pass through the rooms; `owed` says that a reload of an earlier pass is still to be made. */
  pass(owed: boolean): Promise<Outcome>;
  /** True when the last render used one of these keys, or when there is no render to go by. */
  uses(touched: Touched): boolean;
  /** True when the template is not the one that was rendered last. */
  isEdited(): Promise<boolean>;
}

/** What an agent is made of; each part is a seam for tests and for whoever embeds it. */
export interface AgentParts {
  readonly backend: Backend;
  readonly mirror: Mirror;
  readonly clock: Clock;
  readonly log: Logger;
  readonly load: () => Promise<Loaded>;
  readonly follow: (resource: Resource) => Follower;
  /** The dests whose reload an agent before this one still owed. */
  readonly debts?: ReadonlySet<string>;
}

interface Member {
  readonly dest: string;
  readonly follower: Follower;
  readonly runner: Runner;
}

const nothing: Snapshot = { cursor: new Map(), pairs: new Map() };

/**
 * The agent on one store: it reads what its resources want into the mirror, follows the changes, and sends the
 * resources that a change concerns through the rooms. When to do which is the processors' business.
 */
export class Agent {
  readonly bell = new Bell();
  private members = new Map<string, Member>();
  private keys: readonly string[] = [];
  private snapshot: Snapshot | null = null;
  private feed: Feed | null = null;
  /** Settles when every resource that has left conf.d is done. */
  private left: Promise<unknown> = Promise.resolve();
  private readonly outage: Outage;

  constructor(private readonly parts: AgentParts) {
    this.outage = new Outage(parts.clock, parts.log);
  }

  /** Scans conf.d again. A resource whose file says what it said before keeps its state; a debt stays with its dest. */
  async load(): Promise<{ readonly errors: readonly string[]; readonly newKeys: boolean }> {
    const { resources, errors } = await this.parts.load();
    const old = this.members;
    this.members = new Map();
    const leaving = new Map<string, Promise<boolean>>();
    const identities = new Set(resources.map(identityOf));
    for (const [identity, { dest, runner }] of old) if (!identities.has(identity)) leaving.set(dest, runner.stop());
    this.left = Promise.all([this.left, ...leaving.values()]);
    for (const resource of resources) {
      const identity = identityOf(resource);
      this.members.set(identity, old.get(identity) ?? this.join(resource, leaving.get(resource.dest)));
    }
    const before = this.keys;
    this.keys = [...new Set(resources.flatMap((resource) => resource.keys))].sort();
    return { errors, newKeys: this.keys.join('\0') !== before.join('\0') };
  }

  private join(resource: Resource, leaving: Promise<boolean> | undefined): Member {
    const { dest } = resource;
    const follower = this.parts.follow(resource);
    const owed = leaving ?? Promise.resolve(this.parts.debts?.has(dest) ?? false);
    return { dest, follower, runner: new Runner((debt) => follower.pass(debt), this.parts.clock, owed) };
  }

  /** Reads the store anew. Throws BackendError; the mirror then keeps what it had. */
  async read(signal: AbortSignal): Promise<void> {
    const { backend, mirror } = this.parts;
    this.snapshot = this.keys.length === 0 ? nothing : await backend.read(this.keys, signal);
    mirror.replace(this.snapshot);
  }

  /** Like read, for a daemon: resolves to 0 when it worked, else to the milliseconds to wait before trying again. */
  async tryRead(signal: AbortSignal): Promise<number> {
    try {
      await this.read(signal);
      this.outage.over();
      return 0;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      return this.outage.failed(error);
    }
  }

  /** Follows the store's changes from the last read on; each one rings the bell. */
  async follow(): Promise<void> {
    await this.feed?.stop();
    const { backend, clock, log } = this.parts;
    if (this.snapshot === null || this.keys.length === 0) return;
    const ring = () => {
      this.bell.ring('change');
    };
    this.feed = new Feed({ backend, clock, log, ring }, this.keys, this.snapshot.cursor);
  }

  /** Puts the changes that have come in into the mirror and starts the resources that used them. False: look again. */
  takeChanges(): boolean {
    const edits: Edit[] = [];
    for (const change of this.feed?.take() ?? []) {
      if (change.edits === 'look again') return false;
      edits.push(...change.edits);
    }
    const touched = this.parts.mirror.apply(edits);
    for (const { follower, runner } of this.members.values()) if (follower.uses(touched)) runner.kick();
    return true;
  }

  /** True once the store has been read. */
  get hasRead(): boolean {
    return this.snapshot !== null;
  }

  /** Starts a pass of every resource, side by side. */
  kickAll(): void {
    for (const { runner } of this.members.values()) runner.kick();
  }

  /** Starts a pass of the resources that are new, and of those whose template was edited. */
  async kickEdited(): Promise<void> {
    for (const { follower, runner } of this.members.values()) if (await follower.isEdited()) runner.kick();
  }

  /** One pass of every resource, one after the other in the order of conf.d; the outcomes in that order. */
  async passAll(signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const { follower } of this.members.values()) {
      if (signal.aborted) break;
      outcomes.push(await follower.pass(false));
    }
    return outcomes;
  }

  /** Ends the watch and waits for every resource to finish the room in hand; the dests whose reload is still owed. */
  async stop(): Promise<ReadonlySet<string>> {
    await this.feed?.stop();
    const members = [...this.members.values()];
    const owed = await Promise.all(members.map(({ runner }) => runner.stop()));
    await this.left;
    return new Set(members.filter((_, i) => owed[i]).map(({ dest }) => dest));
  }
}

function identityOf(resource: Resource): string {
  return JSON.stringify(resource.spec);
}
