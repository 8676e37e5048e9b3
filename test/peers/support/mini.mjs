// Our own mini-etcd on a port and in a folder of its own.
import { join } from 'node:path';
import { root } from './confd.mjs';
import { ask } from './etcd.mjs';
import { freePort } from '../../helpers/port.mjs';
import { scratch, start, waitFor } from './process.mjs';

/** A started mini-etcd; `url` is where it answers. */
export async function startMini(args = []) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = ['-addr', `127.0.0.1:${port}`, '-data-dir', join(scratch('mini'), 'data'), ...args];
  const program = start(join(root, 'bin/mini-etcd'), words);
  const isUp = () => ask('GET', `${url}/version`).then(({ status }) => status === 200);
  await waitFor(
    () => `mini-etcd\n${program.output()}`,
    () => isUp().catch(() => false),
  );
  return { url, port, program };
}
