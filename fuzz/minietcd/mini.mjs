import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts our server, in memory, on a free port. */
export async function startMini(args = ['-in-memory']) {
  const program = fileURLToPath(new URL('../../bin/mini-etcd', import.meta.url));
  const child = spawn(process.execPath, [program, '-bind-addr', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  process.on('exit', () => child.kill('SIGKILL'));
  let log = '';
  const port = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log);
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`mini-etcd ended with ${code}: ${log}`)));
  });
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}
