// As fanout.mjs, over the v3 API of etcd: the Go confd that reads it is the master branch.
import { bytesRow, compare, missingRow, rendersRow } from './fanout.mjs';
import { hasEtcd, overV3, row, startStore, v3agents } from './measure.mjs';

export const title = 'Watch, 100 templates over the same 10,000 keys of etcd v3, one key changes';
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'go', label: 'confd master' },
];

const most = 0.15;
const share = (what, unit, numbers) =>
  row(what, unit, numbers, `≤ ${most} of Go's`, numbers.go && numbers.ours <= most * numbers.go);

export async function run() {
  if (!hasEtcd) {
    console.log('fanout3: without etcd there is no v3 API to read');
    return [];
  }
  const store = await startStore();
  const agents = v3agents.map((agent) => (agent.name === 'ours' ? agent : { ...agent, name: 'go' }));
  const numbers = await compare(overV3(store), agents);
  await store.stop();
  return [
    share('put to the last of 100 files, median', 'ms', numbers.ms),
    missingRow(numbers),
    share('CPU per change', 'ms', numbers.cpu),
    bytesRow(numbers),
    row('RSS', 'MiB', numbers.rss, '< 150 MiB', numbers.rss.ours < 150),
    rendersRow(numbers),
  ];
}
