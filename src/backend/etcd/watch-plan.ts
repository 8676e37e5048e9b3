import { selected } from '../contract/backend.ts';

/** One long poll: a path, and the roots whose changes it covers. */
export interface Poll {
  readonly path: string;
  readonly roots: readonly string[];
}

/** The maximum number of polls, whatever the number of keys; more than this are merged on their common parent. */
const maxPolls = 8;

/**
 * True when a listing of root, or a watch on it, includes key: key is below root, and no name in between starts with
 * "_".
 */
export function reaches(root: string, key: string): boolean {
  return selected(key, root, 'subtree') && !key.slice(root === '/' ? 0 : root.length).includes('/_');
}

/** The keys that have to be requested: without those that are below another one. */
export function coveringRoots(keys: readonly string[]): string[] {
  const wanted = new Set(keys);
  return [...wanted].filter((key) => !ancestorsOf(key).some((above) => wanted.has(above) && reaches(above, key)));
}

/**
 * The polls that cover every change below the roots. Roots with the same first name share a poll; a hidden name ("_x")
 * needs its own poll, as etcd hides what is below it from watches above.
 */
export function planPolls(roots: readonly string[]): Poll[] {
  const groups = grouped(roots, groupOf);
  const few =
    groups.length <= maxPolls ? groups : grouped(roots, (root) => (root.includes('/_') ? groupOf(root) : '/'));
  return few.map((group) => ({ path: group.reduce(commonAncestor), roots: group }));
}

function grouped(roots: readonly string[], groupOf: (root: string) => string): string[][] {
  const groups = new Map<string, string[]>();
  for (const root of roots) {
    const name = groupOf(root);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [root]);
    else group.push(root);
  }
  return [...groups.values()];
}

function groupOf(root: string): string {
  const hidden = root.lastIndexOf('/_');
  const end = root.indexOf('/', hidden < 0 ? 1 : hidden + 1);
  return end < 0 ? root : root.slice(0, end);
}

function commonAncestor(a: string, b: string): string {
  if (selected(b, a, 'subtree')) return a;
  return ancestorsOf(a).find((above) => selected(b, above, 'subtree'))!;
}

/** The parent directories of a key, nearest first. */
function ancestorsOf(key: string): string[] {
  const above: string[] = [];
  for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1))
    above.push(key.slice(0, slash));
  if (key !== '/') above.push('/');
  return above;
}
