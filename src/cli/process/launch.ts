import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { Script } from 'node:vm';

/**
 * Starts a program from its chunks in dist/. Most of a cold start is V8 compiling them, so their bytecode is kept in files
 * (the compile cache) from one run to the next. A cache file is code: it is read only where nobody but this user and root
 * can write, and it counts only with the digest of the very source that it was made from. Whatever is wrong with the cache,
 * the program runs without it and says nothing.
 */

/** Put in by scripts/build.mjs: the program's name, which is also the folder of its chunks. */
declare const PROGRAM: string;

/** A run whose chunks are all below this many characters, such as -version, is faster without the cache. */
const minLength = 8_000;

const user = process.env['NODE_DISABLE_COMPILE_CACHE'] ? undefined : process.geteuid?.();
const variant = join(PROGRAM, `${process.version}-${process.arch}`);
const cacheHome = process.env['XDG_CACHE_HOME'] || join(process.env['HOME'] || '.', '.cache');

/** Where cache files may be, best first: beside the chunks, for all users; in the user's own cache. */
const places = [
  // What may write to `top` may write the program itself, so only what is below needs a look.
  { folder: join(__dirname, 'cache', variant), top: __dirname, mode: 0o755 },
  ...(isAbsolute(cacheHome) ? [{ folder: join(cacheHome, 'confd-node', variant), top: '/', mode: 0o700 }] : []),
];
type Place = (typeof places)[number];

const modules = new Map<string, { exports: unknown }>();
const scripts: { readonly name: string; readonly source: string; readonly script: Script }[] = [];
let isComplete = true;
/** V8's version and flags when the cache was first asked; bytecode made after a change is of no use to the next start. */
let startTag = 0;

const isOurs = ({ uid, mode }: Stats) => (uid === 0 || uid === user) && (mode & 0o022) === 0;

/** In such a folder (/tmp) everybody can make what is not there yet, but nobody can replace what is ours. */
const isSticky = ({ uid, mode }: Stats) => uid === 0 && (mode & 0o1000) !== 0;

/** Whether only this user and root can put files into a place. Throws where there is none. */
function isSafe({ folder, top }: Place): boolean {
  const path = realpathSync(folder);
  for (let at = path; at !== top; at = dirname(at)) {
    const stats = statSync(at);
    if (!isOurs(stats) && (at === path || !isSticky(stats))) return false;
    if (at === '/') break;
  }
  return true;
}

/** Binds bytecode to its source; a file cut short or damaged does not match. */
function digestOf(source: string, bytecode: Uint8Array): Buffer {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(source).update('\0').update(bytecode).digest();
}

function readCache(place: Place, name: string, source: string): Buffer | undefined {
  try {
    if (!isSafe(place)) return undefined;
    const fd = openSync(join(place.folder, name), 'r');
    try {
      if (!isOurs(fstatSync(fd))) return undefined;
      const content = readFileSync(fd);
      const bytecode = content.subarray(32);
      return digestOf(source, bytecode).equals(content.subarray(0, 32)) ? bytecode : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Whether the file is there in full; others that write it at the same time do no harm. */
function writeCache({ folder, mode, ...place }: Place, name: string, content: Uint8Array): boolean {
  const draft = join(folder, `${name}.${process.getBuiltinModule('node:crypto').randomUUID()}`);
  try {
    // Beside a program that is another user's, our files would be in the way of who removes it.
    if (place.top === __dirname && statSync(__dirname).uid !== user) return false;
    mkdirSync(folder, { recursive: true, mode });
    if (!isSafe({ folder, mode, ...place })) return false;
    try {
      writeFileSync(draft, content, { flag: 'wx', mode: mode & 0o666 });
      renameSync(draft, join(folder, name));
      return true;
    } finally {
      rmSync(draft, { force: true });
    }
  } catch {
    return false;
  }
}

/**
 * At the exit, when V8 has compiled all the functions that such a run needs. A run that loads a chunk for the first time
 * does something new, so it needs other functions of the known chunks, too. A failed run may have ended before its work.
 */
function saveCache(exitCode: number): void {
  if (isComplete || exitCode !== 0 || process.getBuiltinModule('node:v8').cachedDataVersionTag() !== startTag) return;
  for (const { name, source, script } of scripts) {
    const bytecode = script.createCachedData();
    const content = Buffer.concat([digestOf(source, bytecode), bytecode]);
    // Where one cannot be kept, the others would be made for nothing.
    if (!places.some((place) => writeCache(place, name, content))) return;
  }
}

function compile(name: string, filename: string): Script {
  const head = '(function(exports,require,module,__filename){';
  const source = `${head}${readFileSync(filename, 'utf8')}\n})`;
  const options = { filename, columnOffset: -head.length };
  if (user === undefined || (startTag === 0 && source.length < minLength)) return new Script(source, options);
  if (startTag === 0) {
    startTag = process.getBuiltinModule('node:v8').cachedDataVersionTag();
    process.on('exit', saveCache);
  }
  let script: Script | undefined;
  for (const place of places) {
    const cachedData = readCache(place, name, source);
    if (cachedData === undefined) continue;
    script = new Script(source, { ...options, cachedData });
    if (script.cachedDataRejected === false) break;
    script = undefined;
  }
  if (script === undefined) isComplete = false;
  script ??= new Script(source, options);
  scripts.push({ name, source, script });
  return script;
}

type Chunk = (exports: unknown, require: (id: string) => unknown, module: { exports: unknown }, file: string) => void;

/** As Node's own require, which cannot be given bytecode: a chunk of the program, or a module of Node. */
function load(id: string): unknown {
  if (!id.startsWith('./')) return process.getBuiltinModule(id);
  const name = id.slice(2);
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} as unknown };
  modules.set(name, module);
  const filename = join(__dirname, PROGRAM, name);
  (compile(name, filename).runInThisContext() as Chunk)(module.exports, load, module, filename);
  // esbuild's exports are getters, which would be called at each use of them. None changes once its chunk has run.
  module.exports = Object.defineProperty({ ...(module.exports as object) }, '__esModule', { value: true });
  return module.exports;
}

// As Node's own for a program whose promise nothing will settle any more: that is no success.
process.exitCode = 13;
load('./main.cjs');
