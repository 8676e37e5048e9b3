import type { Backend } from '../../backend/contract/backend.ts';
import { toText } from '../../go/bytes.ts';
import type { Mirror, ReadPairs } from '../../mirror/mirror.ts';
import type { Logger } from '../../obs/log.ts';

/** What a resource wants of a store. */
export interface RequestedKeys {
  readonly dest: string;
  /** Absolute. */
  readonly keys: readonly string[];
}

const minWaitMs = 1000;
const maxWaitMs = 5000;

/**
 * The suspicion that a store lost its data: a read finds nothing for a resource, where the one before found something.
 * Only a second read that finds nothing either is believed.
 */
export class EmptyReadGuard {
  /** What was found empty once, by dest. */
  private readonly suspects = new Set<string>();

  constructor(
    private readonly store: Pick<Backend, 'name' | 'selects'>,
    private readonly log: Logger,
  ) {}

  /** True while a second read is awaited. */
  get isOpen(): boolean {
    return this.suspects.size > 0;
  }

  /** Milliseconds until the second read; random, since a whole fleet sees a store come back. */
  get waitMs(): number {
    return minWaitMs + Math.random() * (maxWaitMs - minWaitMs);
  }

  /** Whether what was read may take the place of what the mirror holds. */
  believes(read: ReadPairs, mirror: Mirror, requests: readonly RequestedKeys[]): boolean {
    const { name, selects } = this.store;
    const emptied = requests.filter(({ keys }) => mirror.wouldLose(keys, selects, read));
    const fresh = emptied.filter(({ dest }) => !this.suspects.has(dest));
    for (const { dest, keys } of fresh) {
      const where = toText(keys.join(', '));
      this.suspects.add(dest);
      this.log.warning(
        `Target config ${dest} stays as it is: ${name} has lost all keys at ${where}; reading again to make sure`,
      );
    }
    if (fresh.length > 0) return false;
    this.settle(new Set(emptied.map(({ dest }) => dest)));
    return true;
  }

  private settle(emptied: ReadonlySet<string>): void {
    for (const dest of this.suspects) {
      if (emptied.has(dest))
        this.log.warning(`The keys of ${dest} are gone: a second read of ${this.store.name} found none either`);
      else this.log.info(`The keys of ${dest} are back`);
    }
    this.suspects.clear();
  }
}
