import { connect } from 'node:net';
import type { Address } from '../../minietcd/http/net/address.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';

const everyMs = 10_000;

/** Sends the metrics to Graphite every ten seconds until aborted; an unreachable Graphite is logged once. */
export async function feedGraphite(
  graphite: Address & { readonly prefix: string },
  metrics: () => string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  for (let failed = ''; ;) {
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const fault = await send(graphite, graphiteLines(graphite.prefix, metrics(), Math.floor(clock.now() / 1000)));
    if (fault !== '' && fault !== failed) {
      log.warning(`-graphite-host ${graphite.host}:${graphite.port}: ${fault}; it is tried again every ten seconds`);
    }
    failed = fault;
  }
}

/** Converts "name{label="value"} 1" to "prefix.name.value 1 <seconds>"; buckets of histograms are left out. */
export function graphiteLines(prefix: string, metrics: string, seconds: number): string {
  let lines = '';
  for (const line of metrics.split('\n')) {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null || found[1]!.endsWith('_bucket')) continue;
    const labels = [...(found[2] ?? '').matchAll(/"([^"]*)"/g)].map(([, value]) => value!.replace(/\W/g, '_'));
    lines += `${[prefix, found[1], ...labels].join('.')} ${found[3]} ${seconds}\n`;
  }
  return lines;
}

const faults = new Map([
  ['ECONNREFUSED', 'no program listens there'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'no such host'],
]);

/** Resolves to the error, or ''. */
function send({ host, port }: Address, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(everyMs, () => socket.destroy(new Error('no answer within ten seconds')));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(faults.get(error.code ?? '') ?? error.message);
    });
    socket.on('connect', () => socket.end(text));
    socket.on('close', () => {
      resolve('');
    });
    socket.resume();
  });
}
