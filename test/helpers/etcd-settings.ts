import type { EtcdSettings } from '../../src/backend/etcd/v2.ts';
import { defaultHttpLimits } from '../../src/backend/net/http.ts';
import { direct } from '../../src/backend/net/proxy.ts';
import { systemClock } from '../../src/obs/clock.ts';

/** Settings of an etcd backend without TLS or credentials. */
export function etcdSettings(nodes: readonly string[], more: Partial<EtcdSettings> = {}): EtcdSettings {
  return {
    nodes,
    scheme: 'http',
    tls: { caFile: '', certFile: '', keyFile: '', insecure: false },
    auth: null,
    route: direct,
    // A busy machine takes its time.
    limits: { ...defaultHttpLimits, headersMs: 30_000 },
    clock: systemClock,
    ...more,
  };
}
