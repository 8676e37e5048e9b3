import { counted } from '../../go/count.ts';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, BinaryReader } from './binary-writer.ts';
import { State } from '../state/state.ts';
import type { Event, NodeImage } from '../state/event.ts';
import { noNodes, type SavedNodes, type SavedStore } from '../state/saved-nodes.ts';
import { crc32c } from './wal/crc.ts';
import { DataError } from './wal/error.ts';
import { hex16, newerError } from './wal/segment.ts';
import { syncDirectory } from './wal/wal.ts';

// A snapshot file: magic, u32 format, u64 cluster id; request index, term, counters, store; u32 CRC-32C of all that, magic.

const magic = 'METCDSNP';
const endMagic = 'METCDEND';
const format = 1;
const headBytes = 20;
const footBytes = 12;

/** Bytes that are encoded in one step: a few milliseconds of the event loop. */
const chunkBytes = 256 * 1024;

/** Bytes that are read in one call: the system allows no more than 2 GB. */
const readBytes = 1024 * 1024 * 1024;

/** The content of a snapshot at one moment. */
export interface StateSnapshot {
  readonly clusterId: string;
  readonly requestIndex: number;
  readonly term: number;
  readonly counters: readonly (readonly [string, number])[];
  readonly store: SavedStore;
}

/** Takes a snapshot of the current state; later changes do not affect it. */
export function takeSnapshot(state: State, clusterId: string): StateSnapshot {
  const { requestIndex, term } = state;
  return { clusterId, requestIndex, term, counters: state.stats.save(), store: state.store.save() };
}

/** The path of the snapshot with a request index. */
export function snapshotPath(folder: string, requestIndex: number): string {
  return join(folder, `${hex16(requestIndex)}.snap`);
}

/**
 * Writes a snapshot completely or not at all, and yields to the event loop every few milliseconds; resolves to its
 * length in bytes. Rejects when it cannot be written, or with the signal's reason.
 */
export async function writeSnapshot(folder: string, snapshot: StateSnapshot, signal?: AbortSignal): Promise<number> {
  const path = snapshotPath(folder, snapshot.requestIndex);
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    const length = await writeChunks(file, snapshot, signal);
    await file.sync();
    await file.close();
    await rename(`${path}.tmp`, path);
    await syncDirectory(folder);
    return length;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(`${path}.tmp`, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeChunks(file: FileHandle, snapshot: StateSnapshot, signal?: AbortSignal): Promise<number> {
  const writer = new BinaryWriter(chunkBytes + 4096);
  let crc = 0;
  let length = 0;
  const flush = async () => {
    signal?.throwIfAborted();
    const bytes = writer.take();
    crc = crc32c(bytes, 0, bytes.length, crc);
    length += bytes.length;
    await file.writeFile(bytes);
  };
  for (const step of encodeSnapshot(writer, snapshot)) {
    if (step || writer.length >= chunkBytes) await flush();
  }
  await flush();
  const foot = Buffer.alloc(footBytes);
  foot.writeUInt32LE(crc);
  foot.write(endMagic, 4, 'latin1');
  await file.writeFile(foot);
  return length + footBytes;
}

/** Encodes a snapshot piece by piece; there may be pauses between the pieces. */
function* encodeSnapshot(
  writer: BinaryWriter,
  { clusterId, requestIndex, term, counters, store }: StateSnapshot,
): Generator<boolean> {
  for (const char of magic) writer.byte(char.charCodeAt(0));
  for (const byte of [format, 0, 0, 0]) writer.byte(byte);
  writer.big(BigInt(`0x${clusterId}`));
  for (const number of [requestIndex, term, counters.length]) writer.number(number);
  for (const [name, count] of counters) {
    writer.text(name);
    writer.number(count);
  }
  for (const number of [store.index, store.oldestEvent, store.events.length]) writer.number(number);
  for (const event of store.events) {
    writeEvent(writer, event);
    yield writer.length >= chunkBytes;
  }
  const { nodes } = store;
  writer.number(nodes.names.length);
  for (let row = 0; row < nodes.names.length; row++) {
    writeRow(writer, nodes, row);
    if ((row & 63) === 0) yield false;
  }
}

function writeRow(writer: BinaryWriter, nodes: SavedNodes, row: number): void {
  const value = nodes.values[row] ?? null;
  writer.byte(value === null ? 0 : 1);
  writer.text(nodes.names[row]!);
  if (value !== null) writer.text(value);
  writer.number(nodes.depths[row]!);
  writer.number(nodes.created[row]!);
  writer.number(nodes.modified[row]!);
  writer.number(nodes.expires[row]!);
}

const bits = { refresh: 1, previous: 2, value: 1, dir: 2, expires: 4 } as const;

function writeEvent(writer: BinaryWriter, { action, node, prevNode, refresh }: Event): void {
  writer.text(action);
  writer.byte((refresh ? bits.refresh : 0) | (prevNode === undefined ? 0 : bits.previous));
  writeImage(writer, node);
  if (prevNode !== undefined) writeImage(writer, prevNode);
}

function writeImage(writer: BinaryWriter, { key, value, dir, expires, ttl, modified, created }: NodeImage): void {
  writer.text(key);
  const timed = expires === undefined ? 0 : bits.expires;
  writer.byte((value === undefined ? 0 : bits.value) | (dir ? bits.dir : 0) | timed);
  if (value !== undefined) writer.text(value);
  if (expires !== undefined) writer.number(expires);
  for (const number of [ttl, modified, created]) writer.number(number);
}

/** A snapshot on disk. */
export interface SnapshotFile {
  readonly path: string;
  /** Its request index. */
  readonly index: number;
}

/** The snapshots of a folder, newest first. */
export function listSnapshots(folder: string): readonly SnapshotFile[] {
  return readdirSync(folder)
    .map((name) => ({ path: join(folder, name), hex: /^([0-9a-f]{16})\.snap$/.exec(name)?.[1] }))
    .filter(({ hex }) => hex !== undefined)
    .map(({ path, hex }) => ({ path, index: parseInt(hex!, 16) }))
    .sort((a, b) => b.index - a.index);
}

/** Reads a snapshot. Throws DataError when its content is not what was written. */
export function readSnapshot({ path, index }: SnapshotFile, clusterId: string): State {
  const damaged = (what: string, cause?: unknown) => new DataError('damaged', `${path}: ${what}`, { cause });
  const bytes = readWhole(path);
  const end = bytes.length - footBytes;
  if (end < headBytes || bytes.toString('latin1', 0, 8) !== magic) throw damaged('this is not a snapshot of mini-etcd');
  if (bytes.toString('latin1', end + 4) !== endMagic)
    throw damaged(`the file ends too early, at ${counted(bytes.length, 'byte')}`);
  if (crc32c(bytes, 0, end) !== bytes.readUInt32LE(end)) throw damaged('the checksum is wrong');
  if (bytes.readUInt32LE(8) > format) throw newerError(path);
  if (bytes.readBigUInt64LE(12).toString(16) !== clusterId) throw damaged('it belongs to another data directory');
  try {
    const state = unpackState(new BinaryReader(bytes, headBytes, end));
    if (state.requestIndex === index) return state;
  } catch (cause) {
    throw damaged('it cannot be read', cause);
  }
  throw damaged('the file was renamed');
}

function readWhole(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(fd).size);
    for (let at = 0; at < bytes.length;) {
      const length = readSync(fd, bytes, at, Math.min(bytes.length - at, readBytes), at);
      if (length === 0) break;
      at += length;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function unpackState(from: BinaryReader): State {
  const state = new State();
  state.requestIndex = from.number();
  state.term = from.number();
  state.stats.restore(unpackList(from, () => [from.text(), from.number()] as const));
  const index = from.number();
  const oldestEvent = from.number();
  const events = unpackList(from, () => unpackEvent(from));
  state.store.restore({ index, oldestEvent, events, nodes: unpackNodes(from) });
  return state;
}

function unpackList<T>(from: BinaryReader, one: () => T): T[] {
  const list: T[] = [];
  for (let left = from.number(); left > 0; left--) list.push(one());
  return list;
}

function unpackNodes(from: BinaryReader): SavedNodes {
  const nodes = noNodes();
  for (let left = from.number(); left > 0; left--) {
    const isFile = from.byte() === 1;
    nodes.names.push(from.text());
    nodes.values.push(isFile ? from.text() : null);
    nodes.depths.push(from.number());
    nodes.created.push(from.number());
    nodes.modified.push(from.number());
    nodes.expires.push(from.number());
  }
  return nodes;
}

function unpackEvent(from: BinaryReader): Event {
  const action = from.text() as Event['action'];
  const has = from.byte();
  const node = unpackImage(from);
  const prevNode = has & bits.previous ? unpackImage(from) : undefined;
  return { action, node, prevNode, refresh: (has & bits.refresh) !== 0 };
}

function unpackImage(from: BinaryReader): NodeImage {
  const key = from.text();
  const has = from.byte();
  const value = has & bits.value ? from.text() : undefined;
  const expires = has & bits.expires ? from.number() : undefined;
  const [ttl, modified, created] = [from.number(), from.number(), from.number()];
  return { key, value, dir: (has & bits.dir) !== 0, expires, ttl, modified, created };
}
