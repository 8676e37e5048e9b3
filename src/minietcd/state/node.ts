/** One place in the tree: a file has a value, a directory has children. Its key follows from where it hangs. */
export class TreeNode {
  /** Null for a file. */
  children: Map<string, TreeNode> | null = null;
  /** The children by name, kept until one comes or goes. */
  ordered: readonly TreeNode[] | null = null;
  /** How a listing shows this file while it has no expiry, kept until it changes. */
  json: string | null = null;
  /** Milliseconds since the epoch; undefined lives for ever. */
  expires: number | undefined = undefined;
  /** Where the expiry heap holds this node, -1 when it does not. */
  slot = -1;

  constructor(
    readonly name: string,
    readonly parent: TreeNode | null,
    public value: string,
    readonly created: number,
    public modified: number,
  ) {}
}

/** A new directory, not yet hung anywhere. */
export function createDirectory(name: string, parent: TreeNode | null, index: number): TreeNode {
  const node = new TreeNode(name, parent, '', index, index);
  node.children = new Map();
  return node;
}

/** Hangs a node below its parent, in place of one of the same name. */
export function attach(parent: TreeNode, node: TreeNode): void {
  parent.children!.set(node.name, node);
  parent.ordered = null;
}

/** Takes a node from below its parent. */
export function detach(node: TreeNode): void {
  node.parent!.children!.delete(node.name);
  node.parent!.ordered = null;
}

/** Children in byte order of their names. */
export function childrenInOrder(node: TreeNode): readonly TreeNode[] {
  if (node.children === null) return [];
  node.ordered ??= [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return node.ordered;
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
