import type { EtcdSettings } from '../../src/backend/etcd/v2.ts';
import { usualLimits } from '../../src/backend/http.ts';
import { direct } from '../../src/backend/proxy.ts';
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
    limits: { ...usualLimits, headersMs: 30_000 },
    clock: systemClock,
    ...more,
  };
}
