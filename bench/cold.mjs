// Cold start: what a run costs before it has done anything, beside bare Node.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { confdir, resource } from '../test/peers/support/confd.mjs';
import { scratch } from '../test/peers/support/process.mjs';
import { agents, median, row, time } from './measure.mjs';

export const title = 'Cold start';
const runs = 21;

export async function run() {
  const folder = scratch('cold');
  const dest = join(folder, 'out/app.conf');
  confdir(
    {
      'templates/app.tmpl': 'host={{getv "/app/host"}}\nport={{getv "/app/port"}}\n',
      'conf.d/app.toml': resource({ src: 'app.tmpl', dest, keys: ['/app'] }),
    },
    folder,
  );
  const env = { ...process.env, APP_HOST: '127.0.0.1', APP_PORT: '80' };
  const onetime = ['-onetime', '-backend', 'env', '-confdir', folder, '-log-level', 'error'];
  const node = [];
  const version = new Map(agents.map(({ name }) => [name, []]));
  const rendered = new Map(agents.map(({ name }) => [name, []]));
  // In turns, so that a noisy moment of the machine hits all of them alike.
  for (let n = 0; n < runs; n += 1) {
    node.push(await time(process.execPath, ['-e', '0']));
    for (const { name, path } of agents) {
      version.get(name).push(await time(path, ['-version']));
      rmSync(dest, { force: true });
      rendered.get(name).push(await time(path, onetime, env));
    }
  }
  const medians = (times) => Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
  const bare = median(node);
  const over = (numbers, limit) => numbers.ours <= bare + limit;
  const [first, second] = [medians(version), medians(rendered)];
  return [
    row('`node -e 0`', 'ms', { ours: bare }),
    row('`confd -version`', 'ms', first, '≤ node + 15 ms', over(first, 15)),
    row('`confd -onetime -backend env`, one template', 'ms', second, '≤ node + 45 ms', over(second, 45)),
  ];
}
