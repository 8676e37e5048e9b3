import { follow } from '../net/deadline.ts';
import type { KnownKeys } from './known-keys.ts';
import type { KvApi } from './kv-api.ts';
import type { Entry } from './kv-answer.ts';
import { commonStart, isAskable } from './watch-plan.ts';

/** So many keys or fewer are read instead of searched. */
const readable = 100;
/** Beyond this what was seen of prefixes is forgotten: it only spares questions. */
const maxSeen = 10_000;
/** So many of the keys that are gone are asked for one by one. */
const maxProofs = 8;

/** What happened to keys: the entry of one that was written, null for one that is gone. */
export type Changes = ReadonlyMap<string, Entry | null>;

/**
 * Finds what changed below some roots without reading all of it. The index of a prefix is that of the last change below it,
 * removals included, so only prefixes with another index than before are looked into, down to those with few keys, which
 * are read. Another index, not a higher one: what was set back is found, too.
 */
export class ChangeSearch {
  /** The index that a prefix had when it was last asked for: all up to there is known, removals included. */
  private readonly seen = new Map<string, number>();
  /** Of this run. */
  private readonly changes = new Map<string, Entry | null>();
  /** The prefixes that this run has asked for. */
  private readonly visited = new Set<string>();

  constructor(
    private readonly kv: KvApi,
    private readonly known: KnownKeys,
    /** None of them begins with another one. */
    private readonly roots: readonly string[],
  ) {}

  /**
   * What changed since the last run, which counts as known from now on; null where only reading everything tells. `names`
   * is what was found below the root, where there is one root only. After an error it is of no use any more.
   */
  async run(names: readonly string[], signal: AbortSignal): Promise<Changes | null> {
    const { secret } = this.kv;
    this.changes.clear();
    this.visited.clear();
    if (this.seen.size > maxSeen) this.seen.clear();
    const failed = new AbortController();
    const letGo = follow(signal, failed);
    try {
      const [root] = this.roots;
      const isEmpty = names.length === 0 && this.known.areFew('', 0);
      if (isEmpty) return new Map();
      if (this.roots.length === 1) await this.look(root!, names, failed.signal);
      else await this.visitRoots(this.roots, failed.signal);
      await this.prove(failed.signal);
    } catch (error) {
      failed.abort(error);
      throw error;
    } finally {
      letGo();
    }
    if (secret !== this.kv.secret) return null;
    this.known.update(this.changes);
    this.forgetAround();
    return new Map(this.changes);
  }

  /** Asks for the index of prefix, and looks below it where that is another one. */
  private async visit(prefix: string, within: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const { index, found } = await this.kv.names(prefix, signal);
    // The index of what was never there is that of any write to the store.
    if (found.length === 0 && this.known.areFew(prefix, 0)) return;
    const before = this.seen.get(prefix) ?? this.known.newest(prefix);
    this.seen.set(prefix, index);
    this.visited.add(prefix);
    if (index === before) return;
    if (within === null) await this.look(prefix, found, signal);
    else await this.visitRoots(within, signal);
  }

  /** Finds what changed below prefix, all of which counts, by what is right below it now. */
  private async look(prefix: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const groups = grouped(names, commonStart(names).length + 1);
    const places = [...groups].map(([begin, group]) =>
      group.length > 1 ? { at: begin, isKey: false } : placeOf(group[0]!, prefix),
    );
    if (this.known.areFew(prefix, readable) || !places.every(({ at }) => isAskable(at))) {
      await this.read(prefix, signal);
      return;
    }
    this.miss(prefix, new Set(names));
    await Promise.all(places.map(({ at, isKey }) => (isKey ? this.readKey(at, signal) : this.visit(at, null, signal))));
  }

  /** Looks below several roots, step by step from what they have in common. */
  private async visitRoots(roots: readonly string[], signal: AbortSignal): Promise<void> {
    const groups = grouped(roots, commonStart(roots).length + 1);
    const visits = [...groups].flatMap(([begin, group]) => {
      if (group.length > 1 && isAskable(begin)) return [this.visit(begin, group, signal)];
      return group.map((root) => this.visit(root, null, signal));
    });
    await Promise.all(visits);
  }

  private async read(prefix: string, signal: AbortSignal): Promise<void> {
    const { found } = await this.kv.entries(prefix, signal);
    for (const [key, entry] of found) this.note(key, entry);
    for (const key of this.known.below(prefix)) if (!found.has(key)) this.note(key, null);
  }

  private async readKey(key: string, signal: AbortSignal): Promise<void> {
    this.note(key, await this.kv.entry(key, signal));
  }

  /** Notes the keys below prefix that are in none of the names that are right below it now. */
  private miss(prefix: string, names: ReadonlySet<string>): void {
    let folder: string | null = null;
    for (const key of this.known.below(prefix)) {
      // Most keys are in the folder of the one before.
      if (folder !== null && key.startsWith(folder)) continue;
      const slash = key.indexOf('/', prefix.length);
      const name = slash < 0 ? key : key.slice(0, slash + 1);
      if (!names.has(name)) this.note(key, null);
      else folder = slash < 0 ? null : name;
    }
  }

  /** A prefix may not have been asked for when a change was found below it: what was seen of it before says nothing then. */
  private forgetAround(): void {
    if (this.changes.size * this.seen.size > 1_000_000) this.seen.clear();
    for (const key of this.changes.keys()) {
      for (const prefix of this.seen.keys()) {
        if (!this.visited.has(prefix) && key.startsWith(prefix)) this.seen.delete(prefix);
      }
    }
  }

  private note(key: string, entry: Entry | null): void {
    if (entry?.index !== this.known.indexOf(key)) this.changes.set(key, entry);
  }

  /** A listing leaves out what the token may not read. Asked for one by one such keys are refused: BackendError. */
  private async prove(signal: AbortSignal): Promise<void> {
    const gone = [...this.changes].filter(([, entry]) => entry === null).map(([key]) => key);
    await proveGone(this.kv, gone, signal);
  }
}

/** Makes sure that keys are not there, and not only hidden from the token: BackendError 'denied'. */
export async function proveGone(kv: KvApi, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const step = Math.max(1, Math.ceil(keys.length / maxProofs));
  const proofs = keys.filter((key, at) => at % step === 0 && key !== '' && isAskable(key));
  await Promise.all(proofs.map((key) => kv.entry(key, signal)));
}

/** Where to look for a name that was found below prefix: a key, or what is in a folder. */
function placeOf(name: string, prefix: string): { readonly at: string; readonly isKey: boolean } {
  if (!name.endsWith('/') || name === prefix) return { at: name, isKey: true };
  // From outside a folder is one name, however much is in it; from inside once it has been seen from there.
  const outside = name.slice(0, -1);
  return { at: outside.length > prefix.length ? outside : name, isKey: false };
}

/** Texts by how they begin. */
function grouped(texts: readonly string[], length: number): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const begin = text.slice(0, length);
    const group = groups.get(begin);
    if (group === undefined) groups.set(begin, [text]);
    else group.push(text);
  }
  return groups;
}
