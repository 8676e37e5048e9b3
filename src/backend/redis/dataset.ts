import type { Edit } from '../contract/backend.ts';
import type { Connection } from './connection.ts';
import type { Reply } from './resp.ts';

const page = 500;

/** How keys are named in the store. */
export class Names {
  constructor(private readonly separator: string) {}

  /** The name in the store: "/app/db" is "app:db" with the separator ":". */
  stored(key: string): string {
    return this.isPlain ? key : key.slice(1).replaceAll('/', this.separator);
  }

  /** The key of a name in the store. A name without a slash in front gets one, as in confd. */
  keyOf(stored: string): string {
    if (this.isPlain) return stored.startsWith('/') ? stored : `/${stored}`;
    return `/${stored.replaceAll(this.separator, '/')}`;
  }

  /** The pattern for what is below a key. */
  below(key: string): string {
    if (key === '/') return '*';
    return `${escaped(this.stored(key))}${escaped(this.isPlain ? '/' : this.separator)}*`;
  }

  /** The patterns of all keys whose changes count. */
  patterns(keys: readonly string[]): string[] {
    return keys.flatMap((key) => (key === '/' ? ['*'] : [escaped(this.stored(key)), this.below(key)]));
  }

  /** True for a name that only the key "/" selects. */
  isOnlyInRoot(stored: string): boolean {
    return this.isPlain && !stored.startsWith('/');
  }

  private get isPlain(): boolean {
    return this.separator === '' || this.separator === '/';
  }
}

/** What a redis has below some keys, as confd reads it: a text, the fields of a hash, or the texts below a folder. */
export class Dataset {
  private readonly known = new Map<string, string>();
  /** What each root is: only below a folder other keys count. */
  private readonly isFolder = new Map<string, boolean>();
  private readonly hasNested: boolean;

  constructor(
    private readonly roots: readonly string[],
    private readonly names: Names,
    private readonly commands: Connection,
  ) {
    this.hasNested = roots.some((root) => roots.some((other) => other !== root && isBelow(other, root)));
  }

  /** Reads everything. Throws BackendError. */
  async readAll(): Promise<ReadonlyMap<string, string>> {
    await this.refresh();
    return this.known;
  }

  /** Reads everything, and gives what is not as it was. */
  async refresh(): Promise<Edit[]> {
    const now = new Map<string, string>();
    for (const root of this.roots) await this.readRoot(root, now);
    return this.replace(this.known.keys(), now);
  }

  /** Reads what some names of the store stand for, and gives what is not as it was. */
  async update(stored: readonly string[]): Promise<Edit[]> {
    const single: string[] = [];
    const roots = new Set<string>();
    for (const name of stored) {
      const key = this.names.keyOf(name);
      const isOnlyInRoot = this.names.isOnlyInRoot(name);
      const around = this.roots.filter((root) => (isOnlyInRoot ? root === '/' : isBelow(key, root)));
      if (around.includes(key)) roots.add(key);
      else if (around.some((root) => this.isFolder.get(root) === true)) single.push(name);
    }
    if (roots.size > 0 && this.hasNested) return this.refresh();
    const edits: Edit[] = [];
    for (const root of roots) {
      const now = new Map<string, string>();
      await this.readRoot(root, now);
      const before = [...this.known.keys()].filter((key) => isBelow(key, root));
      edits.push(...this.replace(before, now));
    }
    const now = await this.texts(single);
    const before = single.map((name) => this.names.keyOf(name)).filter((key) => this.known.has(key));
    edits.push(...this.replace(before, now));
    return edits;
  }

  private replace(before: Iterable<string>, now: ReadonlyMap<string, string>): Edit[] {
    const edits: Edit[] = [];
    for (const key of [...before]) {
      if (now.has(key)) continue;
      this.known.delete(key);
      edits.push({ key, value: null, alone: true });
    }
    for (const [key, value] of now) {
      if (this.known.get(key) === value) continue;
      this.known.set(key, value);
      edits.push({ key, value });
    }
    return edits;
  }

  private async readRoot(root: string, into: Map<string, string>): Promise<void> {
    const stored = this.names.stored(root);
    const type = root === '/' ? 'none' : await this.commands.ask('TYPE', stored);
    this.isFolder.set(root, type !== 'string' && type !== 'hash');
    if (type === 'string') {
      for (const [, value] of await this.texts([stored])) into.set(root, value);
    } else if (type === 'hash') {
      await this.scan(['HSCAN', stored], [], (items) => {
        for (let at = 0; at + 1 < items.length; at += 2) {
          const field = items[at]!;
          into.set(field === '' ? root : `${root}/${field}`, items[at + 1]!);
        }
        return Promise.resolve();
      });
    } else {
      await this.scan(['SCAN'], ['MATCH', this.names.below(root)], async (items) => {
        for (const [key, value] of await this.texts(items)) into.set(key, value);
      });
    }
  }

  /** Asks for all pages of a scan. */
  private async scan(
    command: readonly string[],
    options: readonly string[],
    take: (items: readonly string[]) => Promise<void>,
  ): Promise<void> {
    let cursor = '0';
    do {
      const reply = await this.commands.ask(...command, cursor, ...options, 'COUNT', '1000');
      const [next, items] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
      if (typeof next !== 'string' || !Array.isArray(items)) throw this.confused('SCAN');
      cursor = next;
      await take(items as readonly string[]);
    } while (cursor !== '0');
  }

  /** The texts that some names of the store have, by key; names that have none are left out. */
  private async texts(stored: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let at = 0; at < stored.length; at += page) {
      const names = stored.slice(at, at + page);
      const values = await this.commands.ask('MGET', ...names);
      if (!Array.isArray(values) || values.length !== names.length) throw this.confused('MGET');
      names.forEach((name, index) => {
        const value = values[index] as Reply;
        if (typeof value === 'string') found.set(this.names.keyOf(name), value);
      });
    }
    return found;
  }

  private confused(command: string): Error {
    return this.commands.error('protocol', `the answer to ${command} is not what redis answers`);
  }
}

function isBelow(key: string, root: string): boolean {
  return key === root || root === '/' || key.startsWith(`${root}/`);
}

/** Text that a pattern takes as it is. */
function escaped(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}
