// Kills a mini-etcd again and again in the middle of concurrent writes: npm run faults:minietcd -- --rounds 200 [--seed n]
import { parseArgs } from 'node:util';
import { killRounds } from '../test/minietcd/kills.mjs';

const options = {
  rounds: { type: 'string', default: '200' },
  seed: { type: 'string', default: String(Date.now() % 1e9) },
};
const { values } = parseArgs({ options });
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
console.log(`seed ${seed}, ${rounds} rounds`);
const tell = ({ round, writes, operations, faults }) => {
  if (round % 20 === 0)
    console.log(
      `round ${round}: ${writes} answered writes, ${operations} operations on the register, ${faults.length} faults`,
    );
};
const { writes, operations, faults } = await killRounds({ rounds, seed, tell });
for (const fault of faults) console.log(fault);
console.log(
  `${rounds} kills, ${writes} answered writes, ${operations} operations on the register: ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
