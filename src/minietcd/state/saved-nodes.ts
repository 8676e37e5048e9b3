import type { Event } from './event.ts';
import { attach, createDirectory, TreeNode } from './node.ts';

/** The nodes of a tree below its root, each after its directory: one row in all lists. */
export interface SavedNodes {
  /** 1 for nodes in the root. */
  readonly depths: number[];
  readonly names: string[];
  /** Null for a directory. */
  readonly values: (string | null)[];
  readonly created: number[];
  readonly modified: number[];
  /** Milliseconds since the epoch; -1: never. */
  readonly expires: number[];
}

/** A store at one moment; later changes do not affect it. */
export interface SavedStore {
  readonly index: number;
  readonly oldestEvent: number;
  readonly events: readonly Event[];
  readonly nodes: SavedNodes;
}

export function noNodes(): SavedNodes {
  return { depths: [], names: [], values: [], created: [], modified: [], expires: [] };
}

/** Saves every node below a directory. */
export function saveNodes(directory: TreeNode, depth: number, into: SavedNodes): void {
  for (const node of directory.children!.values()) {
    into.depths.push(depth);
    into.names.push(node.name);
    into.values.push(node.children === null ? node.value : null);
    into.created.push(node.created);
    into.modified.push(node.modified);
    into.expires.push(node.expires ?? -1);
    if (node.children !== null) saveNodes(node, depth + 1, into);
  }
}

/** Adds saved nodes to an empty root; calls schedule for those with an expiry. */
export function hangNodes(
  root: TreeNode,
  nodes: SavedNodes,
  schedule: (node: TreeNode, expires: number) => void,
): void {
  const path = [root];
  for (let row = 0; row < nodes.names.length; row++) {
    const depth = nodes.depths[row]!;
    path.length = depth;
    const [parent, name, value] = [path[depth - 1]!, nodes.names[row]!, nodes.values[row] ?? null];
    const [created, modified] = [nodes.created[row]!, nodes.modified[row]!];
    const node =
      value === null
        ? createDirectory(name, parent, created, modified)
        : new TreeNode(name, parent, value, created, modified);
    attach(parent, node);
    if (value === null) path.push(node);
    if (nodes.expires[row]! >= 0) schedule(node, nodes.expires[row]!);
  }
}
