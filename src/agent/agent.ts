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

/** What conf.d holds now: what can run, and how many files could not be loaded (each has been logged). */
export interface Loaded {
  readonly resources: readonly Resource[];
  readonly bad: number;
}

/** How one resource is rendered from the mirror, and whether a change concerns it. */
export interface Follower {
  /** One pass through the rooms; `owed` says that a reload of an earlier pass is still to be made. */
  pass(owed: boolean): Promise<Outcome>;
  /** True when the last render used one of these keys, or when there is no render to go by. */
  uses(touched: Touched): boolean;
}

/** What an agent is made of; each part is a seam for tests and for whoever embeds it. */
export interface AgentParts {
  readonly backend: Backend;
  readonly mirror: Mirror;
  readonly clock: Clock;
  readonly log: Logger;
  readonly load: () => Promise<Loaded>;
  readonly follow: (resource: Resource) => Follower;
}

interface Member {
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
  private readonly outage: Outage;

  constructor(private readonly parts: AgentParts) {
    this.outage = new Outage(parts.clock, parts.log);
  }

  /** Scans conf.d again. A resource whose file says what it said before keeps its state and its debts. */
  async load(): Promise<{ readonly bad: number; readonly newKeys: boolean }> {
    const { resources, bad } = await this.parts.load();
    const old = this.members;
    this.members = new Map(resources.map((resource) => this.join(resource, old)));
    for (const [identity, member] of old) if (!this.members.has(identity)) await member.runner.stop();
    const before = this.keys;
    this.keys = [...new Set(resources.flatMap((resource) => resource.keys))].sort();
    return { bad, newKeys: this.keys.join('\0') !== before.join('\0') };
  }

  private join(resource: Resource, old: ReadonlyMap<string, Member>): [string, Member] {
    const identity = JSON.stringify(resource.spec);
    const known = old.get(identity);
    if (known !== undefined) return [identity, known];
    const follower = this.parts.follow(resource);
    const runner = new Runner((owed) => follower.pass(owed), this.parts.clock);
    return [identity, { follower, runner }];
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

  /** One pass of every resource, one after the other in the order of conf.d; the outcomes in that order. */
  async passAll(signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const { follower } of this.members.values()) {
      if (signal.aborted) break;
      outcomes.push(await follower.pass(false));
    }
    return outcomes;
  }

  /** Ends the watch and waits for every resource to finish the room in hand. */
  async stop(): Promise<void> {
    await Promise.all([this.feed?.stop(), ...[...this.members.values()].map(({ runner }) => runner.stop())]);
  }
}
