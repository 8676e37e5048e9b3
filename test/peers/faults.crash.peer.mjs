// The agent is killed at any moment; whoever reads the file sees whole versions only, and the next agent tidies up.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { confdir, resource, slurp, stageFiles, startConfd } from './support/confd.mjs';
import { startEtcd } from './support/etcd.mjs';
import { randomFrom } from './support/generate.mjs';
import { endPrograms, sleep, waitFor } from './support/process.mjs';

after(endPrograms);

const rounds = Number(process.env.PEERS_ROUNDS ?? 60);
const seed = Number(process.env.PEERS_SEED ?? Date.now() % 1_000_000);

const md5 = (text) => createHash('md5').update(text, 'latin1').digest('hex');

/** A value that can be recognised as whole: its sum, then a body of up to 300 kB. */
function document(next) {
  const body = randomBytes(Math.floor(next() * 150_000)).toString('hex');
  return `${md5(body)}\n${body}`;
}

function isWhole(text) {
  const [sum, body, end] = text.split('\n');
  return end === 'end' && md5(body) === sum;
}

test(`kill -9 at any moment, ${rounds} rounds`, { timeout: 900_000 }, async () => {
  console.log(`# PEERS_SEED=${seed}`);
  const { next } = randomFrom(seed);
  const etcd = await startEtcd();
  const folder = confdir({ 'templates/doc.tmpl': '{{getv "/doc"}}\nend\n' });
  const out = join(folder, 'out');
  const dest = join(out, 'doc.conf');
  const fields = { src: 'doc.tmpl', dest, keys: ['/doc'], check_cmd: 'sleep 0.02', reload_cmd: 'sleep 0.02' };
  confdir({ 'conf.d/doc.toml': resource(fields) }, folder);
  const args = ['-backend', 'etcd', '-node', etcd.url];

  let going = true;
  let last = document(next);
  await etcd.put('/doc', last);
  const versions = new Set();
  const broken = [];
  const reader = (async () => {
    while (going) {
      const text = slurp(dest);
      if (text !== undefined) {
        if (isWhole(text)) versions.add(text.slice(0, 32));
        else broken.push(text.length);
      }
      await sleep(3);
    }
  })();
  const writer = (async () => {
    while (going) {
      last = document(next);
      await etcd.put('/doc', last);
      await sleep(25);
    }
  })();

  let left = 0;
  for (let round = 0; round < rounds; round += 1) {
    const agent = startConfd(folder, [...args, '-watch']);
    // Half of the rounds die in the middle of the work, the others anywhere from the first instruction on.
    if (next() < 0.5) await waitFor('an update', () => agent.output().includes('has been updated'));
    await sleep(next() * 300);
    assert.ok(agent.alive(), agent.output());
    await agent.stop('SIGKILL');
    if (stageFiles(out).length > 0) left += 1;
  }
  going = false;
  await Promise.all([reader, writer]);
  console.log(`# ${versions.size} versions seen, ${left} kills left a stage file for the next agent`);
  assert.deepEqual(broken, [], 'a reader saw a file that was not whole');
  assert.ok(versions.size > rounds / 4);

  const agent = startConfd(folder, [...args, '-onetime']);
  assert.equal(await agent.ended, 0, agent.output());
  assert.equal(slurp(dest), `${last}\nend\n`);
  assert.deepEqual(stageFiles(out), []);
  await etcd.stop();
});
