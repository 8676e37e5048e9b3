import type { Backend } from '../backend/backend.ts';
import type { Touched } from '../mirror/keys.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Bell } from './bell.ts';
import type { Outcome } from './outcome.ts';
import type { Resource } from './resource.ts';
import { Runner } from './runner.ts';
import { type Look, Source } from './source.ts';

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
  readonly clock: Clock;
  readonly log: Logger;
  readonly load: () => Promise<Loaded>;
  readonly follow: (resource: Resource, source: Source) => Follower;
  /** The dests whose reload an agent before this one still owed. */
  readonly debts?: ReadonlySet<string>;
}

interface Member {
  readonly dest: string;
  readonly follower: Follower;
  readonly runner: Runner;
  readonly source: Source;
  readonly keys: readonly string[];
}

/**
 * The agent: it reads what its resources want of a store, follows the changes, and sends the resources that a change
 * concerns through the rooms. When to do which is the processors' business.
 */
export class Agent {
  readonly bell = new Bell();
  private readonly sources: readonly [Source];
  private members = new Map<string, Member>();
  /** Settles when every resource that has left conf.d is done. */
  private left: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: AgentParts) {
    const { backend, clock, log } = parts;
    const ring = this.bell.ring.bind(this.bell);
    const onRead = () => {
      this.kickReaders(this.sources[0]);
    };
    this.sources = [new Source({ backend, clock, log, ring, onRead })];
  }

  /** Scans conf.d again. A resource whose file says what it said before keeps its state; a debt stays with its dest. */
  async load(): Promise<{ readonly errors: readonly string[] }> {
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
    this.sources[0].want(resources);
    return { errors };
  }

  private join(resource: Resource, leaving: Promise<boolean> | undefined): Member {
    const { dest, keys } = resource;
    const [source] = this.sources;
    const follower = this.parts.follow(resource, source);
    const owed = leaving ?? Promise.resolve(this.parts.debts?.has(dest) ?? false);
    const runner = new Runner((debt) => follower.pass(debt), this.parts.clock, owed);
    return { dest, follower, runner, source, keys };
  }

  /** Reads every store anew. Throws BackendError. */
  async read(signal: AbortSignal): Promise<void> {
    for (const source of this.sources) await source.read(signal);
  }

  /** Begins to read the stores whose time has come; each one's resources pass when it is done. */
  look(look: Look): void {
    for (const source of this.sources) source.look(look);
  }

  /** When the next store is to be looked at. */
  get nextLook(): number {
    return Math.min(...this.sources.map(({ nextLook }) => nextLook));
  }

  /** Makes every store due for a look. */
  lookAgain(): void {
    for (const source of this.sources) source.lookSoon();
  }

  private kickReaders(source: Source): void {
    for (const member of this.members.values()) {
      if (member.source === source && isReadable(member)) member.runner.kick();
    }
  }

  /** Puts the changes that have come in into the mirrors and starts the resources that used them. */
  takeChanges(): void {
    for (const source of this.sources) {
      const touched = source.takeChanges();
      for (const member of this.members.values()) {
        if (member.follower.uses(touched) && isReadable(member)) member.runner.kick();
      }
    }
  }

  /** Starts a pass of the resources that are new, and of those whose template was edited. */
  async kickEdited(): Promise<void> {
    for (const member of this.members.values()) {
      if (isReadable(member) && (await member.follower.isEdited())) member.runner.kick();
    }
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

  /** Ends the watches and waits for every resource to finish the room in hand; the dests whose reload is still owed. */
  async stop(): Promise<ReadonlySet<string>> {
    await Promise.all(this.sources.map((source) => source.stop()));
    const members = [...this.members.values()];
    const owed = await Promise.all(members.map(({ runner }) => runner.stop()));
    await this.left;
    return new Set(members.filter((_, i) => owed[i]).map(({ dest }) => dest));
  }
}

/** False for a resource that is new and whose keys are still to be read: nothing is rendered without them. */
function isReadable({ source, keys }: Member): boolean {
  return source.holds(keys);
}

function identityOf(resource: Resource): string {
  return JSON.stringify(resource.spec);
}
