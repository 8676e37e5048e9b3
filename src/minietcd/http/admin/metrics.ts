import { readdirSync, readFileSync } from 'node:fs';
import { quote } from '../../../go/strconv.ts';
import { etcdVersion, type ServerContext } from '../net/server-context.ts';

/** Name, kind and value of one metric; the name may have labels. */
type Metric = readonly [name: string, kind: 'counter' | 'gauge', value: number];

/** The body of /metrics, in Prometheus' text format and under etcd's names. */
export function metricsText(site: ServerContext): string {
  const rows = [...storeMetrics(site), ...serverMetrics(site), ...diskMetrics(site), ...processMetrics(site)];
  let last = '';
  let text = '';
  for (const [name, kind, value] of rows) {
    const family = name.replace(/\{.*/s, '');
    if (family !== last) text += `# TYPE ${family} ${kind}\n`;
    last = family;
    text += `${name} ${value}\n`;
  }
  return text + diskHistograms(site) + site.http.toText();
}

function storeMetrics({ keyspace }: ServerContext): Metric[] {
  const { stats } = keyspace;
  const writes = stats.done().filter(([action]) => action !== 'gets');
  const actions = new Map([['sets', 'set']]);
  return [
    ...stats
      .done()
      .filter(([action]) => action === 'gets')
      .map(([, count]): Metric => ['etcd_debugging_store_reads_total{action="get"}', 'counter', count]),
    ...writes.map(([action, count]): Metric => [
      `etcd_debugging_store_writes_total{action="${actions.get(action) ?? action}"}`,
      'counter',
      count,
    ]),
    ['etcd_debugging_store_expires_total', 'counter', stats.expired],
    ['etcd_debugging_store_watch_requests_total', 'counter', keyspace.watches],
    ['etcd_debugging_store_watchers', 'gauge', keyspace.watcherCount],
  ];
}

function serverMetrics({ keyspace, load, member }: ServerContext): Metric[] {
  return [
    ['etcd_cluster_version{cluster_version="3.4"}', 'gauge', 1],
    ['etcd_server_has_leader', 'gauge', 1],
    [`etcd_server_id{server_id="${member.id}"}`, 'gauge', 1],
    ['etcd_server_is_leader', 'gauge', 1],
    ['etcd_server_is_learner', 'gauge', 0],
    ['etcd_server_leader_changes_seen_total', 'counter', 1],
    ['etcd_server_proposals_applied_total', 'gauge', keyspace.requestIndex],
    ['etcd_server_proposals_committed_total', 'gauge', keyspace.requestIndex],
    [`etcd_server_version{server_version=${quote(etcdVersion)}}`, 'gauge', 1],
    ['minietcd_connections', 'gauge', load.connections],
    ['minietcd_arriving_bytes', 'gauge', load.arriving],
    ['minietcd_unread_bytes', 'gauge', load.unread],
  ];
}

/** A store in memory has none of these. */
function diskMetrics({ disk }: ServerContext): Metric[] {
  if (disk === undefined) return [];
  const { bytesWritten, pending, refused } = disk.figures;
  return [
    ['etcd_server_proposals_pending', 'gauge', pending],
    ['etcd_server_proposals_failed_total', 'counter', refused],
    ['etcd_disk_wal_write_bytes_total', 'gauge', bytesWritten],
  ];
}

function diskHistograms({ disk }: ServerContext): string {
  if (disk === undefined) return '';
  const named = [
    ['etcd_disk_wal_fsync_duration_seconds', disk.figures.syncs],
    ['etcd_debugging_snap_save_total_duration_seconds', disk.figures.snapshots],
  ] as const;
  return named.map(([name, times]) => `# TYPE ${name} histogram\n${times.toLines(name).join('\n')}\n`).join('');
}

function processMetrics({ member }: ServerContext): Metric[] {
  const { user, system } = process.cpuUsage();
  const descriptors: Metric[] = [];
  try {
    const limit = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    const open = readdirSync('/proc/self/fd').length;
    for (const name of ['process_open_fds', 'os_fd_used']) descriptors.push([name, 'gauge', open]);
    for (const name of ['process_max_fds', 'os_fd_limit']) descriptors.push([name, 'gauge', Number(limit ?? 0)]);
  } catch {
    // Only on Linux.
  }
  return [
    ['process_cpu_seconds_total', 'counter', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', process.memoryUsage.rss()],
    ['process_start_time_seconds', 'gauge', member.startedAt / 1000],
    ...descriptors,
  ];
}

/** The body of /debug/vars: the fields that monitors of etcd read there, if this process has them. */
export function debugVars({ member, keyspace, cmdline }: ServerContext): string {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  const memory = { Sys: rss, HeapSys: heapTotal, HeapAlloc: heapUsed, Alloc: heapUsed };
  const raft = { id: member.id, term: member.raftTerm, commit: keyspace.requestIndex, raftState: 'StateLeader' };
  const vars = { cmdline, memstats: memory, 'raft.status': { ...raft, applied: keyspace.requestIndex } };
  const lines = Object.entries(vars).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}
