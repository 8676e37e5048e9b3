import type { EtcdError } from '../../state/errors.ts';
import type { Event, NodeImage } from '../../state/event.ts';
import { Draft, longString, type Body } from './draft.ts';
import { jsonString } from './escapes.ts';

/** RFC 3339 in UTC, with no trailing zeros in the fraction. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0{0,3}Z$/, 'Z');
}

/** When a node expires, and how many seconds are left. */
export function expiryFields(expires: number, ttl: number): string {
  return `,"expiration":"${instant(expires)}"${ttl === 0 ? '' : `,"ttl":${ttl}`}`;
}

/** The indexes of a node; 0 is not shown. */
export function indexFields(modified: number, created: number): string {
  return (modified === 0 ? '' : `,"modifiedIndex":${modified}`) + (created === 0 ? '' : `,"createdIndex":${created}`);
}

function addImage(draft: Draft, { key, value, dir, expires, ttl, modified, created }: NodeImage): void {
  const expiry = expires === undefined ? '' : expiryFields(expires, ttl);
  const tail = `${dir ? ',"dir":true' : ''}${expiry}${indexFields(modified, created)}}`;
  if (value === undefined) draft.add(`{"key":${jsonString(key)}${tail}`);
  else addValue(draft, { head: `{"key":${jsonString(key)}`, value, tail });
}

/** A value and the text around it; in one piece when it is short, as most are. */
export interface Around {
  readonly head: string;
  readonly value: string;
  readonly tail: string;
}

/** Adds a node with its value; a long value is encoded later. */
export function addValue(draft: Draft, { head, value, tail }: Around): void {
  if (value.length <= longString) {
    draft.add(`${head},"value":${jsonString(value)}${tail}`);
    return;
  }
  draft.add(`${head},"value":`);
  draft.addString(value);
  draft.add(tail);
}

/** Long bodies, kept as long as their event: all clients that get an event share its body. */
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

/** The body of an error. */
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
