// The load generator wrk, where it is installed: in C, it takes less of the machine than one in Node.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratch } from '../test/peers/support/process.mjs';

const run = promisify(execFile);
const toMs = { us: 1e-3, ms: 1, s: 1e3, m: 6e4 };

export const hasWrk = process.env.PATH.split(':').some((folder) => existsSync(join(folder, 'wrk')));

/**
 * Asks the same over and over for some seconds: rate, how many, and the latency that 99 of 100 keep, in ms.
 * @param {{port: number, connections: number, seconds: number, method: string, path: string, form?: string}} load
 */
export async function wrk(load) {
  const { port, connections, seconds, method, path, form } = load;
  const script = join(scratch('wrk'), 'ask.lua');
  const type = 'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"';
  const body = form === undefined ? '' : `${type}\nwrk.body = "${form}"`;
  writeFileSync(script, `wrk.method = "${method}"\n${body}\n`);
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script];
  const { stdout } = await run('wrk', [...flags, `http://127.0.0.1:${port}${path}`]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  const [, total] = /(\d+) requests in/.exec(stdout);
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout);
  const [, p99, unit] = /Latency Distribution[^]* 99%\s+([\d.]+)([a-z]+)/.exec(stdout);
  return { rate: Number(rate), total: Number(total), p99: Number(p99) * toMs[unit] };
}
