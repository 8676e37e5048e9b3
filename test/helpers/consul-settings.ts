import type { ConsulSettings } from '../../src/backend/consul/consul.ts';
import { etcdSettings } from './etcd-settings.ts';
import { memoryLog } from './memory-log.ts';

/** Settings of a consul backend without TLS or credentials. */
export function consulSettings(nodes: readonly string[], more: Partial<ConsulSettings> = {}): ConsulSettings {
  const own = { namespace: '', partition: '', isCompressed: true, log: memoryLog(), waitMs: 2000 };
  return { ...etcdSettings(nodes), ...own, ...more };
}
