// Blow after blow on an etcd that the agent follows: npm run chaos -- --api v2 --minutes 30 [--seed n] [--etcd /path/to/etcd]

import { cpSync, existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chaos } from '../test/peers/chaos/run.mjs';

const options = {
  api: { type: 'string', default: 'v2' },
  minutes: { type: 'string', default: '3' },
  seed: { type: 'string', default: String(Date.now() % 1e9) },
  etcd: { type: 'string', default: 'etcd' },
  keep: { type: 'string', default: '' },
};
const { values } = parseArgs({ options });
const { api, etcd: binary, keep } = values;
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!['v2', 'v3'].includes(api) || !existsSync('dist/confd.cjs'))
  throw new Error('--api is v2 or v3; npm run build first');
console.log(`chaos on etcd ${api}, ${minutes} minutes, seed ${seed}`);
const { figures, violations, folder } = await chaos({ api, minutes, seed, binary, tell: console.log });
if (keep !== '') cpSync(folder, keep, { recursive: true });
for (const violation of violations) console.log(`VIOLATION ${violation}`);
console.log(JSON.stringify(figures, null, 2));
console.log(violations.length === 0 ? 'nothing lost, nothing doubled' : `${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
