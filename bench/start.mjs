// A start beside that of an earlier build: CONFD_BEFORE names its bin/confd.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { confdir, resource, root } from '../test/peers/support/confd.mjs';
import { scratch } from '../test/peers/support/process.mjs';
import { median, row } from './measure.mjs';

export const title = 'Start, beside an earlier build';
export const columns = [
  { name: 'ours', label: 'confd-node' },
  { name: 'before', label: 'the build before' },
];
export const against = { name: 'before', label: 'before' };
const runs = 31;

/** CPU and wall time of a run, in ms, from bash: Node does not tell what a child used. */
function measure(program, args, env) {
  const script = 'TIMEFORMAT="%3U %3S %3R"; time "$@" >/dev/null';
  const words = ['-c', `{ ${script}; } 2>&1`, 'bash', process.execPath, program, ...args];
  const output = execFileSync('bash', words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const [user, system, wall] = output.trim().split('\n').at(-1).split(' ').map(Number);
  return { cpu: (user + system) * 1000, wall: wall * 1000 };
}

export async function run() {
  if (process.env.CONFD_BEFORE === undefined) {
    console.log('start: CONFD_BEFORE names no earlier build');
    return [];
  }
  const programs = { ours: join(root, 'bin/confd'), before: resolve(root, process.env.CONFD_BEFORE) };
  const folder = scratch('start');
  const files = {
    'templates/app.tmpl': 'host={{getv "/app/host"}}\n',
    'conf.d/app.toml': resource({ src: 'app.tmpl', dest: join(folder, 'app.conf'), keys: ['/app'] }),
  };
  confdir(files, folder);
  const env = { PATH: process.env.PATH, HOME: folder, APP_HOST: '127.0.0.1' };
  const onetime = ['-onetime', '-backend', 'env', '-confdir', folder, '-state-dir', '', '-log-level', 'error'];
  const forget = () => rmSync(join(root, 'dist/cache'), { recursive: true, force: true });
  const cases = [
    { what: '`-version`', args: ['-version'], limit: 1 },
    { what: '`-onetime -backend env`, later runs', args: onetime, limit: 0.7 },
    { what: '`-onetime -backend env`, without the cache', args: onetime, env: { NODE_DISABLE_COMPILE_CACHE: '1' } },
    { what: '`-onetime -backend env`, the first run', args: onetime, before: forget },
  ];
  const rows = [];
  for (const { what, args, limit, before = () => {}, env: more = {} } of cases) {
    const all = { ours: [], before: [] };
    for (const program of Object.values(programs)) measure(program, args, { ...env, ...more });
    for (let n = 0; n < runs; n += 1) {
      const names = n % 2 ? ['ours', 'before'] : ['before', 'ours'];
      for (const name of names) {
        before();
        all[name].push(measure(programs[name], args, { ...env, ...more }));
      }
    }
    for (const [kind, label] of Object.entries({ cpu: 'CPU', wall: 'wall' })) {
      const [ours, theirs] = [all.ours, all.before].map((times) => median(times.map((time) => time[kind])));
      const pass = limit === undefined ? undefined : ours <= limit * theirs;
      const text = limit === undefined ? '' : `≤ ${limit} of before`;
      rows.push(row(`${what}: ${label}`, 'ms', { ours, before: theirs }, text, pass));
    }
  }
  return rows;
}
