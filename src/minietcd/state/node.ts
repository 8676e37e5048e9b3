import { Children } from './children.ts';

/**
 * One node of the tree: a file has a value, a directory has children. Its key follows from its parents. A file with
 * another value is another node; only the expiry of a node changes, by scheduling it again.
 */
export class TreeNode {
  /** Null for a file. */
  children: Children<TreeNode> | null = null;
  /** The cached JSON of this file while it has no expiry. */
  json: string | null = null;
  /** Milliseconds since the epoch; undefined: never. */
  expires: number | undefined = undefined;
  /** The slot in the expiry heap, -1 when it is not in it. */
  slot = -1;

  constructor(
    readonly name: string,
    readonly parent: TreeNode | null,
    readonly value: string,
    readonly created: number,
    readonly modified: number,
  ) {}
}

/** A new directory, not yet in the tree. */
export function createDirectory(name: string, parent: TreeNode | null, created: number, modified = created): TreeNode {
  const node = new TreeNode(name, parent, '', created, modified);
  node.children = new Children();
  return node;
}

/** Adds a node to its parent; replaces one of the same name. */
export function attach(parent: TreeNode, node: TreeNode): void {
  parent.children!.set(node);
}

/** Removes a node from its parent. */
export function detach(node: TreeNode): void {
  node.parent!.children!.delete(node.name);
}

/** The absolute key of a node. */
export function keyOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at = node; at.parent !== null; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}`;
}

/** True when a listing from above leaves the name out. */
export function isHidden(name: string): boolean {
  return name.startsWith('_');
}

/** Seconds until a time, rounded up as etcd shows a TTL: N right after it was set, 0 when it is due. */
export function secondsLeft(expires: number, at: number): number {
  return Math.ceil((expires - at) / 1000) + 0; // + 0 turns -0 into 0
}

/** Calls visit for everything below a directory, with its key; also for hidden nodes. */
export function walkBelow(node: TreeNode, key: string, visit: (below: TreeNode, key: string) => void): void {
  if (node.children === null) return;
  for (const child of node.children.values()) {
    const childKey = key === '/' ? `/${child.name}` : `${key}/${child.name}`;
    visit(child, childKey);
    walkBelow(child, childKey, visit);
  }
}
