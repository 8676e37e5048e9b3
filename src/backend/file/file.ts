import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fromText } from '../../go/bytes.ts';
import { match } from '../../go/path.ts';
import { redact } from '../../go/redact.ts';
import type { Clock } from '../../obs/clock.ts';
import {
  type Backend,
  BackendError,
  type Cursor,
  resync,
  type Resync,
  selected,
  type Snapshot,
} from '../contract/backend.ts';
import { Closing } from '../contract/closing.ts';
import { openSession } from '../contract/session.ts';
import { flatten } from './document.ts';
import { watchFiles } from './watch-files.ts';
import { scanFiles } from './scan.ts';

export interface FileSettings {
  /** Files and directories; later ones overwrite equal keys. */
  readonly files: readonly string[];
  /** The pattern for file names inside directories. */
  readonly filter: string;
  readonly clock: Clock;
  /** Gets a message when the system does not report changes. */
  readonly warn?: (message: string) => void;
}

/** A file that is being written must be unchanged for stillMs; after maxWaits checks it is read anyway. */
const stillMs = 100;
const maxWaits = 20;
/** How often files may change while they are loaded. */
const maxLoads = 3;
const maxBytes = 256 * 1024 * 1024;

/** A larger file is read in its own thread; a smaller one takes some tenths of a second at most. */
const maxBytesInProcess = 64 * 1024;
/** Work done in one piece, so that signals and other stores are served in between. */
const pairsAtOnce = 20_000;
const bytesAtOnce = 16 * 1024 * 1024;

/** The cursor entry that holds the digest of all files. */
const digestOf = 'files';

/** YAML 1.1 and JSON files as a store. A file that is missing or half-written fails the whole read. */
export function fileBackend(settings: FileSettings): Backend {
  const accepts = nameFilter(settings.filter);
  const closing = new Closing();
  return {
    name: 'file',
    canWatch: true,
    selects: 'text',
    open(keys, signal, after) {
      const files = new Files(settings, accepts, closing.signalOf(signal));
      return openSession(
        after,
        () => read(keys, files),
        (cursor) => follow(settings, files, cursor),
      );
    },
    close() {
      closing.close();
      return Promise.resolve();
    },
  };
}

/** Returns the filter for file names; BackendError when the pattern is malformed. */
function nameFilter(filter: string): (name: string) => boolean {
  const pattern = fromText(filter);
  try {
    match(pattern, '');
  } catch (cause) {
    throw new BackendError('settings', `the filter "${filter}": ${(cause as Error).message}`, { cause });
  }
  return (name) => match(pattern, fromText(name));
}

interface Loaded {
  readonly path: string;
  readonly content: Buffer;
}

async function read(keys: readonly string[], files: Files): Promise<Snapshot> {
  files.signal.throwIfAborted();
  const loaded = (await files.loadOld()) ?? (await files.loadStill());
  const all = new Map<string, string>();
  for (const { path, content } of loaded) await flattenFile(path, content, all, files.signal);
  const pairs = new Map<string, string>();
  let count = 0;
  for (const [key, value] of all) {
    if (++count % pairsAtOnce === 0) await othersTurn(files.signal);
    if (keys.some((wanted) => selected(key, wanted, 'text'))) pairs.set(key, value);
  }
  return { kind: 'snapshot', cursor: new Map([[digestOf, await digest(loaded, files.signal)]]), pairs };
}

async function flattenFile(
  path: string,
  content: Buffer,
  pairs: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  await othersTurn(signal);
  if (content.length <= maxBytesInProcess) return flatten(path, content, pairs);
  const { flattenApart } = await import('./worker.ts');
  return flattenApart(path, content, pairs, signal);
}

async function othersTurn(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** A resync as soon as the content of the files differs from that of the cursor. */
async function* follow(settings: FileSettings, files: Files, cursor: Cursor): AsyncGenerator<Resync, void> {
  await changed(settings, files, cursor);
  yield resync;
}

/** Waits until the content of the files differs from that of the cursor. */
async function changed(settings: FileSettings, still: Files, cursor: Cursor): Promise<void> {
  const known = cursor.get(digestOf);
  let looked: string | null = null;
  const { files, clock, warn = () => undefined } = settings;
  const examine = async () => {
    const seen = await still.look();
    if (seen === looked) return known; // another file in their directories changed
    looked = null;
    try {
      const now = await digest(await still.loadStill(), still.signal);
      looked = seen;
      return now;
    } catch {
      still.signal.throwIfAborted();
      return -1n; // a missing file is a change, too: the read that follows reports it
    }
  };
  for await (const now of watchFiles({ files, clock, warn, examine }, still.signal)) {
    if (now !== known) return;
  }
}

/**
 * The files of a store. Half a file may be valid YAML with another meaning, so the files must be unchanged for a while.
 */
class Files {
  constructor(
    private readonly settings: FileSettings,
    private readonly accepts: (name: string) => boolean,
    readonly signal: AbortSignal,
  ) {}

  /** The stat of every file: cheap, and different after nearly every change. */
  async look(): Promise<string> {
    return signature(await statAll(this.settings.files, this.accepts));
  }

  /** The content of files that have been unchanged for a while; undefined when one was changed just now. */
  async loadOld(): Promise<readonly Loaded[] | undefined> {
    const before = await statAll(this.settings.files, this.accepts);
    const now = this.settings.clock.now();
    if (before.some(({ found }) => Math.abs(now - Number(found?.mtimeMs ?? 0)) < stillMs)) return undefined;
    const loaded = await this.load();
    return (await this.look()) === signature(before) ? loaded : undefined;
  }

  /** The content of the files once they are unchanged; after some seconds, of files that are never unchanged, too. */
  async loadStill(): Promise<readonly Loaded[]> {
    for (let loads = 1; ; loads++) {
      const before = await this.stillness();
      const loaded = await this.load();
      if (loads === maxLoads || (await this.look()) === before) return loaded;
    }
  }

  /** Waits until two checks give the same result. */
  private async stillness(): Promise<string> {
    let before = await this.look();
    for (let waits = 0; waits < maxWaits; waits++) {
      await this.settings.clock.sleep(stillMs, this.signal);
      const now = await this.look();
      if (now === before) break;
      before = now;
    }
    return before;
  }

  private load(): Promise<readonly Loaded[]> {
    return loadAll(this.settings.files, this.accepts, this.signal);
  }
}

async function loadAll(
  roots: readonly string[],
  accepts: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly Loaded[]> {
  const files: Loaded[] = [];
  for (const root of roots) {
    try {
      for (const path of await scanFiles(root, accepts)) files.push({ path, content: await load(path, signal) });
    } catch (cause) {
      signal.throwIfAborted();
      // An address that was set as a file by mistake may hold a password.
      const why = (cause as Error).message.replaceAll(root, () => redact(root));
      throw new BackendError('unreachable', `cannot read ${redact(root)}: ${why}`, { cause });
    }
  }
  return files;
}

/** Reading a pipe could block for ever; the pipes of the shell's <(...) are in /dev and have a writer. */
async function load(path: string, signal: AbortSignal): Promise<Buffer> {
  const found = await stat(path);
  if (!found.isFile() && !path.startsWith('/dev/')) throw new Error('it is not a regular file');
  if (found.size > maxBytes) throw tooLong();
  if (found.isFile()) return readFile(path, { signal });
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBytes) throw tooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLong(): Error {
  return new Error(`it is longer than ${maxBytes} bytes`);
}

async function digest(files: readonly Loaded[], signal: AbortSignal): Promise<bigint> {
  const hash = createHash('sha256');
  for (const { path, content } of files) {
    hash.update(`${path.length}:${path}${content.length}:`);
    for (let at = 0; at < content.length; at += bytesAtOnce) {
      if (at > 0) await othersTurn(signal);
      hash.update(content.subarray(at, at + bytesAtOnce));
    }
  }
  return hash.digest().readBigUInt64BE();
}

interface Seen {
  readonly path: string;
  readonly found: BigIntStats | null;
}

async function statAll(roots: readonly string[], accepts: (name: string) => boolean): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const root of roots) {
    for (const path of await scanFiles(root, accepts).catch(() => [])) {
      seen.push({ path, found: await stat(path, { bigint: true }).catch(() => null) });
    }
  }
  return seen;
}

function signature(seen: readonly Seen[]): string {
  const reported = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  return seen.map(({ path, found }) => `${path} ${found === null ? '' : reported(found)}`).join('\n');
}
