import { setMaxListeners } from 'node:events';
import { clean } from '../../go/path.ts';
import { toText } from '../../go/bytes.ts';
import type { Logger } from '../../obs/log.ts';
import { BackendError } from '../contract/backend.ts';
import { Forbidden, type Question, type Reply } from './api.ts';
import { field, isList, type Json, type JsonObject, numberOf, textOf, writeJson } from './json.ts';
import type { Leases } from './leases.ts';
import { type FieldRule, pairsOf } from './secret.ts';

/** What a reader asks with. */
export interface ReaderDeps {
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Reply>;
  readonly leases: Leases;
  readonly log: Logger;
  /** Fields that have been complained about. */
  readonly told: Set<string>;
}

/** Requests under way at one time. */
const maxAtOnce = 8;

type Pairs = ReadonlyMap<string, string>;

/** A secret of version 2 as it was read: the same as long as its state is. */
interface Version {
  readonly state: string;
  readonly number: number;
  readonly created: string;
  readonly pairs: Pairs;
}

/** The engine that a key belongs to. */
interface Mount {
  /** With a slash at its end; '' where Vault does not tell. */
  readonly path: string;
  readonly kind: 'kv1' | 'kv2' | 'other';
}

/** What wanted keys select, read once; the next reader asks only for what has changed since. */
export class Reader {
  /** What each wanted key selects. */
  readonly roots = new Map<string, Pairs>();
  /** Paths that were read; leases of others are nothing to this reader. */
  readonly paths = new Set<string>();
  private readonly versions = new Map<string, Version>();
  private readonly mounts: Mount[];
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  private isSetBackSeen = false;
  /** Mounts whose metadata the token may not read. */
  private readonly closed: Set<string>;

  constructor(
    private readonly deps: ReaderDeps,
    private readonly before: Reader | null,
  ) {
    this.mounts = before === null ? [] : [...before.mounts];
    this.closed = before?.closed ?? new Set();
  }

  /** True when a secret has an earlier version than before, as in a store that was restored. */
  get isSetBack(): boolean {
    return this.isSetBackSeen;
  }

  /** Reads all that the keys select. Throws BackendError; what is refused is an error, never absent. */
  async read(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const inner = AbortSignal.any([signal, failed.signal]);
    // Every request under way listens.
    setMaxListeners(0, inner);
    const reads = keys.map(async (key) => {
      this.roots.set(key, await this.rootOf(key, inner));
    });
    try {
      await Promise.all(reads);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(reads);
      signal.throwIfAborted();
      throw error;
    }
  }

  private async rootOf(key: string, signal: AbortSignal): Promise<Pairs> {
    const path = key.slice(1);
    if (path === '') return new Map();
    const mount = await this.mountOf(path, signal);
    const below = path.slice(mount.path.length);
    if (mount.kind !== 'kv2' || below.startsWith('metadata/')) return this.tree(plainEngine(mount), path, signal);
    if (below.startsWith('data/')) {
      return this.version({ mount, below: below.slice('data/'.length), name: key, rule: 'go', isWhole: true }, signal);
    }
    return this.tree(versionedEngine(mount), path, signal);
  }

  private async mountOf(path: string, signal: AbortSignal): Promise<Mount> {
    const known = this.mounts.find((mount) => `${path}/`.startsWith(mount.path));
    if (known !== undefined) return known;
    const unknown: Mount = { path: '', kind: 'other' };
    try {
      const { body } = await this.ask({ path: `sys/internal/ui/mounts/${path}` }, signal);
      const data = field(body, 'data');
      const found = textOf(data, 'path');
      if (found === '' || !`${path}/`.startsWith(found)) return unknown;
      const isKv = ['kv', 'generic', 'cubbyhole'].includes(textOf(data, 'type'));
      const version = textOf(field(data, 'options'), 'version');
      const mount: Mount = { path: found, kind: !isKv ? 'other' : version === '2' ? 'kv2' : 'kv1' };
      this.mounts.push(mount);
      return mount;
    } catch (error) {
      // So Vault answers for what is not mounted, too; the read itself tells.
      if (error instanceof Forbidden) return unknown;
      throw error;
    }
  }

  /** What is at and below a path. A refusal counts unless the other question found something. */
  private async tree(engine: Engine, path: string, signal: AbortSignal): Promise<Pairs> {
    const isMount = `${path}/` === engine.mount.path;
    const [own, names] = await Promise.all([
      isMount ? emptyPairs : this.secret(engine, path, signal).catch(forbidden),
      this.list(engine, path, signal).catch(forbidden),
    ]);
    if (own instanceof Forbidden && (names instanceof Forbidden || names.length === 0)) throw own;
    if (names instanceof Forbidden && (own instanceof Forbidden || own.size === 0)) throw names;
    const below = names instanceof Forbidden ? [] : await this.entries(engine, path, names, signal);
    return merged([own instanceof Forbidden ? emptyPairs : own, ...below]);
  }

  private entries(engine: Engine, path: string, names: readonly string[], signal: AbortSignal): Promise<Pairs[]> {
    return Promise.all(
      names.map(async (name) => {
        const at = `${path}/${name}`;
        if (!name.endsWith('/')) return this.secret(engine, at, signal);
        const folder = at.replace(/\/+$/, '');
        return merged(await this.entries(engine, folder, await this.list(engine, folder, signal), signal));
      }),
    );
  }

  private async list({ mount, listed }: Engine, path: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const { status, body } = await this.ask({ path: listed(path), query: 'list=true' }, signal);
      const keys = status === 200 ? field(field(body, 'data'), 'keys') : null;
      return isList(keys) ? keys.filter((key): key is string => typeof key === 'string' && key !== '') : [];
    } catch (error) {
      // Other engines have no lists, and say so in many ways.
      if (mount.kind === 'other' && error instanceof BackendError && error.code === 'protocol') return [];
      throw error;
    }
  }

  private secret(engine: Engine, path: string, signal: AbortSignal): Promise<Pairs> {
    const { mount } = engine;
    const name = clean(`/${path}`);
    if (!engine.isVersioned) return this.raw(mount, path, name, signal);
    return this.version({ mount, below: path.slice(mount.path.length), name, rule: 'all', isWhole: false }, signal);
  }

  private async raw({ kind }: Mount, path: string, name: string, signal: AbortSignal): Promise<Pairs> {
    this.paths.add(path);
    const { leases } = this.deps;
    const { status, body } =
      kind === 'other' ? await this.inTurn(() => leases.read(path, signal), signal) : await this.ask({ path }, signal);
    const data = field(body, 'data');
    return status === 200 && data instanceof Map ? this.pairs(name, data as JsonObject, 'go') : emptyPairs;
  }

  /** A secret of version 2: read only where its metadata tell of something new. */
  private async version(wanted: Wanted, signal: AbortSignal): Promise<Pairs> {
    const { mount, below, name, rule, isWhole } = wanted;
    const known = this.before?.versions.get(name);
    if (known !== undefined && known.state === (await this.stateOf(mount, below, signal))) {
      this.versions.set(name, known);
      return known.pairs;
    }
    const { body } = await this.ask({ path: `${mount.path}data/${below}` }, signal);
    const answer = field(body, 'data');
    const [data, metadata] = [field(answer, 'data'), field(answer, 'metadata')];
    const whole = isWhole ? answer : data;
    // Of a deleted version there are metadata only.
    const isThere = data instanceof Map && whole instanceof Map;
    const pairs = isThere ? this.pairs(name, whole as JsonObject, rule) : emptyPairs;
    const number = numberOf(metadata, 'version');
    const created = textOf(metadata, 'created_time');
    const version = { state: stateText(number, metadata, field(metadata, 'custom_metadata')), number, created, pairs };
    if (known !== undefined && (number < known.number || (number === known.number && created !== known.created))) {
      this.isSetBackSeen = true;
    }
    this.versions.set(name, version);
    return pairs;
  }

  /** What the metadata say of the newest version; null where they may not be read. */
  private async stateOf(mount: Mount, below: string, signal: AbortSignal): Promise<string | null> {
    if (this.closed.has(mount.path)) return null;
    try {
      const { body } = await this.ask({ path: `${mount.path}metadata/${below}` }, signal);
      const data = field(body, 'data');
      const number = numberOf(data, 'current_version');
      return stateText(number, field(field(data, 'versions'), String(number)), field(data, 'custom_metadata'));
    } catch (error) {
      if (!(error instanceof Forbidden)) throw error;
      this.closed.add(mount.path);
      return null;
    }
  }

  private pairs(name: string, data: JsonObject, rule: FieldRule): Pairs {
    const { pairs, unsupported } = pairsOf(name, data, rule);
    const { log, told } = this.deps;
    for (const [key, type] of unsupported) {
      if (!told.has(key)) log.warning(`type of '${toText(key)}' is not supported (${type})`);
      told.add(key);
    }
    return pairs;
  }

  private ask(question: Question, signal: AbortSignal): Promise<Reply> {
    return this.inTurn(() => this.deps.ask(question, signal), signal);
  }

  private async inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    while (this.active >= maxAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.active += 1;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.active -= 1;
      this.waiting.shift()?.();
    }
  }
}

/** How an engine is walked. */
interface Engine {
  readonly mount: Mount;
  readonly isVersioned: boolean;
  /** Which path lists what is below another one. */
  readonly listed: (path: string) => string;
}

/** A secret of version 2 that is wanted; `isWhole` with its metadata, as Go's confd has it. */
interface Wanted {
  readonly mount: Mount;
  readonly below: string;
  readonly name: string;
  readonly rule: FieldRule;
  readonly isWhole: boolean;
}

const emptyPairs: Pairs = new Map();

function plainEngine(mount: Mount): Engine {
  return { mount, isVersioned: false, listed: (path) => path };
}

function versionedEngine(mount: Mount): Engine {
  return { mount, isVersioned: true, listed: (path) => `${mount.path}metadata/${path.slice(mount.path.length)}` };
}

function forbidden(error: unknown): Forbidden {
  if (error instanceof Forbidden) return error;
  throw error;
}

function merged(parts: readonly Pairs[]): Pairs {
  return new Map(parts.flatMap((part) => [...part]));
}

function stateText(number: number, version: Json, custom: Json): string {
  const times = [textOf(version, 'created_time'), textOf(version, 'deletion_time')];
  return `${number} ${times.join(' ')} ${String(field(version, 'destroyed') === true)} ${writeJson(custom)}`;
}
