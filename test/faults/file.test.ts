import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect } from '@jest/globals';
import { fileBackend } from '../../src/backend/file/file.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { confd, logOf } from '../helpers/confd.ts';
import { Listing, Watcher, withoutPlaces } from './agents.ts';
import { faultTable } from './table.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A confdir with a data file beside it. */
class Data extends Listing {
  readonly file = this.path('data/keys.yaml');

  constructor(text: string | null = 'app: {a: 1}\n') {
    super();
    mkdirSync(this.path('data'));
    if (text !== null) writeFileSync(this.file, text);
  }

  watch(source = this.file): Watcher {
    const backend = fileBackend({ files: [source], filter: '*.yaml', clock: systemClock });
    return new Watcher(backend, this, systemClock);
  }
}

/** Watches the file, sees the first value, does the deed, and stops. */
async function followed(
  deed: (watcher: Watcher, dir: Data) => Promise<string>,
  source = 'data/keys.yaml',
): Promise<string> {
  const dir = new Data();
  const watcher = dir.watch(dir.path(source));
  try {
    await dir.says('/app/a=1;');
    return await deed(watcher, dir);
  } finally {
    await watcher.stop();
  }
}

/** The file is spoiled: dest stays, and the complaint is told; then it is mended. */
function spoiled(
  spoil: (dir: Data) => void,
  mend: (dir: Data) => void = (dir) => {
    rmSync(dir.file, { recursive: true, force: true });
    writeFileSync(dir.file, 'app: {a: 2}\n');
  },
): Promise<string> {
  return followed(async (watcher, dir) => {
    spoil(dir);
    const complaint = await watcher.complains(/ERROR/);
    expect(dir.text).toBe('/app/a=1;');
    mend(dir);
    await dir.says('/app/a=2;');
    return `the file stays; ${complaint}; afterwards the change arrives`;
  });
}

async function onetime(dir: Data, ...args: string[]): Promise<string> {
  const words = ['-onetime', '-backend', 'file', '-file', dir.file, '-confdir', dir.root, '-log-level', 'warning'];
  const { code, stderr } = await confd([...words, ...args]);
  const log = logOf(stderr).filter((line) => /^(ERROR|FATAL) /.test(line));
  return [`exit ${code}`, ...log.map((line) => withoutPlaces(line, dir))].join(': ');
}

faultTable('file', [
  ['missing at start, onetime', () => onetime(new Data(null))],
  [
    'missing at start, daemon',
    async () => {
      const dir = new Data(null);
      const watcher = dir.watch();
      const complaint = await watcher.complains(/ERROR/);
      expect(dir.text).toBeUndefined();
      writeFileSync(dir.file, 'app: {a: 1}\n');
      await dir.says('/app/a=1;');
      await watcher.stop();
      return `it waits; ${complaint}; rendered as soon as the file is there`;
    },
  ],
  [
    'removed, and made again',
    () =>
      spoiled((dir) => {
        unlinkSync(dir.file);
      }),
  ],
  [
    'unreadable: a link to itself',
    () =>
      spoiled((dir) => {
        unlinkSync(dir.file);
        symlinkSync('keys.yaml', dir.file);
      }),
  ],
  [
    'half of a YAML file that makes no sense',
    () =>
      spoiled((dir) => {
        writeFileSync(dir.file, 'app: {a: "sec');
      }),
  ],
  [
    'not UTF-8',
    () =>
      spoiled((dir) => {
        writeFileSync(dir.file, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]));
      }),
  ],
  [
    'a list instead of a mapping',
    () =>
      spoiled((dir) => {
        writeFileSync(dir.file, '- a\n- b\n');
      }),
  ],
  [
    'written in two pieces, the first of which is valid',
    () =>
      followed(async (_watcher, dir) => {
        const seen = new Set<string | undefined>();
        const inTime: number[] = [];
        let n = 1;
        while (inTime.length < 4) {
          n++;
          writeFileSync(dir.file, `app:\n  a: ${n}\n`);
          const since = performance.now();
          await sleep(40);
          seen.add(dir.text);
          appendFileSync(dir.file, `  b: ${n}\n`);
          // A machine that stalled here left the file still for so long that its first piece counts.
          if (performance.now() - since < 90) inTime.push(n);
          for (let looks = 0; looks < 20; looks++) {
            await sleep(20);
            seen.add(dir.text);
          }
        }
        await dir.says(`/app/a=${n};/app/b=${n};`);
        for (const text of seen) expect(text).toMatch(/^\/app\/a=(\d+);(\/app\/b=\1;)?$/);
        for (const each of inTime) expect(seen).not.toContain(`/app/a=${each};`);
        return 'the first piece is never rendered: a file counts once it is still for 0.1 s';
      }),
  ],
  [
    'replaced by a rename, again and again',
    () =>
      followed(async (_watcher, dir) => {
        for (let n = 2; n < 40; n++) {
          writeFileSync(`${dir.file}.new`, `app: {a: ${n}}\n`);
          renameSync(`${dir.file}.new`, dir.file);
          await sleep(5);
        }
        await dir.says('/app/a=39;');
        return 'the last one arrives';
      }),
  ],
  [
    'a link is turned to another folder, as Kubernetes does',
    async () => {
      const dir = new Data();
      for (const n of [1, 2]) {
        mkdirSync(dir.path(`mount/..${n}`), { recursive: true });
        writeFileSync(dir.path(`mount/..${n}/keys.yaml`), `app: {a: ${n}}\n`);
      }
      symlinkSync('..1', dir.path('mount/..data'));
      symlinkSync('..data/keys.yaml', dir.path('mount/keys.yaml'));
      const watcher = dir.watch(dir.path('mount'));
      await dir.says('/app/a=1;');
      symlinkSync('..2', dir.path('mount/..new'));
      renameSync(dir.path('mount/..new'), dir.path('mount/..data'));
      await dir.says('/app/a=2;');
      await watcher.stop();
      return 'the change arrives';
    },
  ],
  [
    'its directory is removed and made again',
    () =>
      followed(async (watcher, dir) => {
        rmSync(dir.path('data'), { recursive: true });
        const complaint = await watcher.complains(/ERROR/);
        expect(dir.text).toBe('/app/a=1;');
        mkdirSync(dir.path('data'));
        writeFileSync(dir.file, 'app: {a: 2}\n');
        await dir.says('/app/a=2;');
        writeFileSync(dir.file, 'app: {a: 3}\n');
        await dir.says('/app/a=3;');
        return `the file stays; ${complaint}; afterwards every change arrives`;
      }, 'data'),
  ],
  [
    'a pipe in its place',
    () =>
      spoiled((dir) => {
        unlinkSync(dir.file);
        execFileSync('mkfifo', [dir.file]);
      }),
  ],
  [
    'an empty directory in its place',
    () =>
      followed(async (_watcher, dir) => {
        unlinkSync(dir.file);
        mkdirSync(dir.file);
        await dir.says('');
        rmSync(dir.file, { recursive: true });
        writeFileSync(dir.file, 'app: {a: 2}\n');
        await dir.says('/app/a=2;');
        return 'read as a directory is: there are no keys; afterwards the change arrives';
      }),
  ],
  [
    '50 MB of JSON, onetime',
    async () => {
      const values = Array.from({ length: 50 }, (_, n) => [`k${n + 10}`, 'x'.repeat(1e6)] as const);
      const dir = new Data(JSON.stringify({ app: Object.fromEntries(values) }));
      const ended = await onetime(dir);
      expect(dir.text).toBe(values.map(([key, value]) => `/app/${key}=${value};`).join(''));
      return `${ended}; the file has all of it`;
    },
  ],
  [
    'more YAML than anyone means, onetime',
    async () => {
      const dir = new Data();
      truncateSync(dir.file, 65 * 1024 * 1024);
      return onetime(dir);
    },
  ],
  [
    'a file without end, onetime',
    async () => {
      const dir = new Data();
      truncateSync(dir.file, 3 * 1024 ** 3);
      return onetime(dir);
    },
  ],
]);
