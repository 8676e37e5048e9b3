import { isClean } from '../../go/path.ts';

/** One watch: a prefix, and the roots whose changes it hears. Both as consul has them, without a slash in front. */
export interface WatchPlan {
  readonly prefix: string;
  readonly roots: readonly string[];
}

/** Watches are few, whatever the number of keys; more than this share one on what all of them begin with. */
const maxWatches = 4;

/** The prefixes that have to be asked for, each once: without those that another one brings along. In order. */
export function coveringRoots(keys: readonly string[]): string[] {
  const roots: string[] = [];
  for (const root of keys.map((key) => key.slice(1)).sort()) {
    if (roots.length === 0 || !root.startsWith(roots.at(-1)!)) roots.push(root);
  }
  return roots;
}

/** The watches that hear every change below the roots: those that share their first name share one. */
export function planWatches(roots: readonly string[]): WatchPlan[] {
  const groups = new Map<string, string[]>();
  for (const root of roots) {
    const slash = root.indexOf('/');
    const first = slash < 0 ? root : root.slice(0, slash + 1);
    groups.set(first, [...(groups.get(first) ?? []), root]);
  }
  const few = groups.size <= maxWatches ? [...groups.values()] : [roots];
  return few.map((group) => ({ prefix: askable(commonStart(group)), roots: group }));
}

/** True for a prefix that can be asked for: on its way every path is cleaned. */
export function isAskable(prefix: string): boolean {
  return prefix === '' || (prefix !== '/' && isClean(`/${prefix.replace(/\/$/, '')}`));
}

function askable(prefix: string): string {
  return isAskable(prefix) ? prefix : askable(prefix.slice(0, -1));
}

/** The text that all of them begin with. */
export function commonStart(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  let { length } = first;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}
