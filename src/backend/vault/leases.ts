import type { Clock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import type { Question, Reply } from './api.ts';
import { field, type Json, numberOf, textOf } from './json.ts';

/** A secret that Vault made for us, which ends when its lease does. */
interface Lease {
  readonly body: Json;
  readonly id: string;
  readonly isRenewable: boolean;
  readonly durationMs: number;
  /** With which login it was made. */
  readonly generation: number;
  until: number;
}

/** What leases are kept with. */
export interface LeaseDeps {
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Reply>;
  /** Which login counts now. */
  readonly generation: () => number;
  readonly clock: Clock;
}

/** The leased secrets that were read: reading them again gives the same ones, renewed, until they cannot be. */
export class Leases {
  private readonly leases = new Map<string, Lease>();

  constructor(private readonly deps: LeaseDeps) {}

  /** The answer to a read of the path, which is asked only where no lease holds. */
  async read(path: string, signal: AbortSignal): Promise<Reply> {
    const { ask, clock, generation } = this.deps;
    const known = this.leases.get(path);
    if (known !== undefined && (await this.isGood(known, signal))) {
      return { node: '', status: 200, body: known.body };
    }
    this.leases.delete(path);
    const reply = await ask({ path }, signal);
    const { body } = reply;
    const [id, durationMs] = [textOf(body, 'lease_id'), numberOf(body, 'lease_duration') * 1000];
    if (id !== '' && durationMs > 0) {
      const isRenewable = field(body, 'renewable') === true;
      const until = clock.now() + durationMs;
      this.leases.set(path, { body, id, isRenewable, durationMs, generation: generation(), until });
    }
    return reply;
  }

  /** How long all leases among these paths hold before one is due; undefined where there is none. */
  validMs(paths: ReadonlySet<string>): number | undefined {
    const now = this.deps.clock.now();
    const due = [...this.leases].filter(([path]) => paths.has(path)).map(([, lease]) => dueOf(lease) - now);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due));
  }

  private async isGood(lease: Lease, signal: AbortSignal): Promise<boolean> {
    const { ask, clock, generation } = this.deps;
    if (lease.generation !== generation() || clock.now() >= lease.until) return false;
    if (clock.now() < dueOf(lease)) return true;
    if (!lease.isRenewable) return false;
    try {
      const { body } = await ask({ method: 'PUT', path: 'sys/leases/renew', body: { lease_id: lease.id } }, signal);
      lease.until = clock.now() + numberOf(body, 'lease_duration') * 1000;
      // Near the maximum Vault gives less and less.
      return dueOf(lease) > clock.now();
    } catch (error) {
      if (!(error instanceof BackendError) || error.code === 'unreachable') throw error;
      return false;
    }
  }
}

/** When two thirds of a lease are over. */
function dueOf({ until, durationMs }: Lease): number {
  return until - durationMs / 3;
}
