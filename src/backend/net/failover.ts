import type { Clock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import { deniedBy, errorText } from './error-text.ts';

/** The time limits of one attempt. */
export interface Patience {
  /** How many ms an answer may take to begin; a node that does not answer leaves time for the others. */
  readonly beginMs: number;
  /** How many ms the whole answer may take. */
  readonly totalMs: number;
  /** The end of that time, on the clock. */
  readonly until: number;
  /** Only one connection is tried. */
  readonly isOnce: boolean;
}

/** A request that one node gets, once, and that the node may hold back. */
export interface Once {
  /** How many ms more than usual it may take. */
  readonly moreMs: number;
}

/** The time limits of all nodes together. */
interface Limit {
  /** Until an answer begins. */
  readonly beginMs: number;
  /** Until the answer is complete; a node that is asked late still gets its share. */
  readonly totalMs: number;
  readonly clock: Clock;
}

/** The nodes of one store: the one that works is asked again; when it fails, the next one is asked. */
export class Failover<Node extends { readonly label: string }> {
  private current = 0;

  constructor(
    private readonly nodes: readonly Node[],
    private readonly limit: Limit,
    /** What else may be the cause of all failures, or ''. */
    private readonly fault: () => string,
  ) {}

  /** The answer of the first node that works; BackendError names every node and its failure. */
  async ask<T>(
    signal: AbortSignal,
    attempt: (node: Node, patience: Patience) => Promise<T>,
    once: Once | null = null,
  ): Promise<T> {
    const failures: { readonly node: Node; readonly cause: Error }[] = [];
    const first = this.current;
    const { clock } = this.limit;
    const beginMs = this.limit.beginMs + (once?.moreMs ?? 0);
    const totalMs = this.limit.totalMs + (once?.moreMs ?? 0);
    const start = clock.now();
    const count = once === null ? this.nodes.length : 1;
    for (let tried = 0; tried < count; tried++) {
      const index = (first + tried) % this.nodes.length;
      const node = this.nodes[index]!;
      signal.throwIfAborted();
      try {
        const now = clock.now();
        const share = (start + beginMs - now) / (count - tried);
        const result = await attempt(node, {
          beginMs: Math.max(share, beginMs / count),
          totalMs: Math.max(start + totalMs - now, totalMs / count),
          until: Math.max(start + totalMs, now + totalMs / count),
          isOnce: once !== null,
        });
        this.current = index;
        return result;
      } catch (cause) {
        signal.throwIfAborted();
        // Not the fault of this node, so it is the same for every node.
        if (cause instanceof BackendError) throw cause;
        failures.push({ node, cause: cause as Error });
      }
    }
    // The node that used up the time is not asked first the next time.
    this.current = (first + 1) % this.nodes.length;
    const code = failures.every(({ cause }) => deniedBy(cause)) ? 'denied' : 'unreachable';
    const facts = failures.map(({ node, cause }) => `${node.label}: ${errorText(cause)}`);
    const fault = this.fault();
    const message = [...facts, ...(fault === '' ? [] : [fault])].join('; ');
    throw new BackendError(code, message, { cause: failures.length === 1 ? failures[0]!.cause : failures });
  }
}
