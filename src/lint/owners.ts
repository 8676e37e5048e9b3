import { readFile } from 'node:fs/promises';
import { AgentError } from '../agent/resource/error.ts';
import { checkId, lineOf } from '../agent/resource/owner.ts';
import type { ResourceSpec } from '../config/resources.ts';
import type { Code } from './rules.ts';

/** What is wrong with whom dest shall belong to, and of which key it is the value. */
interface OwnerProblem {
  readonly key: 'owner' | 'group' | 'uid' | 'gid';
  readonly code: Code;
  readonly message: string;
}

/** Numbers that nobody has, and names that this machine's own lists do not have. */
export async function ownerProblems({ owner, group, uid, gid }: ResourceSpec): Promise<OwnerProblem[]> {
  const numbers = [numberProblem('uid', uid), numberProblem('gid', gid)];
  const names = [await nameProblem('owner', owner), await nameProblem('group', group)];
  return [...numbers, ...names].filter((problem) => problem !== null);
}

function numberProblem(key: OwnerProblem['key'], number: number | null): OwnerProblem | null {
  if (number === null || number === -1) return null;
  try {
    checkId(number, key);
    return null;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { key, code: 'invalid-value', message: error.message };
  }
}

/** Names of a directory service are in no file: what is missing here may still be known to it. */
async function nameProblem(key: 'owner' | 'group', name: string | null): Promise<OwnerProblem | null> {
  if (name === null || name === '') return null;
  const file = key === 'owner' ? '/etc/passwd' : '/etc/group';
  const table = await readFile(file, 'utf8').catch(() => null);
  if (table === null || lineOf(name, table) !== null) return null;
  if (/^[0-9]+$/.test(name)) return numberProblem(key, Number(name));
  return { key, code: 'unknown-owner', message: `${key} ${JSON.stringify(name)} is not in ${file} of this machine` };
}
