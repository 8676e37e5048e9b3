// Records what a fresh real etcd 3.4 answers: node test/minietcd/record.mjs http://127.0.0.1:PORT
// (etcd --enable-v2 on an empty data directory). Writes ../golden/etcd34.json, which keys.test.ts replays against ours, and
// ../golden/etcd34wire.json, which screen.test.ts does.
import { writeFile } from 'node:fs/promises';
import { conversations, plainAnswers } from './conversations.mjs';
import { scenarios } from './scenarios.mjs';
import { converse, exchangeAs, ownWords, parseStep } from './wire.mjs';

const { hostname: host, port } = new URL(process.argv[2]);
const address = { host, port: Number(port) };
const own = await ownWords(address);
const ask = (step) => exchangeAs(own, address, step);

const recorded = [];
for (const [name, lines] of Object.entries(scenarios)) {
  const steps = [];
  for (const line of lines) await record(parseStep(line, await currentIndex()), steps);
  for (const line of await leftovers()) await record(parseStep(line, 0), steps);
  recorded.push({ name, steps });
}
const rows = recorded.map(({ name, steps }) => {
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(',\n');
  return `  { "name": ${JSON.stringify(name)}, "steps": [\n${lines}\n  ] }`;
});
await writeFile(new URL('../golden/etcd34.json', import.meta.url), `[\n${rows.join(',\n')}\n]\n`);
console.log(`${recorded.length} scenarios, ${recorded.reduce((sum, { steps }) => sum + steps.length, 0)} steps`);

const spoken = [];
for (const [name, bytes] of Object.entries(conversations)) {
  const sent = bytes.replaceAll('{index}', String(await currentIndex()));
  spoken.push({ name, bytes, want: plainAnswers(await converse(address, sent)) });
}
const lines = spoken.map((row) => `  ${JSON.stringify(row)}`);
await writeFile(new URL('../golden/etcd34wire.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
console.log(`${spoken.length} conversations`);

async function record(send, steps) {
  steps.push({ send, want: await ask(send) });
}

async function currentIndex() {
  return Number((await ask(parseStep('HEAD /', 0))).headers['X-Etcd-Index']);
}

/** Steps that empty the tree again. */
async function leftovers() {
  const { body } = await ask(parseStep('GET /?sorted=true', 0));
  const nodes = JSON.parse(body).node.nodes ?? [];
  return nodes.map(({ key }) => `DELETE ${encodeURI(key)}?recursive=true`);
}
