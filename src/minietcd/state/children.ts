import { atOnce } from './steps.ts';

/** With fewer changes since the last sort, a merge is always faster. */
const minChanges = 1000;
/** How many are sorted at once, and merged in one step. */
const runLength = 2000;
const mergeLength = 20_000;

/** A node in a directory. */
interface Child {
  readonly name: string;
  /** Null for a file. */
  readonly children: object | null;
}

/** Children in byte order of their names, or the steps that sort them. */
export type Ordering<Node> = readonly Node[] | Generator<void, readonly Node[]>;

/** The children of a directory by name. Files are replaced, never changed, so a listing needs no copies. */
export class Children<Node extends Child> {
  private readonly byName = new Map<string, Node>();
  /** All children in byte order, without the changes; null when all must be sorted again. */
  private sorted: readonly Node[] | null = null;
  /** Children that were added, replaced or removed since the sort; undefined for removed ones. */
  private changes = new Map<string, Node | undefined>();
  /** Grows with each change. */
  private version = 0;
  private directories = 0;

  get size(): number {
    return this.byName.size;
  }

  get hasDirectories(): boolean {
    return this.directories > 0;
  }

  get(name: string): Node | undefined {
    return this.byName.get(name);
  }

  values(): IterableIterator<Node> {
    return this.byName.values();
  }

  /** Adds a child; replaces one of the same name. */
  set(node: Node): void {
    this.countDirectory(this.byName.get(node.name), -1);
    this.countDirectory(node, 1);
    this.byName.set(node.name, node);
    this.note(node.name, node);
  }

  delete(name: string): void {
    this.countDirectory(this.byName.get(name), -1);
    this.byName.delete(name);
    this.note(name, undefined);
  }

  /** All children in byte order of their names. */
  inOrder(): readonly Node[] {
    const ordering = this.ordering();
    return 'next' in ordering ? atOnce(ordering) : ordering;
  }

  /** The same in steps: the children at the time of the call, whatever happens to them later. */
  ordering(): Ordering<Node> {
    const { sorted, changes } = this;
    if (sorted === null) return this.keep(sortedInSteps([...this.byName.values()]), this.version);
    if (changes.size === 0) return sorted;
    return this.keep(changedInSteps(sorted, new Map(changes)), this.version);
  }

  private countDirectory(node: Node | undefined, by: 1 | -1): void {
    if (node !== undefined && node.children !== null) this.directories += by;
  }

  private note(name: string, node: Node | undefined): void {
    this.version++;
    if (this.sorted === null) return;
    this.changes.set(name, node);
    if (this.changes.size < Math.max(minChanges, this.byName.size / 4)) return;
    this.sorted = null;
    this.changes = new Map();
  }

  /** Keeps the order for the next caller, unless there was a change meanwhile. */
  private *keep(ordering: Generator<void, readonly Node[]>, version: number): Generator<void, readonly Node[]> {
    const all = yield* ordering;
    if (this.version === version) {
      this.sorted = all;
      this.changes = new Map();
    }
    return all;
  }
}

function byName(a: Child, b: Child): number {
  return a.name < b.name ? -1 : 1;
}

/** A merge sort: the sort of JavaScript cannot be cut into steps. */
function* sortedInSteps<Node extends Child>(nodes: readonly Node[]): Generator<void, readonly Node[]> {
  let runs: (readonly Node[])[] = [];
  for (let at = 0; at < nodes.length; at += runLength) {
    if (at > 0) yield;
    runs.push(nodes.slice(at, at + runLength).sort(byName));
  }
  while (runs.length > 1) {
    const longer: (readonly Node[])[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      longer.push(i + 1 < runs.length ? yield* merged(runs[i]!, runs[i + 1]!) : runs[i]!);
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

/** Merges sorted changes into sorted nodes. */
function* changedInSteps<Node extends Child>(
  sorted: readonly Node[],
  changes: ReadonlyMap<string, Node | undefined>,
): Generator<void, readonly Node[]> {
  const kept: Node[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && i % mergeLength === 0) yield;
    if (!changes.has(sorted[i]!.name)) kept.push(sorted[i]!);
  }
  const came = [...changes.values()].filter((node) => node !== undefined);
  return yield* merged(kept, yield* sortedInSteps(came));
}

function* merged<Node extends Child>(a: readonly Node[], b: readonly Node[]): Generator<void, readonly Node[]> {
  const all: Node[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const isFirst = j === b.length || (i < a.length && a[i]!.name < b[j]!.name);
    all.push(isFirst ? a[i++]! : b[j++]!);
    if (all.length % mergeLength === 0) yield;
  }
  return all;
}
