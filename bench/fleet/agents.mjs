// A fleet of our agents in one process: `node agents.mjs COUNT BACKEND URL FOLDER`. Each has a connection, a confdir and a file
// of its own in FOLDER, as if it were alone on its machine.

// By a name that is made here: what is built is there only when the benchmark runs.
const { createAgent, openBackend } = await import(new URL('../../dist/index.js', import.meta.url).href);
import { confdir, resource } from '../../test/peers/support/confd.mjs';
import { listAll } from '../measure.mjs';

const [count, backend, url, folder] = process.argv.slice(2);
for (let n = 0; n < Number(count); n += 1) {
  const fields = { src: 'app.tmpl', dest: `${folder}/${n}.conf`, keys: ['/bench'] };
  const files = { 'templates/app.tmpl': listAll, 'conf.d/app.toml': resource(fields) };
  const store = await openBackend({ backend, nodes: [url], timeoutMs: 30_000 });
  void createAgent({ backend: store, confdir: confdir(files, `${folder}/${n}`) }).watch();
}
