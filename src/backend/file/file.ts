import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { fromText } from '../../go/bytes.ts';
import { match } from '../../go/path.ts';
import type { Clock } from '../../obs/clock.ts';
import { type Backend, BackendError, type Change, type Cursor, selected, type Snapshot } from '../backend.ts';
import { flatten } from './document.ts';
import { watchFiles } from './filewatch.ts';
import { scanFiles } from './scan.ts';

export interface FileSettings {
  /** Files and directories; later ones overwrite equal keys. */
  readonly files: readonly string[];
  /** Which names inside directories count. */
  readonly filter: string;
  readonly clock: Clock;
  /** Files are looked at this often even when the system reports nothing. */
  readonly pollMs?: number;
}

const usualPollMs = 3000;
/** A file that is being written is given up to so many times so long to be still, before what it says counts. */
const stillMs = 100;
const mostWaits = 20;
const mostBytes = 256 * 1024 * 1024;

/** The place in a cursor where the digest of all files is kept. */
const digestOf = 'files';

/** YAML 1.1 and JSON files as a store. A file that is missing or half-written fails the whole read. */
export function fileBackend(settings: FileSettings): Backend {
  const accepts = nameFilter(settings.filter);
  const load = () => loadAll(settings.files, accepts);
  return {
    name: 'file',
    canWatch: true,
    selects: 'text',
    read: (keys, signal) => read(keys, load, signal),
    watch: (_keys, cursor, signal) => watch(settings, load, cursor, signal),
    close: () => Promise.resolve(),
  };
}

/** The names that pass a filter; BackendError when it is malformed. */
function nameFilter(filter: string): (name: string) => boolean {
  const pattern = fromText(filter);
  try {
    match(pattern, '');
  } catch (cause) {
    throw new BackendError('settings', `the filter "${filter}": ${(cause as Error).message}`, { cause });
  }
  return (name) => match(pattern, fromText(name));
}

type Load = () => Promise<readonly Loaded[]>;

interface Loaded {
  readonly path: string;
  readonly content: Buffer;
}

async function read(keys: readonly string[], load: Load, signal: AbortSignal): Promise<Snapshot> {
  signal.throwIfAborted();
  const files = await load();
  const all = new Map<string, string>();
  for (const { path, content } of files) await flatten(path, content, all);
  signal.throwIfAborted();
  const pairs = new Map<string, string>();
  for (const [key, value] of all) if (keys.some((wanted) => selected(key, wanted, 'text'))) pairs.set(key, value);
  return { cursor: new Map([[digestOf, digest(files)]]), pairs };
}

async function* watch(settings: FileSettings, load: Load, cursor: Cursor, signal: AbortSignal): AsyncGenerator<Change> {
  let known = cursor.get(digestOf);
  const { files, clock, pollMs = usualPollMs } = settings;
  const look = () => signature(files, nameFilter(settings.filter));
  const examine = async () => {
    await stillness(look, clock, signal);
    return currentDigest(load);
  };
  for await (const now of watchFiles({ files, clock, pollMs, look, examine }, signal)) {
    if (now === known) continue;
    known = now;
    yield { cursor: new Map([[digestOf, now]]), edits: 'look again' };
  }
}

/** Waits until two looks see the same; half of a file may be valid, and what it says is not what is meant. */
async function stillness(look: () => Promise<string>, clock: Clock, signal: AbortSignal): Promise<void> {
  let before = await look();
  for (let waits = 0; waits < mostWaits; waits++) {
    await clock.sleep(stillMs, signal);
    const now = await look();
    if (now === before) return;
    before = now;
  }
}

/** A file that is gone is a change like any other: the read that follows says what is wrong. */
async function currentDigest(load: Load): Promise<bigint> {
  try {
    return digest(await load());
  } catch {
    return -1n;
  }
}

async function loadAll(roots: readonly string[], accepts: (name: string) => boolean): Promise<readonly Loaded[]> {
  const files: Loaded[] = [];
  for (const root of roots) {
    try {
      for (const path of await scanFiles(root, accepts)) files.push({ path, content: await load(path) });
    } catch (cause) {
      throw new BackendError('unreachable', `cannot read ${root}: ${(cause as Error).message}`, { cause });
    }
  }
  return files;
}

/** A pipe would be waited for without end; those of the shell's <(...) lie in /dev and have a writer. */
async function load(path: string): Promise<Buffer> {
  const found = await stat(path);
  if (!found.isFile() && !path.startsWith('/dev/')) throw new Error('it is not a regular file');
  if (found.size > mostBytes) throw new Error(`it is longer than ${mostBytes} bytes`);
  return readFile(path);
}

function digest(files: readonly Loaded[]): bigint {
  const hash = createHash('sha256');
  for (const { path, content } of files) hash.update(`${path.length}:${path}${content.length}:`).update(content);
  return hash.digest().readBigUInt64BE();
}

/** What stat says of every file: cheap to ask, and different after nearly every change. */
async function signature(roots: readonly string[], accepts: (name: string) => boolean): Promise<string> {
  const seen: string[] = [];
  for (const root of roots) {
    for (const path of await scanFiles(root, accepts).catch(() => [])) {
      const found = await stat(path, { bigint: true }).catch(() => null);
      seen.push(
        `${path} ${found === null ? '' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`}`,
      );
    }
  }
  return seen.join('\n');
}
