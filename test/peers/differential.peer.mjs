// The Go confd 0.16 and ours process the same folders and must leave the same files, modes, exit codes and errors.
// CONFD_GO names the Go confd; without it there is nothing to compare with.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { agreed, decided } from './support/cases.mjs';
import { confd, confdir, goConfd, slurp } from './support/confd.mjs';
import { startEtcd } from './support/etcd.mjs';
import { endPrograms, run, scratch } from './support/process.mjs';

after(endPrograms);

/** A store as one file of the file backend. */
function yaml(pairs) {
  const tree = {};
  for (const [key, value] of pairs) {
    const parts = key.split('/').slice(1);
    const last = parts.pop();
    parts.reduce((at, part) => (at[part] ??= {}), tree)[last] = value;
  }
  return JSON.stringify(tree);
}

function variables(pairs) {
  return Object.fromEntries([...pairs].map(([key, value]) => [key.slice(1).replaceAll('/', '_').toUpperCase(), value]));
}

/** Whether a FATAL line repeats the words of the ERROR before it. */
function isSaidAgain(line, before = '') {
  const words = (text) => text.replace(/^.*?: (ERROR|FATAL) /s, '');
  return /: FATAL /.test(line) && /: ERROR /.test(before) && words(line) === words(before);
}

/** What a run left behind: every file of `out` with its mode, the exit code, and what it complained about. */
function traces(folder, { code, output }) {
  const out = join(folder, 'out');
  const files = readdirSync(out, { recursive: true })
    .sort()
    .map((name) => [name, statSync(join(out, name)).mode.toString(8), slurp(join(out, name)) ?? 'folder']);
  const lines = output.split(/^(?=\d{4}-\d\d-\d\dT)/m);
  // What a failed command said: one quoted text there, a line for each of its lines here.
  const isOutput = (line) => /: ERROR (?:"|(?:check|reload)_cmd of )/.test(line);
  const errors = lines
    .filter((line) => !isOutput(line))
    // The lines that show the place in the template are ours alone.
    .filter((line) => /: (ERROR|FATAL) (?! )/.test(line))
    // Go's confd says its last error twice; ours ends with a count.
    .filter((line, i, kept) => !/: FATAL Exiting: /.test(line) && !isSaidAgain(line, kept[i - 1]))
    .map(
      (line) =>
        line
          .replace(/^.*?: (ERROR|FATAL) /s, '$1 ')
          .replace(/(\.[^/ ]*?\.conf)(\d+|\.confd-[\w-]+)/g, '$1#')
          // A letter may be one of a value, which no message of ours shows.
          .replace(/invalid character '(?:\w|\*)'/g, "invalid character '*'")
          .trimEnd()
          .replace(/ \(src in .*\)$/, ''), // so is the file that names the template
    );
  return { code, files, errors, output: lines.filter(isOutput).map((line) => line.trimEnd()) };
}

/** Runs a program on a copy of a folder. */
async function runOn(program, original, example, source) {
  const folder = scratch('differential');
  cpSync(original, folder, { recursive: true });
  const env = { PATH: process.env.PATH, PEER: 'p e', PEER_EMPTY: '', TZ: 'UTC', ...source.env };
  const args = ['-onetime', '-confdir', '.', ...source.args, ...(example.args ?? [])];
  return traces(folder, await run(program, args, { cwd: folder, env }));
}

describe('the same as the Go confd', { skip: goConfd === undefined && 'CONFD_GO is not set', timeout: 600_000 }, () => {
  let etcd;
  before(async () => (etcd = await startEtcd()));
  after(() => etcd.stop());

  const sources = {
    env: ({ pairs }) => ({ args: ['-backend', 'env'], env: variables(pairs) }),
    file: ({ pairs }, folder) => {
      confdir({ 'store/all.yaml': yaml(pairs) }, folder);
      return { args: ['-backend', 'file', '-file', 'store/all.yaml'], env: {} };
    },
    etcd: async ({ pairs }) => {
      await etcd.putAll(pairs, 8);
      return { args: ['-backend', 'etcd', '-node', etcd.url], env: {} };
    },
  };

  async function forget(pairs) {
    for (const top of new Set([...pairs.keys()].map((key) => key.split('/')[1])))
      await etcd.delete(`/${top}`, '?recursive=true');
  }

  /** What the Go confd and ours make of a case. */
  async function both(example) {
    const original = confdir(example.files);
    for (const [path, mode] of Object.entries(example.modes ?? {})) chmodSync(join(original, path), mode);
    try {
      const source = await sources[example.backend](example, original);
      return [await runOn(goConfd, original, example, source), await runOn(confd, original, example, source)];
    } finally {
      if (example.backend === 'etcd') await forget(example.pairs);
    }
  }

  for (const example of agreed()) {
    test(`${example.name}, ${example.backend}`, async () => {
      const [theirs, ours] = await both(example);
      assert.deepEqual(ours.files, theirs.files);
      assert.equal(ours.code, theirs.code);
      if (!example.otherWords) assert.deepEqual(ours.errors, theirs.errors);
    });
  }

  for (const example of decided()) {
    test(`on purpose not the same: ${example.name}`, async () => {
      const [theirs, ours] = await both(example);
      assert.notDeepEqual(ours, theirs);
      example.ours(ours);
    });
  }
});
