import { keyOf, type TreeNode } from './node.ts';

/** The nodes with an expiry, the next one first: a binary heap in which each node stores its own slot. */
export class ExpiryHeap {
  private readonly nodes: TreeNode[] = [];

  get size(): number {
    return this.nodes.length;
  }

  /** The node that expires first. */
  get next(): TreeNode | undefined {
    return this.nodes[0];
  }

  /** Sets or clears the expiry of a node. */
  schedule(node: TreeNode, expires: number | undefined): void {
    this.remove(node);
    node.expires = expires;
    if (expires === undefined) return;
    this.nodes.push(node);
    this.rise(node, this.nodes.length - 1);
  }

  /** Removes a node that left the tree; its `expires` can still be read. */
  remove(node: TreeNode): void {
    const slot = node.slot;
    if (slot < 0) return;
    node.slot = -1;
    const last = this.nodes.pop()!;
    if (last === node) return;
    this.rise(last, slot);
    this.sink(last, last.slot);
  }

  private rise(node: TreeNode, from: number): void {
    let slot = from;
    while (slot > 0) {
      const up = (slot - 1) >> 1;
      if (!isSooner(node, this.nodes[up]!)) break;
      this.place(this.nodes[up]!, slot);
      slot = up;
    }
    this.place(node, slot);
  }

  private sink(node: TreeNode, from: number): void {
    let slot = from;
    for (;;) {
      let down = 2 * slot + 1;
      if (down >= this.nodes.length) break;
      if (down + 1 < this.nodes.length && isSooner(this.nodes[down + 1]!, this.nodes[down]!)) down++;
      if (!isSooner(this.nodes[down]!, node)) break;
      this.place(this.nodes[down]!, slot);
      slot = down;
    }
    this.place(node, slot);
  }

  private place(node: TreeNode, slot: number): void {
    this.nodes[slot] = node;
    node.slot = slot;
  }
}

/**
 * Milliseconds are coarser than etcd's nanoseconds: of two nodes with the same one, the one that was written first
 * expires first. Directories of one write may still be equal; any order is right, if it is the same at every replay of
 * the log.
 */
function isSooner(a: TreeNode, b: TreeNode): boolean {
  if (a.expires !== b.expires) return a.expires! < b.expires!;
  if (a.modified !== b.modified) return a.modified < b.modified;
  return keyOf(a) < keyOf(b);
}
