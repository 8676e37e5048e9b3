/** Go's sort.Sort: not stable, but deterministic; the order of equal elements is visible in rendered files. */

import { reserve, spend } from './budget.ts';

type Less<T> = (a: T, b: T) => boolean;

/** What the choice of a pivot showed about the order of the elements. */
type Hint = 'increasing' | 'decreasing' | 'unknown';

const insertionLimit = 12;
const ninetherLimit = 50;
const allSwapped = 12;

/** Sorts in place, leaving equal elements in the order in which Go's pattern-defeating quicksort leaves them. */
export function sortSort<T>(items: T[], less: Less<T>): void {
  new Sorter(items, less).sort(0, items.length, items.length.toString(2).length);
}

/** One sort in progress; every range is [a, b). */
class Sorter<T> {
  constructor(
    readonly items: T[],
    readonly lessThan: Less<T>,
  ) {}

  /** limit: how many bad pivots are allowed before heapsort is used. */
  sort(start: number, stop: number, limit: number): void {
    let [a, b, patience] = [start, stop, limit];
    let isBalanced = true;
    let isPartitioned = true;
    while (b - a > insertionLimit) {
      if (patience === 0) {
        this.#heapSort(a, b);
        return;
      }
      if (!isBalanced) {
        this.#breakPatterns(a, b);
        patience--;
      }
      const { pivot, hint } = this.#orient(a, b);
      if (isBalanced && isPartitioned && hint === 'increasing' && this.#finishInsertion(a, b)) return;
      if (a > 0 && !this.#less(a - 1, pivot)) {
        a = this.#partitionEqual(a, b, pivot);
        continue;
      }
      const length = b - a;
      const { middle, wasPartitioned } = this.#partition(a, b, pivot);
      isPartitioned = wasPartitioned;
      isBalanced = Math.min(middle - a, b - middle) >= Math.floor(length / 8);
      if (middle - a < b - middle) {
        this.sort(a, middle, patience);
        a = middle + 1;
      } else {
        this.sort(middle + 1, b, patience);
        b = middle;
      }
    }
    this.#insertionSort(a, b);
  }

  #less(i: number, j: number): boolean {
    spend(1);
    return this.lessThan(this.items[i]!, this.items[j]!);
  }

  #swap(i: number, j: number): void {
    const { items } = this;
    [items[i], items[j]] = [items[j]!, items[i]!];
  }

  #insertionSort(a: number, b: number): void {
    for (let i = a + 1; i < b; i++) {
      for (let j = i; j > a && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
    }
  }

  #heapSort(a: number, b: number): void {
    const size = b - a;
    for (let i = Math.floor((size - 1) / 2); i >= 0; i--) this.#siftDown(i, size, a);
    for (let i = size - 1; i >= 0; i--) {
      this.#swap(a, a + i);
      this.#siftDown(0, i, a);
    }
  }

  #siftDown(from: number, size: number, first: number): void {
    for (let root = from; ;) {
      let child = 2 * root + 1;
      if (child >= size) return;
      if (child + 1 < size && this.#less(first + child, first + child + 1)) child++;
      if (!this.#less(first + root, first + child)) return;
      this.#swap(first + root, first + child);
      root = child;
    }
  }

  /** Swaps three elements around the middle with pseudo-random ones, so that no input stays bad. */
  #breakPatterns(a: number, b: number): void {
    const length = b - a;
    const mask = 2n ** BigInt(length.toString(2).length) - 1n;
    let random = BigInt(length);
    const middle = a + Math.floor(length / 4) * 2;
    for (let i = middle - 1; i <= middle + 1; i++) {
      random = BigInt.asUintN(64, random ^ (random << 13n));
      random ^= random >> 7n;
      random = BigInt.asUintN(64, random ^ (random << 17n));
      const other = Number(random & mask);
      this.#swap(i, a + (other >= length ? other - length : other));
    }
  }

  /** Chooses a pivot; a range that seems to be descending is reversed first. */
  #orient(a: number, b: number): { pivot: number; hint: Hint } {
    const { pivot, hint } = this.#choosePivot(a, b);
    if (hint !== 'decreasing') return { pivot, hint };
    for (let i = a, j = b - 1; i < j; i++, j--) this.#swap(i, j);
    return { pivot: b - 1 - (pivot - a), hint: 'increasing' };
  }

  #choosePivot(a: number, b: number): { pivot: number; hint: Hint } {
    const quarter = Math.floor((b - a) / 4);
    const count = { swaps: 0 };
    const places = [a + quarter, a + 2 * quarter, a + 3 * quarter].map((at) => {
      return b - a >= ninetherLimit ? this.#median([at - 1, at, at + 1], count) : at;
    });
    const pivot = this.#median(places as [number, number, number], count);
    return { pivot, hint: count.swaps === 0 ? 'increasing' : count.swaps === allSwapped ? 'decreasing' : 'unknown' };
  }

  /** The position of the median of three elements; counts the swaps that sorting them needs. */
  #median([x, y, z]: [number, number, number], count: { swaps: number }): number {
    let [low, middle, high] = [x, y, z];
    if (this.#less(middle, low)) {
      [low, middle] = [middle, low];
      count.swaps++;
    }
    if (this.#less(high, middle)) {
      [middle, high] = [high, middle];
      count.swaps++;
    }
    if (this.#less(middle, low)) {
      [low, middle] = [middle, low];
      count.swaps++;
    }
    return middle;
  }

  /** Sorts a range that is almost sorted; gives up after a few swaps and returns false. */
  #finishInsertion(a: number, b: number): boolean {
    let i = a + 1;
    for (let step = 0; step < 5; step++) {
      while (i < b && !this.#less(i, i - 1)) i++;
      if (i === b) return true;
      if (b - a < ninetherLimit) return false;
      this.#swap(i, i - 1);
      if (i - a >= 2) {
        // Go goes down to 1 here, not to a: the elements below a are never greater.
        for (let j = i - 1; j >= 1 && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
      }
      if (b - i >= 2) {
        for (let j = i + 1; j < b && this.#less(j, j - 1); j++) this.#swap(j, j - 1);
      }
    }
    return false;
  }

  /** Moves elements equal to the pivot to the left; none is less. Returns where the greater ones begin. */
  #partitionEqual(a: number, b: number, pivot: number): number {
    this.#swap(a, pivot);
    let i = a + 1;
    let j = b - 1;
    for (;;) {
      while (i <= j && !this.#less(a, i)) i++;
      while (i <= j && this.#less(a, j)) j--;
      if (i > j) return i;
      this.#swap(i++, j--);
    }
  }

  /**
   * Moves elements less than the pivot to its left; returns the position of the pivot, and whether nothing was moved.
   */
  #partition(a: number, b: number, pivot: number): { middle: number; wasPartitioned: boolean } {
    this.#swap(a, pivot);
    let i = a + 1;
    let j = b - 1;
    for (let wasPartitioned = true; ; wasPartitioned = false) {
      while (i <= j && this.#less(i, a)) i++;
      while (i <= j && !this.#less(j, a)) j--;
      if (i > j) {
        this.#swap(j, a);
        return { middle: j, wasPartitioned };
      }
      this.#swap(i++, j--);
    }
  }
}

/** How many elements are sorted at once: more would take too long without a check of the clock. */
const runLength = 32 * 1024;

/** Sorts byte strings in place; returns them. */
export function sortStrings(list: string[]): string[] {
  if (list.length <= runLength) {
    spend(4 * list.length);
    return list.sort();
  }
  reserve(16 * list.length);
  const runs: string[][] = [];
  for (let at = 0; at < list.length; at += runLength) runs.push(sortStrings(list.slice(at, at + runLength)));
  for (let i = 0; i + 1 < runs.length; i += 2) runs.push(merge(runs[i]!, runs[i + 1]!));
  const sorted = runs.at(-1)!;
  for (let i = 0; i < list.length; i++) list[i] = sorted[i]!;
  return list;
}

function merge(one: readonly string[], other: readonly string[]): string[] {
  const merged: string[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length;) {
    spend(2);
    merged.push(j === other.length || (i < one.length && one[i]! <= other[j]!) ? one[i++]! : other[j++]!);
  }
  return merged;
}
