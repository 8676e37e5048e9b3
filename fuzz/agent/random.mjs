/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0, less than limit. */
  below(limit) {
    return Math.floor(this.next() * limit);
  }

  chance(part) {
    return this.next() < part;
  }

  pick(items) {
    return items[this.below(items.length)];
  }
}
