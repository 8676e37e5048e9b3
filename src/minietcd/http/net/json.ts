import { EtcdError } from '../../state/errors.ts';
import type { Event, NodeImage } from '../../state/event.ts';
import { Draft, longString, type Body } from './draft.ts';
import { jsonString } from './escapes.ts';
import { childrenInOrder, isHidden, secondsLeft, type TreeNode } from '../../state/node.ts';

/** RFC 3339 in UTC, with no trailing zeros in the fraction. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0{0,3}Z$/, 'Z');
}

function expiryFields(expires: number, ttl: number): string {
  return `,"expiration":"${instant(expires)}"${ttl === 0 ? '' : `,"ttl":${ttl}`}`;
}

function indexFields(modified: number, created: number): string {
  return (modified === 0 ? '' : `,"modifiedIndex":${modified}`) + (created === 0 ? '' : `,"createdIndex":${created}`);
}

function addImage(draft: Draft, { key, value, dir, expires, ttl, modified, created }: NodeImage): void {
  const expiry = expires === undefined ? '' : expiryFields(expires, ttl);
  const tail = `${dir ? ',"dir":true' : ''}${expiry}${indexFields(modified, created)}}`;
  if (value === undefined) draft.add(`{"key":${jsonString(key)}${tail}`);
  else addValue(draft, { head: `{"key":${jsonString(key)}`, value, tail });
}

/** A value, and what stands around it: in one piece where that is short, as most are. */
interface Around {
  readonly head: string;
  readonly value: string;
  readonly tail: string;
}

function addValue(draft: Draft, { head, value, tail }: Around): void {
  if (value.length <= longString) {
    draft.add(`${head},"value":${jsonString(value)}${tail}`);
    return;
  }
  draft.add(`${head},"value":`);
  draft.addString(value);
  draft.add(tail);
}

/** Long ones, for as long as the event itself is kept: whoever is told of an event gets the same. */
const longBodies = new WeakMap<Event, Body>();

/** The body of a change: {"action":…,"node":…,"prevNode":…} and a newline. */
export function eventJson(event: Event): Body {
  const known = longBodies.get(event);
  if (known !== undefined) return known;
  const draft = new Draft();
  draft.add(`{"action":"${event.action}","node":`);
  addImage(draft, event.node);
  if (event.prevNode !== undefined) {
    draft.add(',"prevNode":');
    addImage(draft, event.prevNode);
  }
  draft.add('}\n');
  const body = draft.finish();
  if (typeof body !== 'string') longBodies.set(event, body);
  return body;
}

/** The body of a refusal. */
export function errorJson(error: EtcdError): Body {
  const draft = new Draft();
  draft.add(`{"errorCode":${error.code},"message":${jsonString(error.message)},`);
  if (error.about !== '') {
    draft.add('"cause":');
    draft.addString(error.about);
    draft.add(',');
  }
  draft.add(`"index":${error.index}}\n`);
  return draft.finish();
}

/** A longer answer takes too much memory; nobody could use it either. */
const maxAnswerLength = 256 * 1024 * 1024;

/** Which part of the tree a get shows, and the instant from which its TTLs count. */
export interface Listing {
  readonly recursive: boolean;
  readonly at: number;
  readonly index: number;
}

/** What a listing shows of a file is kept with it, unless that would double the memory that long values take. */
const maxCachedLength = 1024;

/** The body of a get; a directory's children come in byte order, hidden ones never. */
export function getJson(node: TreeNode, key: string, listing: Listing): Body {
  const draft = new Draft();
  draft.add('{"action":"get","node":');
  if (node.children === null) addFile(draft, { node, key }, listing);
  else addDirectory(draft, { node, key, opened: true }, listing);
  draft.add('}\n');
  return draft.finish();
}

/** A node and its key, which it does not know itself. */
interface Place {
  readonly node: TreeNode;
  readonly key: string;
}

function addFile(draft: Draft, { node, key }: Place, listing: Listing): void {
  if (node.expires === undefined && node.json !== null) {
    draft.add(node.json);
    return;
  }
  const head = `{"key":${jsonString(key)}`;
  const tail = `${nodeExpiry(node, listing)}${indexFields(node.modified, node.created)}}`;
  if (node.expires === undefined && node.value.length <= maxCachedLength) {
    const json = `${head},"value":${jsonString(node.value)}${tail}`;
    json.charCodeAt(0); // makes one flat string of the pieces, as they would have to be gathered again each time
    node.json = json;
    draft.add(json);
    return;
  }
  addValue(draft, { head, value: node.value, tail });
}

/** One call per level and no more: keys may be thousands of elements deep. */
function addDirectory(draft: Draft, { node, key, opened }: Place & { opened: boolean }, listing: Listing): void {
  const above = key === '/' ? '' : key;
  // The root is the one node without a key.
  draft.add(above === '' ? '{"dir":true' : `{"key":${jsonString(key)},"dir":true`);
  draft.add(nodeExpiry(node, listing));
  let before = ',"nodes":[';
  for (const child of opened ? childrenInOrder(node) : []) {
    if (isHidden(child.name)) continue;
    draft.add(before);
    before = ',';
    const place = { node: child, key: `${above}/${child.name}`, opened: listing.recursive };
    if (child.children === null) addFile(draft, place, listing);
    else addDirectory(draft, place, listing);
    if (draft.length > maxAnswerLength) throw new EtcdError(300, 'the answer is too long: ask for less', listing.index);
  }
  if (before === ',') draft.add(']');
  draft.add(`${indexFields(node.modified, node.created)}}`);
}

function nodeExpiry(node: TreeNode, listing: Listing): string {
  return node.expires === undefined ? '' : expiryFields(node.expires, secondsLeft(node.expires, listing.at));
}
