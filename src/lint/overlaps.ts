import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import type { ConfigPlace } from '../config/error.ts';
import { overwriting } from '../config/resources.ts';
import type { Problem } from './problem.ts';

/** A dest, and where its resource file says so. */
export interface Dest {
  readonly path: string;
  readonly place: ConfigPlace;
}

/** The dests that are one file under whatever names, and those that lie below the file that another one is. */
export async function overlapProblems(dests: readonly Dest[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  const first = new Map<string, Dest>();
  const reals: (readonly [real: string, dest: Dest])[] = [];
  for (const dest of dests) {
    const real = await realDest(dest.path);
    const other = first.get(real);
    if (other === undefined) first.set(real, dest);
    else problems.push({ code: 'duplicate-dest', message: overwriting(dest.path, other.place.file), ...dest.place });
    reals.push([real, dest]);
  }
  for (const [real, { path, place }] of reals) {
    const other = parentsOf(real).flatMap((parent) => first.get(parent) ?? [])[0];
    if (other === undefined) continue;
    const message = `dest "${path}" lies below "${other.path}", which is the dest of ${other.place.file} and a file`;
    problems.push({ code: 'nested-dest', message, ...place });
  }
  return problems;
}

/** A link that dest itself is will be replaced; its directory stays what it is. */
async function realDest(path: string): Promise<string> {
  const whole = normalize(path);
  if (!isAbsolute(whole)) return whole;
  const folder = await realpath(dirname(whole)).catch(() => dirname(whole));
  return join(folder, basename(whole));
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let parent = dirname(path); parent !== dirname(parent); parent = dirname(parent)) parents.push(parent);
  return parents;
}
