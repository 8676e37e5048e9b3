import { Children } from './children.ts';

/**
 * One place in the tree: a file has a value, a directory has children. Its key follows from where it hangs. A file with
 * another value is another node; only its expiry changes, and only when it is scheduled anew.
 */
export class TreeNode {
  /** Null for a file. */
  children: Children<TreeNode> | null = null;
  /** How a listing shows this file while it has no expiry. */
  json: string | null = null;
  /** Milliseconds since the epoch; undefined lives for ever. */
  expires: number | undefined = undefined;
  /** Where the expiry heap holds this node, -1 when it does not. */
  slot = -1;

  constructor(
    readonly name: string,
    readonly parent: TreeNode | null,
    readonly value: string,
    readonly created: number,
    readonly modified: number,
  ) {}
}

/** A new directory, not yet hung anywhere. */
export function createDirectory(name: string, parent: TreeNode | null, created: number, modified = created): TreeNode {
  const node = new TreeNode(name, parent, '', created, modified);
  node.children = new Children();
  return node;
}

/** Hangs a node below its parent, in place of one of the same name. */
export function attach(parent: TreeNode, node: TreeNode): void {
  parent.children!.set(node);
}

/** Takes a node from below its parent. */
export function detach(node: TreeNode): void {
  node.parent!.children!.delete(node.name);
}

/** The absolute key of a node. */
export function keyOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at = node; at.parent !== null; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}`;
}

/** True where a listing made from above leaves the name out. */
export function isHidden(name: string): boolean {
  return name.startsWith('_');
}

/** Seconds until an instant, rounded up as etcd shows a TTL: N right after it was set, 0 once it is due. */
export function secondsLeft(expires: number, at: number): number {
  return Math.ceil((expires - at) / 1000) + 0; // + 0 turns -0 into 0
}

/** Calls visit for everything below a directory, with its key; hidden nodes too. */
export function walkBelow(node: TreeNode, key: string, visit: (below: TreeNode, key: string) => void): void {
  if (node.children === null) return;
  for (const child of node.children.values()) {
    const childKey = key === '/' ? `/${child.name}` : `${key}/${child.name}`;
    visit(child, childKey);
    walkBelow(child, childKey, visit);
  }
}
