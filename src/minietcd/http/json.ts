import { EtcdError } from '../errors.ts';
import type { Event, NodeImage } from '../store/event.ts';
import { childrenInOrder, isHidden, secondsLeft, type TreeNode } from '../store/node.ts';

/** Bytes that Go's encoder writes as they are; all text made of them needs no second look. */
const plain = /^[ !#-%'-;=?-[\]-\x7f]*$/;

const short = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** The JSON string of a byte string as Go's encoder writes it: <>& escaped, one \ufffd per byte that is not UTF-8. */
export function jsonString(bytes: string): string {
  if (plain.test(bytes)) return `"${bytes}"`;
  let out = '"';
  let kept = 0; // start of the run that is copied as it is
  for (let at = 0; at < bytes.length;) {
    const size = sequenceLength(bytes, at);
    const escaped = size > 1 ? lineSeparator(bytes, at) : escapedByte(bytes, at, size);
    if (escaped !== undefined) {
      out += bytes.slice(kept, at) + escaped;
      kept = at + Math.max(size, 1);
    }
    at += Math.max(size, 1);
  }
  return `${out}${bytes.slice(kept)}"`;
}

function escapedByte(bytes: string, at: number, size: number): string | undefined {
  if (size === 0) return '\\ufffd';
  const char = bytes[at]!;
  if (plain.test(char)) return undefined;
  return short.get(char) ?? `\\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** U+2028 and U+2029 end a line in old JavaScript, so Go escapes them. */
function lineSeparator(bytes: string, at: number): string | undefined {
  if (!bytes.startsWith('\xe2\x80', at)) return undefined;
  if (bytes[at + 2] === '\xa8') return '\\u2028';
  return bytes[at + 2] === '\xa9' ? '\\u2029' : undefined;
}

/** Length of the UTF-8 sequence at `at`, or 0 when the byte begins none (surrogates and overlong forms are none). */
function sequenceLength(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return 1;
  const second = bytes.charCodeAt(at + 1); // NaN past the end fails every comparison
  const third = () => isContinuation(bytes.charCodeAt(at + 2));
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return isContinuation(second) ? 2 : 0;
  if (first < 0xf0) {
    const least = first === 0xe0 ? 0xa0 : 0x80;
    const most = first === 0xed ? 0x9f : 0xbf;
    return second >= least && second <= most && third() ? 3 : 0;
  }
  const least = first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most && third() && isContinuation(bytes.charCodeAt(at + 3)) ? 4 : 0;
}

function isContinuation(code: number): boolean {
  return code >= 0x80 && code <= 0xbf;
}

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

function imageJson(image: NodeImage): string {
  let out = `{"key":${jsonString(image.key)}`;
  if (image.value !== undefined) out += `,"value":${jsonString(image.value)}`;
  if (image.dir) out += ',"dir":true';
  if (image.expires !== undefined) out += expiryFields(image.expires, image.ttl);
  return `${out}${indexFields(image.modified, image.created)}}`;
}

/** The body of a change: {"action":…,"node":…,"prevNode":…} and a newline, as bytes in a string. */
export function eventJson(event: Event): string {
  const previous = event.prevNode === undefined ? '' : `,"prevNode":${imageJson(event.prevNode)}`;
  return `{"action":"${event.action}","node":${imageJson(event.node)}${previous}}\n`;
}

/** The body of a refusal. */
export function errorJson(error: EtcdError): string {
  const about = error.about === '' ? '' : `"cause":${jsonString(error.about)},`;
  return `{"errorCode":${error.code},"message":${jsonString(error.message)},${about}"index":${error.index}}\n`;
}

/** A longer answer could not be one string in this process; nobody could use it either. */
const longestAnswer = 256 * 1024 * 1024;

/** Which part of the tree a get shows, and the instant from which its TTLs count. */
export interface Listing {
  readonly recursive: boolean;
  readonly at: number;
  readonly index: number;
}

/** What a listing shows of a file is kept with it, unless that would double the memory that long values take. */
const longestKept = 1024;

/** The body of a get; a directory's children come in byte order, hidden ones never. */
export function getJson(node: TreeNode, key: string, listing: Listing): string {
  const json = node.children === null ? fileJson(node, key, listing) : directoryJson(node, key, true, listing);
  return `{"action":"get","node":${json}}\n`;
}

function fileJson(node: TreeNode, key: string, listing: Listing): string {
  if (node.expires === undefined && node.json !== null) return node.json;
  const head = `{"key":${jsonString(key)},"value":${jsonString(node.value)}`;
  const json = `${head}${nodeExpiry(node, listing)}${indexFields(node.modified, node.created)}}`;
  if (node.expires !== undefined || json.length > longestKept) return json;
  json.charCodeAt(0); // makes one flat string of the pieces, as they would have to be gathered again each time
  node.json = json;
  return json;
}

/** One call per level and no more: keys may be thousands of elements deep. */
function directoryJson(node: TreeNode, key: string, opened: boolean, listing: Listing): string {
  let nodes = '';
  const above = key === '/' ? '' : key;
  for (const child of opened ? childrenInOrder(node) : []) {
    if (isHidden(child.name)) continue;
    const childKey = `${above}/${child.name}`;
    nodes += nodes === '' ? '' : ',';
    if (child.children === null) nodes += fileJson(child, childKey, listing);
    else nodes += directoryJson(child, childKey, listing.recursive, listing);
    if (nodes.length > longestAnswer) throw new EtcdError(300, 'the answer is too long: ask for less', listing.index);
  }
  // The root is the one node without a key.
  const head = above === '' ? '{"dir":true' : `{"key":${jsonString(key)},"dir":true`;
  const list = nodes === '' ? '' : `,"nodes":[${nodes}]`;
  return `${head}${nodeExpiry(node, listing)}${list}${indexFields(node.modified, node.created)}}`;
}

function nodeExpiry(node: TreeNode, listing: Listing): string {
  return node.expires === undefined ? '' : expiryFields(node.expires, secondsLeft(node.expires, listing.at));
}
