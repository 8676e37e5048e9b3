/** Counts durations in buckets, as a histogram of Prometheus does. */
export class Histogram {
  private readonly buckets: number[];
  private sum = 0;
  private count = 0;

  /** One bucket for each bound, in rising seconds; longer durations are counted, too. */
  constructor(private readonly bounds: readonly number[]) {
    this.buckets = bounds.map(() => 0);
  }

  /** How many durations were counted. */
  get total(): number {
    return this.count;
  }

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && seconds > this.bounds[bucket]!) bucket++;
    if (bucket < this.bounds.length) this.buckets[bucket]!++;
    this.sum += seconds;
    this.count++;
  }

  /** The lines for Prometheus; `label` is the text between the braces. */
  toLines(name: string, label = ''): readonly string[] {
    const labels = label === '' ? '' : `{${label}}`;
    const first = label === '' ? '' : `${label},`;
    let below = 0;
    return [
      ...this.bounds.map((bound, k) => `${name}_bucket{${first}le="${bound}"} ${(below += this.buckets[k]!)}`),
      `${name}_bucket{${first}le="+Inf"} ${this.count}`,
      `${name}_sum${labels} ${this.sum}`,
      `${name}_count${labels} ${this.count}`,
    ];
  }
}

/** Seconds since a value of process.hrtime.bigint(). */
export function secondsSince(from: bigint): number {
  return Number(process.hrtime.bigint() - from) / 1e9;
}

/** Bounds that double, from the first on. */
export function doublings(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => first * 2 ** k);
}
