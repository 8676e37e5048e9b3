import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { apply } from '../../../src/minietcd/state/apply.ts';
import { EtcdError } from '../../../src/minietcd/state/errors.ts';
import { Listing } from '../../../src/minietcd/http/net/listing.ts';
import { atOnce } from '../../../src/minietcd/state/steps.ts';
import type { Request } from '../../../src/minietcd/state/request.ts';
import { keyOf, walkBelow } from '../../../src/minietcd/state/node.ts';
import { Store } from '../../../src/minietcd/state/store.ts';

/** One entry of the model: a directory has no value. */
interface Entry {
  readonly value: string | undefined;
  readonly created: number;
  readonly modified: number;
  readonly expires: number | undefined;
}

/** The tree as a flat map, with etcd's rules written down one by one and nothing made fast. */
class Model {
  entries = new Map<string, Entry>([['/', { value: undefined, created: 0, modified: 0, expires: undefined }]]);
  index = 3;

  /** The error code, or 0. */
  apply(request: Request): number {
    if (request.action === 'sync') return this.expire(request.at);
    const path = request.action === 'createInOrder' ? this.nextChild(request.path) : request.path;
    const code = this.refusal(request, path);
    if (code !== 0) return code;
    this.index++;
    if (request.action === 'delete' || request.action === 'compareAndDelete') this.remove(path);
    else if (request.action === 'update' || request.action === 'compareAndSwap') this.rewrite(path, request.write);
    else this.plant(path, request.write, request.action === 'set');
    return 0;
  }

  private nextChild(directory: string): string {
    return `${directory === '/' ? '' : directory}/${String(this.index + 1).padStart(20, '0')}`;
  }

  private refusal(request: Exclude<Request, { action: 'sync' }>, path: string): number {
    const guarded = 'guard' in request;
    if (path === '/' && request.action !== 'compareAndDelete') return 107;
    const above = path
      .split('/')
      .slice(1, -1)
      .map((_, i, names) => `/${names.slice(0, i + 1).join('/')}`);
    const plants = request.action === 'set' || request.action === 'create' || request.action === 'createInOrder';
    for (const directory of above) {
      const entry = this.entries.get(directory);
      if (entry === undefined) return plants && !(request.action === 'set' && request.write.refresh) ? 0 : 100;
      if (entry.value !== undefined) return 104;
    }
    const entry = this.entries.get(path);
    if (entry === undefined) return plants && !(request.action === 'set' && request.write.refresh) ? 0 : 100;
    const isDir = entry.value === undefined;
    if (request.action === 'create' || request.action === 'createInOrder') return 105;
    if (request.action === 'set') return isDir ? 102 : 0;
    if (request.action === 'update') return isDir && request.write.value !== '' ? 102 : 0;
    if (request.action === 'delete' && isDir && !request.reach.recursive) {
      if (!request.reach.dir) return 102;
      return this.below(path).length > 0 ? 108 : 0;
    }
    if (!guarded) return 0;
    if (isDir) return 102;
    const { prevValue, prevIndex } = request.guard;
    const holds =
      (prevValue === '' || prevValue === entry.value) && (prevIndex === 0n || Number(prevIndex) === entry.modified);
    return holds ? 0 : 101;
  }

  private plant(
    path: string,
    write: { value: string; dir: boolean; expires: number | undefined; refresh: boolean },
    isSet: boolean,
  ): void {
    const names = path.split('/').slice(1);
    const stamp = { created: this.index, modified: this.index };
    for (let i = 1; i < names.length; i++) {
      const directory = `/${names.slice(0, i).join('/')}`;
      if (!this.entries.has(directory)) this.entries.set(directory, { value: undefined, ...stamp, expires: undefined });
    }
    const value = isSet && write.refresh ? this.entries.get(path)!.value : write.value;
    this.entries.set(path, { value: write.dir ? undefined : value, ...stamp, expires: write.expires });
  }

  private rewrite(path: string, write: { value: string; expires: number | undefined; refresh: boolean }): void {
    const old = this.entries.get(path)!;
    const value = old.value === undefined || write.refresh ? old.value : write.value;
    const modified = old.value === undefined ? old.modified : this.index;
    this.entries.set(path, { ...old, value, modified, expires: write.expires });
  }

  private expire(at: number): number {
    for (;;) {
      const due = [...this.entries].filter(([, { expires }]) => expires !== undefined && expires <= at);
      const [next] = due.sort(([, a], [, b]) => a.expires! - b.expires! || a.modified - b.modified);
      if (next === undefined) return 0;
      this.index++;
      this.remove(next[0]);
    }
  }

  private remove(path: string): void {
    for (const key of [path, ...this.below(path)]) this.entries.delete(key);
  }

  private below(path: string): string[] {
    return [...this.entries.keys()].filter((key) => key.startsWith(`${path}/`));
  }
}

const path = fc.oneof(
  { weight: 1, arbitrary: fc.constant('/') },
  {
    weight: 20,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', '_h', '__proto__'), { minLength: 1, maxLength: 3 })
      .map((names) => `/${names.join('/')}`),
  },
);
const at = fc.nat(60);
const write = fc.record({
  value: fc.constantFrom('', '1', '2'),
  dir: fc.boolean(),
  expires: fc.option(fc.nat(100), { nil: undefined, freq: 3 }),
  refresh: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const guard = fc.record({ prevValue: fc.constantFrom('', '1', '2'), prevIndex: fc.constantFrom(0n, 4n, 5n, 6n) });
const reach = fc.record({ dir: fc.boolean(), recursive: fc.boolean() });
const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ action: fc.constantFrom('set', 'create', 'createInOrder', 'update'), path, write, at }),
  },
  { weight: 2, arbitrary: fc.record({ action: fc.constant('compareAndSwap'), path, guard, write, at }) },
  { weight: 2, arbitrary: fc.record({ action: fc.constant('delete'), path, reach, at }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('compareAndDelete'), path, guard, at }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('sync'), at }) },
);

function applyTo(store: Store, one: Request): number {
  try {
    apply(store, one);
    return 0;
  } catch (error) {
    if (error instanceof EtcdError) return error.code;
    throw error;
  }
}

function entriesOf(store: Store): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const root = store.find('/');
  for (const node of [root])
    entries.set('/', { value: undefined, created: node.created, modified: node.modified, expires: node.expires });
  walkBelow(root, '/', (node, key) => {
    expect(keyOf(node)).toBe(key);
    const { created, modified, expires } = node;
    entries.set(key, { value: node.children === null ? node.value : undefined, created, modified, expires });
  });
  return entries;
}

const seed = Math.floor(Math.random() * 2 ** 31);

test(`random requests leave the tree and the codes of the model (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 120 }), (requests) => {
      const store = new Store();
      const model = new Model();
      for (const one of requests) {
        expect([one, applyTo(store, one)]).toEqual([one, model.apply(one)]);
        expect(store.index).toBe(model.index);
      }
      expect(new Map([...entriesOf(store)].sort())).toEqual(new Map([...model.entries].sort()));
    }),
    { seed, numRuns: 400 },
  );
});

test(`the same requests always make the same tree (seed ${seed})`, () => {
  const replay = (requests: readonly Request[]) => {
    const store = new Store();
    for (const one of requests) applyTo(store, one);
    const top = { node: store.find('/'), key: '/' };
    return atOnce(new Listing(top, { recursive: true, at: 0, index: store.index }).steps());
  };
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
      expect(replay(requests)).toBe(replay(requests));
    }),
    { seed, numRuns: 100 },
  );
});
