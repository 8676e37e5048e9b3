import { expect, test } from '@jest/globals';
import { MiniEtcd } from '../../../../src/minietcd/server.ts';
import { waitFor } from '../../../helpers/confd.ts';
import { FakeClock } from '../../../helpers/fake-clock.ts';
import { openData, scratch, set } from '../../../helpers/disk.ts';

const lines = (server: MiniEtcd) => server.metrics().split('\n');

test("the disk's part, under etcd's names", async () => {
  await using opened = await openData(scratch(), { snapshotCount: 3 });
  const server = new MiniEtcd(new FakeClock(), {}, opened.disk);
  for (let n = 0; n < 3; n++) await server.keyspace.submit(set('/a', 'v'));
  const waiting = [server.keyspace.submit(set('/a', 'v')), server.keyspace.submit(set('/b', 'v'))];
  expect(lines(server)).toContain('etcd_server_proposals_pending 2');
  await Promise.all(waiting);
  const saved = /^etcd_debugging_snap_save_total_duration_seconds_count [1-9]$/m;
  await waitFor('a snapshot', () => saved.test(server.metrics())); // the end would cut it short
  await server.close();
  await expect(server.keyspace.submit(set('/c', 'v'))).rejects.toMatchObject({ code: 300 });
  for (const line of [
    'etcd_server_proposals_pending 0',
    'etcd_server_proposals_failed_total 1',
    'etcd_disk_wal_fsync_duration_seconds_count 4',
    'etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 4',
  ]) {
    expect(lines(server)).toContain(line);
  }
  expect(server.metrics()).toMatch(/^etcd_disk_wal_write_bytes_total [1-9]\d*$/m);
});

test('what is kept nowhere has no disk', async () => {
  const server = new MiniEtcd(new FakeClock());
  expect(server.metrics()).not.toContain('etcd_disk');
  await server.close();
});
