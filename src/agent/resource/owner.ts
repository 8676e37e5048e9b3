import { readFile } from 'node:fs/promises';
import type { ResourceSpec } from '../../config/resources.ts';
import { fromText, toText } from '../../go/bytes.ts';
import { quote } from '../../go/strconv.ts';
import type { Clock } from '../../obs/clock.ts';
import { runShell } from './command.ts';
import { AgentError } from './error.ts';

/** The owner that dest is to have. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** What was asked for but is not possible. */
  readonly warnings: readonly string[];
}

/**
 * The ids of the owner and group that a resource asks for; by default those of this process. A process that may not
 * change owners keeps its own, with a warning. Throws AgentError when root asks for a name that this machine does not
 * have: a file with secrets must not get a wrong owner.
 */
export async function resolveOwner(spec: ResourceSpec, clock: Clock): Promise<Owner> {
  const may = await mayGiveAway();
  const user = await resolveId(spec, users, may, clock);
  const group = await resolveId(spec, groups, may, clock);
  const refused = [user, group].flatMap(({ refused: why }) => why ?? []);
  const warnings = refused.map(
    (why) => `${spec.file}: ${why}; ${spec.dest} is written as uid ${user.id} and gid ${group.id}`,
  );
  return { uid: user.id, gid: group.id, warnings };
}

interface Resolved {
  readonly id: number;
  readonly refused?: string;
}

async function resolveId(spec: ResourceSpec, directory: Directory, may: boolean, clock: Clock): Promise<Resolved> {
  const own = directory.effective();
  const [number, name] = [spec[directory.number], spec[directory.key]];
  const asked =
    number !== null && number !== -1 ? `${directory.number} ${number}` : `${directory.key} ${quoted(name ?? '')}`;
  let found: number;
  try {
    found = await id(number, name, directory, clock);
  } catch (error) {
    if (may || !(error instanceof UnknownName)) throw error;
    return { id: own, refused: error.message };
  }
  if (may || found === own || directory.others().includes(found)) return { id: found };
  return { id: own, refused: `only root can give a file the ${asked}` };
}

/** Root may change owners, and so may a process with CAP_CHOWN. */
async function mayGiveAway(): Promise<boolean> {
  if (process.geteuid!() === 0) return true;
  const status = await readFile('/proc/self/status', 'latin1').catch(() => '');
  const rights = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return (BigInt(`0x${rights}`) & 1n) === 1n;
}

/** A user or group that the machine does not know. */
class UnknownName extends AgentError {}

function quoted(text: string): string {
  return toText(quote(fromText(text)));
}

/** Where the system keeps the ids of users or groups. */
interface Directory {
  readonly key: 'owner' | 'group';
  readonly number: 'uid' | 'gid';
  readonly what: 'user' | 'group';
  readonly database: 'passwd' | 'group';
  readonly effective: () => number;
  /** Other ids that the process may give to its own files. */
  readonly others: () => readonly number[];
}

const users: Directory = {
  key: 'owner',
  number: 'uid',
  what: 'user',
  database: 'passwd',
  effective: () => process.geteuid!(),
  others: () => [],
};
const groups: Directory = {
  key: 'group',
  number: 'gid',
  what: 'group',
  database: 'group',
  effective: () => process.getegid!(),
  others: () => process.getgroups!(),
};
const maxId = 2 ** 32 - 2; // the next number means "unchanged" for chown
const lookupMs = 30_000;

/** A number wins over a name; without either, the id of the process. */
async function id(number: number | null, name: string | null, directory: Directory, clock: Clock): Promise<number> {
  if (number !== null && number !== -1) return checkId(number, directory.number);
  if (name === null || name === '') return directory.effective();
  const line =
    lineOf(name, await readFile(`/etc/${directory.database}`, 'utf8').catch(() => '')) ??
    (/^[0-9]+$/.test(name) ? `${name}::${name}` : lineOf(name, await getent(name, directory, clock)));
  if (line === null) throw new UnknownName(`${directory.key} ${quoted(name)}: there is no such ${directory.what}`);
  return checkId(Number(line.split(':')[2]), directory.key);
}

/** The number, when a file can belong to it; throws AgentError. */
export function checkId(number: number, key: string): number {
  if (Number.isInteger(number) && number >= 0 && number <= maxId) return number;
  throw new AgentError(`${key} ${number} is out of range (0 to ${maxId}, or -1 for confd's own)`);
}

/** The line of a name in /etc/passwd or /etc/group. */
export function lineOf(name: string, table: string): string | null {
  return table.split('\n').find((line) => line.startsWith(`${name}:`)) ?? null;
}

/** Asks where the C library would ask, such as LDAP or SSSD. No answer counts as an empty one. */
async function getent(name: string, { database }: Directory, clock: Clock): Promise<string> {
  if (name.startsWith('-')) return '';
  const argument = `'${name.replaceAll("'", `'\\''`)}'`;
  const { output } = await runShell(`getent ${database} ${argument} 2>/dev/null`, { timeoutMs: lookupMs, clock });
  return toText(output);
}
