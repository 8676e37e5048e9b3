import { stepBytes } from '../../../go/json-string.ts';
import { EtcdError } from '../../state/errors.ts';
import type { Ordering } from '../../state/children.ts';
import { isHidden, secondsLeft, type TreeNode } from '../../state/node.ts';
import { Draft, type Body } from './draft.ts';
import { jsonString } from './escapes.ts';
import { addValue, expiryFields, indexFields } from './json.ts';

/** A longer answer takes too much memory; nobody could use it either. */
const maxAnswerLength = 256 * 1024 * 1024;

/** What a listing shows of a file is kept with it, unless that would double the memory that long values take. */
const maxCachedLength = 1024;

/** What a get asks for. */
export interface ListingOptions {
  readonly recursive: boolean;
  /** Milliseconds since the epoch, from which TTLs count. */
  readonly at: number;
  /** The store's index, for a refusal. */
  readonly index: number;
}

/** A directory as it was when the get came, with the children that are shown: none where it is not opened. */
interface Directory {
  readonly expires: number | undefined;
  readonly children: Ordering<TreeNode>;
}

/** A node and its key, which it does not know itself. */
interface Place {
  readonly node: TreeNode;
  readonly key: string;
}

/** Bodies of long files without expiry, for as long as the file is kept: whoever gets one gets the same. */
const longBodies = new WeakMap<TreeNode, Body>();

/**
 * The body of a get, as the tree is now: what happens to the tree while it is written in steps is not in it. A directory's
 * children come in byte order, hidden ones never.
 */
export class Listing {
  /** How many nodes there are to look at. */
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

  /** Its length so far, long values as they are before they are encoded. */
  get length(): number {
    return this.draft.length;
  }

  /** Steps of a millisecond or so. Throws EtcdError where it gets too long. */
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

  /** Remembers how a directory is now, and those below that are shown. */
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

  /** One call per level and no more: keys may be thousands of elements deep. */
  private *addDirectory({ node, key }: Place): Generator<void, void> {
    const { draft } = this;
    const { expires, children } = this.directories.get(node)!;
    const above = key === '/' ? '' : key;
    // The root is the one node without a key.
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
      json.charCodeAt(0); // makes one flat string of the pieces, as they would have to be gathered again each time
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
