import { keyOf, secondsLeft, type TreeNode } from './node.ts';

export type Action = 'set' | 'create' | 'update' | 'compareAndSwap' | 'delete' | 'compareAndDelete' | 'expire';

/** A node as an event shows it: fixed at the moment of the event, never with children. */
export interface NodeImage {
  readonly key: string;
  /** Undefined for a directory, and for what was removed. */
  readonly value: string | undefined;
  readonly dir: boolean;
  /** Milliseconds since the epoch. */
  readonly expires: number | undefined;
  /** Seconds left at that moment; 0 is not shown. */
  readonly ttl: number;
  readonly modified: number;
  readonly created: number;
}

/** One change of the tree; node.modified is the store's index that it was given. */
export interface Event {
  readonly action: Action;
  readonly node: NodeImage;
  readonly prevNode: NodeImage | undefined;
  /** A refresh renews a TTL without telling any watcher. */
  readonly refresh: boolean;
}

/** A node as it is now; `at` is the instant from which its TTL counts. */
export function imageOf(node: TreeNode, at: number): NodeImage {
  return {
    key: keyOf(node),
    value: node.children === null ? node.value : undefined,
    dir: node.children !== null,
    expires: node.expires,
    ttl: node.expires === undefined ? 0 : secondsLeft(node.expires, at),
    modified: node.modified,
    created: node.created,
  };
}

/** What is left of a removed node in its own event: its key and kind, the new index. */
export function removedImage(node: TreeNode, index: number): NodeImage {
  return {
    key: keyOf(node),
    value: undefined,
    dir: node.children !== null,
    expires: undefined,
    ttl: 0,
    modified: index,
    created: node.created,
  };
}

/** True where the event took a directory, and with it everything below, out of the tree. */
export function removesDirectory(event: Event): boolean {
  return (event.action === 'delete' || event.action === 'expire') && event.node.dir;
}
