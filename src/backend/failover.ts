import type { Clock } from '../obs/clock.ts';
import { BackendError } from './backend.ts';
import { deniedBy, plainWords } from './plainwords.ts';

/** The nodes of one store, asked in turn: it stays with the one that works; when that one fails the next is asked. */
export class Failover<Node extends { readonly label: string }> {
  private current = 0;

  constructor(
    private readonly nodes: readonly Node[],
    /** How long all nodes together may take until one of them answers. */
    private readonly limit: { readonly ms: number; readonly clock: Clock },
    /** What else may be the cause of all failures, or ''. */
    private readonly fault: () => string,
  ) {}

  /**
   * What the first node that works answers; BackendError names every node with what it failed of. An attempt hears how
   * many ms it may wait for an answer to begin, so that one that says nothing leaves some time to the others.
   */
  async ask<T>(signal: AbortSignal, attempt: (node: Node, ms: number) => Promise<T>): Promise<T> {
    const failures: { readonly node: Node; readonly cause: Error }[] = [];
    const first = this.current;
    const { ms, clock } = this.limit;
    const end = clock.now() + ms;
    for (let tried = 0; tried < this.nodes.length; tried++) {
      const index = (first + tried) % this.nodes.length;
      const node = this.nodes[index]!;
      signal.throwIfAborted();
      try {
        const share = (end - clock.now()) / (this.nodes.length - tried);
        const result = await attempt(node, Math.max(share, ms / this.nodes.length));
        this.current = index;
        return result;
      } catch (cause) {
        signal.throwIfAborted();
        // Not the node's fault, and so that of every node.
        if (cause instanceof BackendError) throw cause;
        failures.push({ node, cause: cause as Error });
      }
    }
    const code = failures.every(({ cause }) => deniedBy(cause)) ? 'denied' : 'unreachable';
    const facts = failures.map(({ node, cause }) => `${node.label}: ${plainWords(cause)}`);
    const fault = this.fault();
    const message = [...facts, ...(fault === '' ? [] : [fault])].join('; ');
    throw new BackendError(code, message, { cause: failures.length === 1 ? failures[0]!.cause : failures });
  }
}
