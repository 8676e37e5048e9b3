import type { Backend } from '../../backend/contract/backend.ts';
import { toText } from '../../go/bytes.ts';
import type { Mirror, ReadPairs } from '../../mirror/mirror.ts';
import type { Logger } from '../../obs/log.ts';

/** The keys that a resource selects in a store. */
export interface RequestedKeys {
  readonly dest: string;
  /** Absolute. */
  readonly keys: readonly string[];
}

const minWaitMs = 1000;
const maxWaitMs = 5000;

/**
 * Protects against a store that has lost its data: when a read finds no keys for a resource that had keys before, only
 * a second empty read is believed.
 */
export class EmptyReadGuard {
  /** Resources that were found empty once, by dest. */
  private readonly suspects = new Set<string>();

  constructor(
    private readonly store: Pick<Backend, 'name' | 'selects'>,
    private readonly log: Logger,
  ) {}

  /** True while a second read is needed. */
  get isOpen(): boolean {
    return this.suspects.size > 0;
  }

  /** Milliseconds until the second read; random, as many agents see the same store come back. */
  get waitMs(): number {
    return minWaitMs + Math.random() * (maxWaitMs - minWaitMs);
  }

  /** Whether the result of a read may replace the content of the mirror. */
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
