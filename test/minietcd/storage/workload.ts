// A process of its own that makes changes FROM to TO on a disk that may fail: node workload.mjs FOLDER FROM TO
// It says on its output what happened: open, ok N, no N, lost, end; or refused with the reason.
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openStorage } from '../../../src/minietcd/storage/storage.ts';
import { Keyspace } from '../../../src/minietcd/state/keyspace.ts';
import { DataError } from '../../../src/minietcd/storage/wal/error.ts';
import { createLogger } from '../../../src/obs/log.ts';

const [folder = '', from = '', to = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

/** Whoever waits for the disk looks again at once. */
const clock = { now: () => Date.now(), sleep: (_: number, signal: AbortSignal) => pause(2, undefined, { signal }) };
const log = createLogger('workload', 'debug', (line) => void writeSync(2, `${line}\n`));

try {
  const disk = await openStorage({ folder, snapshotCount: 2, segmentBytes: 400 }, { clock, log });
  void disk.lost.then(() => {
    say('lost');
    process.exit(1);
  });
  const keyspace = new Keyspace(clock, disk.state, disk);
  const change = async (n: number) => {
    const write = { value: `${n} `.repeat(40), dir: false, expires: undefined, refresh: false };
    const isOk = await keyspace.submit({ action: 'set', path: `/${n % 7}`, write, at: 0 }).then(
      () => true,
      () => false,
    );
    say(`${isOk ? 'ok' : 'no'} ${n}`);
    return isOk;
  };
  say('open');
  for (let n = Number(from); n <= Number(to); n++) {
    // Some come alone, some together; snapshots get their turn in between.
    await (n % 3 === 0 ? Promise.all([change(n), change(1000 + n)]) : change(n));
    await pause(1);
  }
  for (let n = 9000; n < 9020 && !(await change(n)); n++) {
    for (let left = 1000; keyspace.isReadOnly && left > 0; left--) await pause(2);
  }
  await disk.close();
  say('end');
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  say(`refused ${error.message}`);
  process.exitCode = 1;
}
