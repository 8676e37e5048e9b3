// Everything that the tests of a run leave in the temporary folder goes with it: programs that were killed included.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before the first test: os.tmpdir() is a folder of this run, in every process of it. */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'confd-tests-'));
  // Some tests become somebody else.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  globalThis.removeTempFolder = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
}
