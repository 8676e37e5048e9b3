import { keyOf, secondsLeft, type TreeNode } from './node.ts';

export type Action = 'set' | 'create' | 'update' | 'compareAndSwap' | 'delete' | 'compareAndDelete' | 'expire';

/** A node in an event: its state at that moment, without children. */
export interface NodeImage {
  readonly key: string;
  /** Undefined for a directory and for a removed node. */
  readonly value: string | undefined;
  readonly dir: boolean;
  /** Milliseconds since the epoch. */
  readonly expires: number | undefined;
  /** Seconds left at that moment; 0 is not shown. */
  readonly ttl: number;
  readonly modified: number;
  readonly created: number;
}

/** One change of the tree; node.modified is the index of the change. */
export interface Event {
  readonly action: Action;
  readonly node: NodeImage;
  readonly prevNode: NodeImage | undefined;
  /** A refresh renews a TTL without an event for watchers. */
  readonly refresh: boolean;
}

/** The current state of a node; its TTL is counted from `at`. */
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

/** A removed node in its own event: key and kind, with the new index. */
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

/** True when the event removed a directory, and with it everything below. */
export function removesDirectory(event: Event): boolean {
  return (event.action === 'delete' || event.action === 'expire') && event.node.dir;
}
