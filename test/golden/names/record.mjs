// Records under which keys the Go confds show what stores hold: node test/golden/names/record.mjs, with CONFD_016 and
// CONFD_MASTER naming their binaries and etcd 3.4 and etcdctl on the PATH. The rows go to test/golden/names.json.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rows } from './rows.mjs';

const programs = { 0.16: process.env.CONFD_016, master: process.env.CONFD_MASTER };
const room = mkdtempSync(join(tmpdir(), 'confd-names-'));
const port = 24_379;
const url = `http://127.0.0.1:${port}`;
const etcd = spawn(
  'etcd',
  ['--data-dir', join(room, 'etcd'), '--enable-v2', '--listen-client-urls', url, '--advertise-client-urls', url].concat(
    ['--listen-peer-urls', `http://127.0.0.1:${port + 1}`],
  ),
  { stdio: 'ignore' },
);
const v3 = (...args) =>
  execFileSync('etcdctl', ['--endpoints', url, ...args], { env: { ...process.env, ETCDCTL_API: '3' } });

/** The store of a row, filled; the flags and variables that lead to it. */
const stores = {
  env: ({ pairs }) => ({ flags: ['-backend', 'env'], env: pairs }),
  file: ({ pairs }) => {
    writeFileSync(join(room, 'store.yaml'), JSON.stringify(pairs));
    return { flags: ['-backend', 'file', '-file', join(room, 'store.yaml')], env: {} };
  },
  etcdv3: ({ pairs }) => {
    v3('del', '', '--from-key');
    for (const [key, value] of Object.entries(pairs)) v3('put', key, value);
    return { flags: ['-backend', 'etcdv3', '-node', url], env: {} };
  },
  etcdv2: async ({ pairs }) => {
    const top = new Set(Object.keys(pairs).map((key) => key.split('/').find((name) => name !== '')));
    for (const name of top) await fetch(`${url}/v2/keys/${name}?recursive=true`, { method: 'DELETE' });
    for (const [key, value] of Object.entries(pairs)) {
      // fetch would clean the path before it goes out.
      execFileSync('curl', [
        '-s',
        '--path-as-is',
        '-X',
        'PUT',
        `${url}/v2/keys${key}`,
        '--data-urlencode',
        `value=${value}`,
      ]);
    }
    return { flags: ['-backend', 'etcd', '-node', url], env: {} };
  },
};

const patterns = ['/', '/*', '/*/*', '/*/*/*', '/*/*/*/*', '/*/*/*/*/*'];
const template = (paths) =>
  [
    ...patterns.map((pattern) =>
      `{{range gets "${pattern}"}}K{{json .Key}}{{json .Value}}\n{{end}}`.replaceAll('json', 'printf "%q"'),
    ),
    ...paths.map((path) => `{{range ls "${path}"}}L{{printf "%q%q" "${path}" .}}\n{{end}}`),
  ].join('');

function shown(program, row, { flags, env }) {
  const confdir = join(room, 'confd');
  rmSync(confdir, { recursive: true, force: true });
  for (const folder of ['conf.d', 'templates']) mkdirSync(join(confdir, folder), { recursive: true });
  const { prefix = '', keys, ls = [] } = row;
  const lines = ['[template]', 'src = "t"', `dest = "${room}/out"`, `keys = ${JSON.stringify(keys)}`];
  if (prefix !== '') lines.push(`prefix = ${JSON.stringify(prefix)}`);
  writeFileSync(join(confdir, 'conf.d/t.toml'), lines.join('\n'));
  writeFileSync(join(confdir, 'templates/t'), template(ls));
  rmSync(join(room, 'out'), { force: true });
  const ran = spawnSync(program, ['-onetime', '-confdir', confdir, ...flags], { env, encoding: 'utf8' });
  if (ran.status !== 0)
    return {
      error: ran.stderr
        .trim()
        .split('\n')
        .at(-1)
        .replace(/^.*?: (?=FATAL|ERROR)/, ''),
    };
  const result = { pairs: [], ls: {} };
  for (const path of ls) result.ls[path] = [];
  for (const line of readFileSync(join(room, 'out'), 'utf8').trimEnd().split('\n').filter(Boolean)) {
    const [first, second] = [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => JSON.parse(text));
    if (line.startsWith('K')) result.pairs.push([first, second]);
    else result.ls[first].push(second);
  }
  return result;
}

for (let tries = 0; tries < 50; tries++) {
  if (spawnSync('curl', ['-s', `${url}/version`]).status === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const recorded = [];
for (const row of rows) {
  const go = {};
  for (const [version, program] of Object.entries(programs)) {
    if (row.store === 'etcdv2' && version === 'master') continue;
    const place = await stores[row.store](row);
    // What depends on the order of a map comes out differently now and then.
    const runs = Array.from({ length: row.shared ? 40 : 1 }, () => JSON.stringify(shown(program, row, place)));
    go[version] = [...new Set(runs)].sort().map((text) => JSON.parse(text));
  }
  recorded.push({ ...row, go });
}
etcd.kill();
const text = recorded.map((row) => JSON.stringify(row)).join(',\n');
writeFileSync(join(import.meta.dirname, '../names.json'), `[\n${text}\n]\n`);
rmSync(room, { recursive: true });
