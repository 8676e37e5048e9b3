import { FlagError, parseFlags, usageText, type FlagSpec } from '../../go/flag.ts';
import { counted } from '../../go/count.ts';
import { redact } from '../../go/redact.ts';
import { checkDataDirectory, copyDataDirectory, type Finding } from '../../minietcd/storage/backup.ts';
import { DataError } from '../../minietcd/storage/wal/error.ts';
import { writeTo } from '../process/output.ts';

/** The commands that work on a data directory; anything else on the command line starts a server. */
export const maintenance = ['backup', 'check', 'restore'] as const;

const dataDir: FlagSpec = {
  name: 'data-dir',
  kind: 'string',
  default: '',
  usage: 'data `directory` of mini-etcd (default: where a server that is started here keeps it)',
};
const backupDir: FlagSpec = { name: 'backup-dir', kind: 'string', default: '', usage: '`directory` of the backup' };
const keepId: FlagSpec = {
  name: 'keep-id',
  kind: 'bool',
  default: false,
  usage: 'keep the ids of the original in the copy',
};
const truncate: FlagSpec = {
  name: 'truncate-at-corruption',
  kind: 'bool',
  default: false,
  usage: 'copy only the data before the damage',
};

const flagsOf = {
  backup: [dataDir, backupDir, keepId, truncate],
  check: [dataDir],
  restore: [dataDir, backupDir],
} as const;

/**
 * Runs a command on a data directory and prints one line with the result (and notes before it); returns the exit code.
 * `usual` is the default directory; undefined for a server that keeps no data.
 */
export async function maintain(
  command: (typeof maintenance)[number],
  args: readonly string[],
  usual: () => Promise<string | undefined>,
): Promise<number> {
  try {
    const given = readArguments(command, args);
    const data = given.data === '' ? await usual() : given.data;
    if (data === undefined) throw new FlagError('invalid', '-data-dir is needed: a server started here keeps no data');
    const { lines, outcome } = await carryOut(command, { ...given, data }).catch((error: unknown) => {
      if (given.data !== '' || !(error instanceof DataError)) throw error;
      throw new DataError(error.code, `${error.message} (use -data-dir to name another one)`, { cause: error });
    });
    for (const line of lines) writeTo(2, `mini-etcd ${command}: ${line}\n`);
    writeTo(1, `${outcome}\n`);
    return 0;
  } catch (error) {
    if (error instanceof FlagError && error.code === 'help') {
      writeTo(1, usageText(`mini-etcd ${command}`, [...flagsOf[command]]));
      return 0;
    }
    if (!(error instanceof DataError || error instanceof FlagError)) throw error;
    writeTo(2, `mini-etcd ${command}: ${error.message}\n`);
    return 1;
  }
}

interface Arguments {
  readonly data: string;
  readonly backup: string;
  readonly keepIds: boolean;
  readonly truncate: boolean;
}

function readArguments(command: (typeof maintenance)[number], args: readonly string[]): Arguments {
  const specs = flagsOf[command];
  const { set, rest } = parseFlags(args, [...specs]);
  if (rest.length > 0) throw new FlagError('invalid', `unexpected argument: ${redact(rest[0]!)}`);
  for (const { name, kind } of specs) {
    if (kind === 'string' && name !== 'data-dir' && (set.get(name) ?? '') === '')
      throw new FlagError('invalid', `-${name} is needed`);
  }
  const text = (name: string) => (set.get(name) ?? '') as string;
  const isOn = (name: string) => set.get(name) === true;
  return {
    data: text('data-dir'),
    backup: text('backup-dir'),
    keepIds: isOn('keep-id'),
    truncate: isOn('truncate-at-corruption'),
  };
}

async function carryOut(command: (typeof maintenance)[number], { data, backup, keepIds, truncate }: Arguments) {
  const now = Date.now();
  if (command === 'check') {
    const found = await checkDataDirectory(data);
    const use = found.holder === undefined ? '' : `; in use by ${found.holder}`;
    return { lines: found.notes, outcome: `${data}: ok: ${count(found)}${use}` };
  }
  const isBackup = command === 'backup';
  const [from, to] = isBackup ? [data, backup] : [backup, data];
  const found = await copyDataDirectory({ from, to, keepIds: isBackup ? keepIds : true, truncate, now });
  return { lines: found.notes, outcome: `${from}: ${isBackup ? 'backed up' : 'restored'} to ${to}: ${count(found)}` };
}

function count({ nodes, index, segments, snapshots }: Finding): string {
  return `${counted(nodes, 'key or directory', 'keys and directories')}, index ${index}, ${counted(segments, 'log segment')}, ${counted(snapshots, 'snapshot')}`;
}
