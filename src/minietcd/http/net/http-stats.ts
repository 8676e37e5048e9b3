import { doublings, Histogram } from '../../../obs/histogram.ts';

/** etcd's bounds: half a millisecond to two seconds. */
const bounds = doublings(0.0005, 13);

/** The requests of one method. */
class MethodStats {
  received = 0;
  readonly failed = new Map<number, number>();
  readonly done = new Histogram(bounds);
}

/** Counts the requests to /v2/keys by method, as etcd's /metrics does; watches have no duration. */
export class HttpStats {
  private readonly methods = new Map<string, MethodStats>();

  countReceived(method: string): void {
    this.of(method).received++;
  }

  countFailed(method: string, status: number): void {
    const { failed } = this.of(method);
    failed.set(status, (failed.get(status) ?? 0) + 1);
  }

  countDone(method: string, seconds: number): void {
    this.of(method).done.add(seconds);
  }

  /** The three metrics in Prometheus' text format. */
  toText(): string {
    const lines = ['# TYPE etcd_http_received_total counter'];
    for (const [method, { received }] of this.methods)
      lines.push(`etcd_http_received_total{method="${method}"} ${received}`);
    lines.push('# TYPE etcd_http_failed_total counter');
    for (const [method, { failed }] of this.methods)
      for (const [code, count] of failed)
        lines.push(`etcd_http_failed_total{code="${code}",method="${method}"} ${count}`);
    lines.push('# TYPE etcd_http_successful_duration_seconds histogram');
    for (const [method, { done }] of this.methods)
      if (done.total > 0) lines.push(...done.toLines('etcd_http_successful_duration_seconds', `method="${method}"`));
    return `${lines.join('\n')}\n`;
  }

  private of(method: string): MethodStats {
    let stats = this.methods.get(method);
    if (stats === undefined) this.methods.set(method, (stats = new MethodStats()));
    return stats;
  }
}
