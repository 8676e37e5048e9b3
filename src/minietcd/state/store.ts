import { EtcdError } from './errors.ts';
import { imageOf, removedImage, type Action, type Event } from './event.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { History } from './history.ts';
import { attach, createDirectory, detach, keyOf, TreeNode, walkBelow } from './node.ts';
import { hangNodes, noNodes, saveNodes, type SavedStore } from './saved-nodes.ts';
import { WatcherHub, type Watcher } from './watcher-hub.ts';

/** The new content of a write. */
export interface Write {
  readonly value: string;
  readonly dir: boolean;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expires: number | undefined;
  /** Keep the value, renew the expiry, send no event to watchers. */
  readonly refresh: boolean;
}

/** The condition of a compare-and-swap or compare-and-delete; '' and 0n: no condition. */
export interface Guard {
  readonly prevValue: string;
  readonly prevIndex: bigint;
}

/** Which kinds of node a delete may remove. */
export interface Reach {
  readonly dir: boolean;
  readonly recursive: boolean;
}

/** etcd's own bookkeeping uses the first indexes of a new store; users' changes begin at 4. */
const firstIndex = 3;

/**
 * The tree, its index, its history and its watchers: a state machine that never reads a clock. `at` is always the time
 * of the request, from which TTLs are counted. Refusals are thrown as EtcdError and change nothing.
 */
export class Store {
  private readonly root = createDirectory('', null, 0);
  private readonly expiry = new ExpiryHeap();
  private current = firstIndex;
  readonly history = new History(firstIndex);
  readonly watchers = new WatcherHub();

  /** The index of the newest change. */
  get index(): number {
    return this.current;
  }

  /** When the next node expires; undefined when none will. */
  get nextExpiry(): number | undefined {
    return this.expiry.next?.expires;
  }

  /** A copy of the current store. */
  save(): SavedStore {
    const nodes = noNodes();
    saveNodes(this.root, 1, nodes);
    return { index: this.current, oldestEvent: this.history.oldest, events: this.history.kept(), nodes };
  }

  /** Fills a new store with a saved one. */
  restore(saved: SavedStore): void {
    hangNodes(this.root, saved.nodes, (node, expires) => {
      this.expiry.schedule(node, expires);
    });
    this.current = saved.index;
    this.history.restore(saved.oldestEvent, saved.events);
  }

  /** The node at a key, for reading only: nodes change with the store. */
  find(path: string): TreeNode {
    const node = this.lookUp(path);
    if (node === undefined) throw this.refusal(100, this.firstMissing(path));
    return node;
  }

  /** Creates a file or directory, or replaces a file. */
  set(path: string, write: Write, at: number): Event {
    const previous = write.refresh ? this.find(path) : this.lookUp(path);
    if (previous === this.root) throw this.refusal(107, '/');
    if (previous?.children) throw this.refusal(102, path);
    const value = write.refresh && previous !== undefined ? previous.value : write.value;
    const prevNode = previous && imageOf(previous, at);
    const node = this.plant(path, { ...write, value }, previous);
    return this.record({ action: 'set', node: imageOf(node, at), prevNode, refresh: write.refresh });
  }

  /** Creates a file or directory; fails when the key exists. */
  create(path: string, write: Write, at: number): Event {
    if (path === '/') throw this.refusal(107, '/');
    if (this.lookUp(path) !== undefined) throw this.refusal(105, path);
    const node = this.plant(path, write);
    return this.record({ action: 'create', node: imageOf(node, at), prevNode: undefined, refresh: false });
  }

  /** Creates a child with the new index as its name, so that names sort in order of creation. */
  createInOrder(directory: string, write: Write, at: number): Event {
    const name = String(this.current + 1).padStart(20, '0');
    return this.create(directory === '/' ? `/${name}` : `${directory}/${name}`, write, at);
  }

  /** Gives an existing node a new value and expiry. A directory gets only the expiry, and keeps its modifiedIndex. */
  update(path: string, write: Write, at: number): Event {
    if (path === '/') throw this.refusal(107, '/');
    const node = this.find(path);
    if (node.children !== null && write.value !== '') throw this.refusal(102, path);
    return this.rewrite(node, 'update', write, at);
  }

  /** Gives a file a new value and expiry if the guard allows it. */
  compareAndSwap(path: string, guard: Guard, write: Write, at: number): Event {
    if (path === '/') throw this.refusal(107, '/');
    return this.rewrite(this.compare(path, guard), 'compareAndSwap', write, at);
  }

  delete(path: string, reach: Reach, at: number): Event {
    if (path === '/') throw this.refusal(107, '/');
    const node = this.find(path);
    if (node.children !== null && !reach.recursive) {
      if (!reach.dir) throw this.refusal(102, path);
      if (node.children.size > 0) throw this.refusal(108, path);
    }
    return this.removeNode(node, 'delete', at);
  }

  /** Deletes a file if the guard allows it. */
  compareAndDelete(path: string, guard: Guard, at: number): Event {
    return this.removeNode(this.compare(path, guard), 'compareAndDelete', at);
  }

  /** Removes all nodes that are due, in order of expiry, one event each. */
  expire(at: number): readonly Event[] {
    const events: Event[] = [];
    for (let due = this.expiry.next; due !== undefined && due.expires! <= at; due = this.expiry.next) {
      events.push(this.removeNode(due, 'expire', at));
    }
    return events;
  }

  /**
   * Adds a watcher of a path. With `since` 0 it gets events from now on; otherwise it first gets those since that
   * index, before this returns. Throws 401 when they are no longer available.
   */
  watch(watcher: Watcher): void {
    if (watcher.since > 0 && watcher.since <= this.current) {
      for (const event of this.history.matching(watcher.path, watcher.recursive, watcher.since)) {
        watcher.onEvent(event);
        if (!watcher.stream) return;
      }
    }
    this.watchers.add(watcher);
  }

  /** The node at a key, or undefined; for reading only. */
  peek(path: string): TreeNode | undefined {
    try {
      return this.lookUp(path);
    } catch {
      return undefined; // a file is in the place of a directory of the key
    }
  }

  /** Like find, but undefined for a missing node: most writes create keys, and an error is expensive. */
  private lookUp(path: string): TreeNode | undefined {
    let node: TreeNode = this.root;
    // Without a list of names, because this runs for every request.
    for (let from = 1; from < path.length;) {
      const slash = path.indexOf('/', from);
      const end = slash < 0 ? path.length : slash;
      if (node.children === null) throw this.refusal(104, keyOf(node));
      const child = node.children.get(path.slice(from, end));
      if (child === undefined) return undefined;
      node = child;
      from = end + 1;
    }
    return node;
  }

  private firstMissing(path: string): string {
    let node: TreeNode | undefined = this.root;
    for (let from = 1; ;) {
      const slash = path.indexOf('/', from);
      if (slash < 0) return path;
      node = node.children?.get(path.slice(from, slash));
      if (node === undefined) return path.slice(0, slash);
      from = slash + 1;
    }
  }

  private compare(path: string, guard: Guard): TreeNode {
    const node = this.find(path);
    // etcd shows no cause when a compare-and-delete is about the root.
    if (node.children !== null) throw this.refusal(102, path === '/' ? '' : path);
    const failed: string[] = [];
    if (guard.prevValue !== '' && guard.prevValue !== node.value) failed.push(`[${guard.prevValue} != ${node.value}]`);
    if (guard.prevIndex !== 0n && guard.prevIndex !== BigInt(node.modified)) {
      failed.push(`[${guard.prevIndex} != ${node.modified}]`);
    }
    if (failed.length > 0) throw this.refusal(101, failed.join(' '));
    return node;
  }

  /** Adds a new node at a path and creates its directories; the path is free, except for a file that is replaced. */
  private plant(path: string, write: Write, previous?: TreeNode): TreeNode {
    const index = this.current + 1;
    const names = path.slice(1).split('/');
    const name = names.pop()!;
    let parent = this.root;
    for (const above of names) {
      let child = parent.children!.get(above);
      if (child === undefined) attach(parent, (child = createDirectory(above, parent, index)));
      parent = child;
    }
    const node = write.dir
      ? createDirectory(name, parent, index)
      : new TreeNode(name, parent, write.value, index, index);
    this.hang(node, write.expires, previous);
    return node;
  }

  private rewrite(node: TreeNode, action: 'update' | 'compareAndSwap', write: Write, at: number): Event {
    const prevNode = imageOf(node, at);
    const modified = this.current + 1;
    let next = node;
    if (node.children === null) {
      const value = write.refresh ? node.value : write.value;
      next = new TreeNode(node.name, node.parent, value, node.created, modified);
      this.hang(next, write.expires, node);
    } else this.expiry.schedule(node, write.expires);
    return this.record({ action, node: { ...imageOf(next, at), modified }, prevNode, refresh: write.refresh });
  }

  /** Adds a node to its parent, in place of a file. */
  private hang(node: TreeNode, expires: number | undefined, previous?: TreeNode): void {
    if (previous !== undefined) this.expiry.remove(previous);
    attach(node.parent!, node);
    this.expiry.schedule(node, expires);
  }

  private removeNode(node: TreeNode, action: Action, at: number): Event {
    const event = {
      action,
      node: removedImage(node, this.current + 1),
      prevNode: imageOf(node, at),
      refresh: false,
    };
    this.cut(node);
    this.record(event);
    if (this.watchers.size > 0) {
      walkBelow(node, event.node.key, (_, key) => {
        this.watchers.notifyRemoved(event, key);
      });
    }
    return event;
  }

  /** Removes a node from the tree, and everything below it from the expiry heap. */
  private cut(node: TreeNode): void {
    detach(node);
    this.expiry.remove(node);
    if (this.expiry.size > 0) {
      walkBelow(node, '', (below) => {
        this.expiry.remove(below);
      });
    }
  }

  private record(event: Event): Event {
    this.current = event.node.modified;
    this.history.add(event);
    if (!event.refresh) this.watchers.notify(event);
    return event;
  }

  private refusal(code: number, about: string): EtcdError {
    return new EtcdError(code, about, this.current);
  }
}
