/** Upper bounds in seconds: etcd's, half a millisecond and doubled each time. */
const bounds = Array.from({ length: 13 }, (_, k) => 0.0005 * 2 ** k);

interface Durations {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** Counts the requests to /v2/keys by method, as etcd's /metrics shows them; watches are not counted. */
export class HttpStats {
  private readonly received = new Map<string, number>();
  private readonly failed = new Map<string, number>();
  private readonly done = new Map<string, Durations>();

  countReceived(method: string): void {
    this.received.set(method, (this.received.get(method) ?? 0) + 1);
  }

  countFailed(method: string, status: number): void {
    const labels = `{code="${status}",method="${method}"}`;
    this.failed.set(labels, (this.failed.get(labels) ?? 0) + 1);
  }

  countDone(method: string, seconds: number): void {
    let durations = this.done.get(method);
    if (durations === undefined) {
      durations = { buckets: bounds.map(() => 0), sum: 0, count: 0 };
      this.done.set(method, durations);
    }
    const bucket = bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) durations.buckets[bucket]!++;
    durations.sum += seconds;
    durations.count++;
  }

  /** The three metrics in Prometheus' text format. */
  toText(): string {
    const lines = ['# TYPE etcd_http_received_total counter'];
    for (const [method, count] of this.received) lines.push(`etcd_http_received_total{method="${method}"} ${count}`);
    lines.push('# TYPE etcd_http_failed_total counter');
    for (const [labels, count] of this.failed) lines.push(`etcd_http_failed_total${labels} ${count}`);
    lines.push('# TYPE etcd_http_successful_duration_seconds histogram');
    for (const [method, durations] of this.done) lines.push(...histogram(method, durations));
    return `${lines.join('\n')}\n`;
  }
}

function histogram(method: string, { buckets, sum, count }: Durations): string[] {
  const name = 'etcd_http_successful_duration_seconds';
  let below = 0;
  const rows = bounds.map((bound, k) => `${name}_bucket{method="${method}",le="${bound}"} ${(below += buckets[k]!)}`);
  return [
    ...rows,
    `${name}_bucket{method="${method}",le="+Inf"} ${count}`,
    `${name}_sum{method="${method}"} ${sum}`,
    `${name}_count{method="${method}"} ${count}`,
  ];
}
