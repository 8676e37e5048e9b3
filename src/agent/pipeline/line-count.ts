/** How many lines two texts differ in. */
export interface LineChanges {
  readonly added: number;
  readonly removed: number;
  /** False when the texts differ so much that lines which only moved are counted as equal. */
  readonly isExact: boolean;
}

/** Steps after which the search is given up: some hundredths of a second. */
const maxSteps = 4_000_000;

/** The smallest number of lines to add and remove to turn one text into the other. */
export function countChanges(before: readonly string[], after: readonly string[]): LineChanges {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const shorter = Math.min(before.length, after.length) - start;
  while (end < shorter && before.at(-1 - end) === after.at(-1 - end)) end++;
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const edits = editsBetween(a, b);
  if (edits === null) return { ...unlike(a, b), isExact: false };
  return { added: (edits + b.length - a.length) / 2, removed: (edits + a.length - b.length) / 2, isExact: true };
}

/** The length of the shortest edit script (Myers 1986, without the script), or null when it takes too long to find. */
function editsBetween(a: readonly string[], b: readonly string[]): number | null {
  const most = a.length + b.length;
  const farthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0, steps = 0; edits <= most; edits++) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [left, right] = [farthest.get(diagonal - 1) ?? -1, farthest.get(diagonal + 1) ?? -1];
      let x = diagonal === -edits || (diagonal !== edits && left < right) ? right : left + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) [x, steps] = [x + 1, steps + 1];
      farthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return edits;
      if (++steps > maxSteps) return null;
    }
  }
  return most;
}

/** Lines that one text has more often than the other, regardless of their position. */
function unlike(a: readonly string[], b: readonly string[]): { added: number; removed: number } {
  const counts = new Map<string, number>();
  for (const line of a) counts.set(line, (counts.get(line) ?? 0) - 1);
  for (const line of b) counts.set(line, (counts.get(line) ?? 0) + 1);
  let [added, removed] = [0, 0];
  for (const count of counts.values()) {
    added += Math.max(0, count);
    removed += Math.max(0, -count);
  }
  return { added, removed };
}
