// The main job in one command: confd on its embedded store renders conf.d/nginx.toml, and again at every change.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const servers = ['10.0.0.11:8080', '10.0.0.12:8080', '10.0.0.13:8080'];
const dest = 'out/nginx.conf';

const free = (port) =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(0));
    probe.listen(port, '127.0.0.1', () => {
      const { port: got } = probe.address();
      probe.close(() => resolve(got));
    });
  });

if (!existsSync('dist/confd.cjs')) {
  console.error('dist/ is missing: run "npm run build" first');
  process.exit(1);
}
mkdirSync('out', { recursive: true });
const port = (await free(4001)) || (await free(0));
const store = `http://127.0.0.1:${port}/v2/keys/services/apache`;

console.log(`Starting confd on its embedded mini-etcd (127.0.0.1:${port})\n`);
const confd = spawn(
  process.execPath,
  ['bin/confd', '-watch', '-backend', 'embedded', '-listen', `127.0.0.1:${port}`, '-confdir', '.', '-state-dir', ''],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
confd.on('exit', (code, signal) => {
  console.log(`\nconfd ended (${signal ?? `exit ${code}`})`);
  process.exit(code ?? 1);
});
// Ctrl-C reaches confd too, as it shares the terminal; a plain kill must be passed on.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => confd.kill('SIGTERM'));

const put = (key, value) =>
  fetch(`${store}/${key}`, { method: 'PUT', body: new URLSearchParams({ value }) }).then((r) => r.text());
for (let attempt = 0; ; attempt++) {
  try {
    await put(1, servers[0]);
    break;
  } catch (error) {
    if (attempt === 100) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
for (const [i, server] of servers.entries()) await put(i + 1, server);

const upstream = () => /upstream [^]*?\n}/.exec(readFileSync(dest, 'utf8'))?.[0] ?? '';
let shown = '';
const show = () => {
  if (!existsSync(dest) || upstream() === shown) return;
  shown = upstream();
  console.log(`\n${dest} now says:\n\n${shown}\n`);
};
watch('out', () => setTimeout(show, 50));
setTimeout(() => {
  show();
  console.log('Change a key and watch the file follow (Ctrl-C ends):\n');
  console.log(`  curl -X PUT ${store}/4 -d value=10.0.0.14:8080\n`);
}, 500);
