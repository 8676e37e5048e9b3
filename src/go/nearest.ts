/** The longest name that is compared. */
const longest = 200;

/** The name that was probably meant: the one with the fewest typing mistakes; null if none is near. */
export function nearest(name: string, names: Iterable<string>): string | null {
  if (name.length > longest) return null;
  let best: string | null = null;
  let least = Math.min(3, Math.floor((name.length + 2) / 3)) + 1; // more mistakes mean another word
  for (const other of names) {
    if (other === name || Math.abs(other.length - name.length) >= least) continue;
    const start = sharedStart(name, other);
    const end = sharedEnd(name.slice(start), other.slice(start));
    const count = mistakes(name.slice(start, name.length - end), other.slice(start, other.length - end), least);
    if (count < least) [best, least] = [other, count];
  }
  return best;
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function sharedEnd(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}

/**
 * How many characters were omitted, added, changed or swapped with their neighbour; a different case counts half. Stops
 * at limit, and compares only near the diagonal: there may be a hundred thousand names.
 */
function mistakes(a: string, b: string, limit: number): number {
  const reach = Math.ceil(limit);
  let before: number[] = [];
  let last = Array.from({ length: Math.min(b.length, reach) + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [];
    let least = (row[0] = i);
    for (let j = Math.max(1, i - reach); j <= Math.min(b.length, i + reach); j++) {
      const changed = (last[j - 1] ?? limit) + difference(a[i - 1]!, b[j - 1]!);
      let count = Math.min((last[j] ?? limit) + 1, (row[j - 1] ?? limit) + 1, changed);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        count = Math.min(count, (before[j - 2] ?? limit) + 1);
      }
      row[j] = count;
      least = Math.min(least, count);
    }
    if (least >= limit) return limit;
    [before, last] = [last, row];
  }
  return last[b.length] ?? limit;
}

function difference(a: string, b: string): number {
  if (a === b) return 0;
  return a.toLowerCase() === b.toLowerCase() ? 0.5 : 1;
}
