import { stepBytes } from '../../../go/json-string.ts';
import { EtcdError } from '../../state/errors.ts';
import type { Ordering } from '../../state/children.ts';
import { isHidden, secondsLeft, type TreeNode } from '../../state/node.ts';
import { Draft, type Body } from './draft.ts';
import { jsonString } from './escapes.ts';
import { addValue, expiryFields, indexFields } from './json.ts';

/** A longer answer needs too much memory, and is of no use to a client. */
const maxAnswerLength = 256 * 1024 * 1024;

/** The JSON of a file is cached with it, unless that would double the memory of long values. */
const maxCachedLength = 1024;

/** The options of a get. */
export interface ListingOptions {
  readonly recursive: boolean;
  /** Milliseconds since the epoch; TTLs are counted from it. */
  readonly at: number;
  /** The index of the store, for errors. */
  readonly index: number;
}

/** A directory at the time of the get, with the children that are shown; none if it is not opened. */
interface Directory {
  readonly expires: number | undefined;
  readonly children: Ordering<TreeNode>;
}

/** A node with its key, which the node does not have. */
interface Place {
  readonly node: TreeNode;
  readonly key: string;
}

/** Long bodies of files without expiry, kept as long as the file: all clients that get one share it. */
const longBodies = new WeakMap<TreeNode, Body>();

/**
 * The body of a get, for the tree at the time of the call: later changes, while the body is written in steps, are not
 * in it. Children come in byte order, without hidden ones.
 */
export class Listing {
  /** The number of nodes to write. */
  count = 1;
  private readonly draft = new Draft();
  private readonly directories = new Map<TreeNode, Directory>();
  private pause = stepBytes;

  constructor(
    private readonly top: Place,
    private readonly options: ListingOptions,
  ) {
    if (top.node.children !== null) this.note(top.node, true);
  }

  /** The length so far, with long values not yet encoded. */
  get length(): number {
    return this.draft.length;
  }

  /** Steps of about a millisecond. Throws EtcdError when the body gets too long. */
  *steps(): Generator<void, Body> {
    const { node } = this.top;
    const known = longBodies.get(node);
    if (known !== undefined) return known;
    this.draft.add('{"action":"get","node":');
    if (node.children === null) this.addFile(this.top);
    else yield* this.addDirectory(this.top);
    this.draft.add('}\n');
    const body = this.draft.finish();
    if (typeof body !== 'string' && node.children === null && node.expires === undefined) longBodies.set(node, body);
    return body;
  }

  /** Records a directory and the shown directories below it as they are now. */
  private note(node: TreeNode, isOpened: boolean): void {
    const children = node.children!;
    this.directories.set(node, { expires: node.expires, children: isOpened ? children.ordering() : [] });
    if (!isOpened) return;
    this.count += children.size;
    if (!children.hasDirectories) return;
    for (const child of children.values()) {
      if (child.children !== null && !isHidden(child.name)) this.note(child, this.options.recursive);
    }
  }

  /** Only one call for each level: keys may be thousands of elements deep. */
  private *addDirectory({ node, key }: Place): Generator<void, void> {
    const { draft } = this;
    const { expires, children } = this.directories.get(node)!;
    const above = key === '/' ? '' : key;
    // Only the root has no key.
    draft.add(above === '' ? '{"dir":true' : `{"key":${jsonString(key)},"dir":true`);
    draft.add(this.expiry(expires));
    let before = ',"nodes":[';
    for (const child of 'next' in children ? yield* children : children) {
      if (isHidden(child.name)) continue;
      draft.add(before);
      before = ',';
      if (child.json !== null) draft.add(child.json);
      else if (child.children === null) this.addFile({ node: child, key: `${above}/${child.name}` });
      else yield* this.addDirectory({ node: child, key: `${above}/${child.name}` });
      if (draft.length < this.pause) continue;
      this.pause = draft.length + stepBytes;
      if (draft.length > maxAnswerLength) {
        throw new EtcdError(300, 'the answer is too long: ask for less', this.options.index);
      }
      yield;
    }
    if (before === ',') draft.add(']');
    draft.add(`${indexFields(node.modified, node.created)}}`);
  }

  private addFile({ node, key }: Place): void {
    const { draft } = this;
    if (node.json !== null) {
      draft.add(node.json);
      return;
    }
    const head = `{"key":${jsonString(key)}`;
    const tail = `${this.expiry(node.expires)}${indexFields(node.modified, node.created)}}`;
    if (node.expires === undefined && node.value.length <= maxCachedLength) {
      const json = `${head},"value":${jsonString(node.value)}${tail}`;
      json.charCodeAt(0); // makes one flat string of the pieces, which would otherwise be joined again each time
      node.json = json;
      draft.add(json);
      return;
    }
    addValue(draft, { head, value: node.value, tail });
  }

  private expiry(expires: number | undefined): string {
    return expires === undefined ? '' : expiryFields(expires, secondsLeft(expires, this.options.at));
  }
}
