import { BinaryWriter, BinaryReader } from './binary-writer.ts';
import type { Request } from '../state/request.ts';
import type { Write } from '../state/store.ts';

/** The position of an action is its number in the log: add new ones at the end only. */
const actions = [
  'set',
  'create',
  'createInOrder',
  'update',
  'compareAndSwap',
  'delete',
  'compareAndDelete',
  'sync',
] as const satisfies readonly Request['action'][];

const writer = new BinaryWriter(4096);

const flags = { dir: 1, refresh: 2, expires: 4, recursive: 8 } as const;

/** Encodes a request for the log. */
export function encodeRequest(request: Request): Buffer {
  writer.byte(actions.indexOf(request.action));
  writer.number(request.at);
  if (request.action === 'sync') return writer.take();
  writer.text(request.path);
  if ('guard' in request) {
    writer.big(request.guard.prevIndex);
    writer.text(request.guard.prevValue);
  }
  if ('write' in request) writeWrite(request.write);
  if ('reach' in request) {
    writer.byte((request.reach.dir ? flags.dir : 0) | (request.reach.recursive ? flags.recursive : 0));
  }
  return writer.take();
}

function writeWrite({ value, dir, expires, refresh }: Write): void {
  const timed = expires === undefined ? 0 : flags.expires;
  writer.byte((dir ? flags.dir : 0) | (refresh ? flags.refresh : 0) | timed);
  if (expires !== undefined) writer.number(expires);
  writer.text(value);
}

/** Decodes a request from the log. Throws RangeError for invalid bytes. */
export function decodeRequest(bytes: Buffer): Request {
  const from = new BinaryReader(bytes);
  const action = actions[from.byte()];
  if (action === undefined) throw new RangeError('an action that does not exist');
  const at = from.number();
  switch (action) {
    case 'sync':
      return { action, at };
    case 'set':
    case 'create':
    case 'createInOrder':
    case 'update':
      return { action, path: from.text(), write: unpackWrite(from), at };
    case 'compareAndSwap':
      return { action, path: from.text(), guard: unpackGuard(from), write: unpackWrite(from), at };
    case 'compareAndDelete':
      return { action, path: from.text(), guard: unpackGuard(from), at };
    case 'delete':
      return { action, path: from.text(), reach: unpackReach(from), at };
  }
}

function unpackGuard(from: BinaryReader) {
  return { prevIndex: from.big(), prevValue: from.text() };
}

function unpackReach(from: BinaryReader) {
  const bits = from.byte();
  return { dir: (bits & flags.dir) !== 0, recursive: (bits & flags.recursive) !== 0 };
}

function unpackWrite(from: BinaryReader): Write {
  const bits = from.byte();
  const expires = bits & flags.expires ? from.number() : undefined;
  return { dir: (bits & flags.dir) !== 0, refresh: (bits & flags.refresh) !== 0, expires, value: from.text() };
}
