import type { Clock } from '../../obs/clock.ts';
import { BackendError } from '../contract/backend.ts';
import { deniedBy, errorText } from './error-text.ts';

/** What an attempt may take. */
export interface Patience {
  /** How many ms an answer may take to begin, so that a node that says nothing leaves some time to the others. */
  readonly beginMs: number;
  /** How many ms the whole answer may take. */
  readonly totalMs: number;
  /** When they are over, on the clock. */
  readonly until: number;
}

/** How long all nodes together may take until one of them answers. */
interface Limit {
  /** Until an answer begins. */
  readonly beginMs: number;
  /** Until all of it is here; a node whose turn comes late has its share of it all the same. */
  readonly totalMs: number;
  readonly clock: Clock;
}

/** The nodes of one store, asked in turn: it stays with the one that works; when that one fails the next is asked. */
export class Failover<Node extends { readonly label: string }> {
  private current = 0;

  constructor(
    private readonly nodes: readonly Node[],
    private readonly limit: Limit,
    /** What else may be the cause of all failures, or ''. */
    private readonly fault: () => string,
  ) {}

  /**
   * What the first node that works answers; BackendError names every node with what it failed of.
   */
  async ask<T>(signal: AbortSignal, attempt: (node: Node, patience: Patience) => Promise<T>): Promise<T> {
    const failures: { readonly node: Node; readonly cause: Error }[] = [];
    const first = this.current;
    const { beginMs, totalMs, clock } = this.limit;
    const start = clock.now();
    const count = this.nodes.length;
    for (let tried = 0; tried < this.nodes.length; tried++) {
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
        });
        this.current = index;
        return result;
      } catch (cause) {
        signal.throwIfAborted();
        // Not the node's fault, and so that of every node.
        if (cause instanceof BackendError) throw cause;
        failures.push({ node, cause: cause as Error });
      }
    }
    // Whichever took all the time is not the first to be asked again.
    this.current = (first + 1) % count;
    const code = failures.every(({ cause }) => deniedBy(cause)) ? 'denied' : 'unreachable';
    const facts = failures.map(({ node, cause }) => `${node.label}: ${errorText(cause)}`);
    const fault = this.fault();
    const message = [...facts, ...(fault === '' ? [] : [fault])].join('; ');
    throw new BackendError(code, message, { cause: failures.length === 1 ? failures[0]!.cause : failures });
  }
}
