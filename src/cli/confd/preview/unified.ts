import { type DiffLine, type Masks, maskOldSecrets } from './masks.ts';

/** Above this number of changed lines no lines are shown: the time to find them grows with the square of the number. */
export const maxChangedLines = 3000;

const context = 3;

/** The hunks of a unified diff of two byte strings, with secrets masked; null beyond maxChangedLines. */
export async function hunksOf(before: string, after: string, masks: Masks): Promise<readonly string[] | null> {
  const { structuredPatch } = await import('diff');
  const options = { context, maxEditLength: maxChangedLines };
  const patch = structuredPatch('', '', before, after, '', '', options);
  if (patch === undefined) return null;
  const [oldLines, newLines] = [before, after].map((text) => linesOf(text, masks)) as [Shown[], Shown[]];
  const all: DiffLine[] = [];
  const ends: number[] = [];
  for (const { oldStart, newStart, lines } of patch.hunks) {
    let [oldAt, newAt] = [oldStart - 1, newStart - 1];
    for (const line of lines) {
      const sign = line.charAt(0);
      if (sign === '\\') all.push({ ...all.pop()!, isLast: true });
      else if (sign === '-') all.push({ sign, ...oldLines[oldAt++]!, isLast: false });
      else {
        all.push({ sign: sign === '+' ? sign : ' ', ...newLines[newAt++]!, isLast: false });
        if (sign === ' ') oldAt++;
      }
    }
    ends.push(all.length);
  }
  const masked = maskOldSecrets(all);
  return patch.hunks.flatMap((hunk, i) => [headerOf(hunk), ...masked.slice(ends[i - 1] ?? 0, ends[i]).map(printed)]);
}

/** A line as it is shown. */
type Shown = Pick<DiffLine, 'text' | 'isMasked'>;

function linesOf(text: string, masks: Masks): Shown[] {
  const shown = masks.apply(text).split('\n');
  return text.split('\n').map((line, i) => ({ text: shown[i]!, isMasked: shown[i] !== line }));
}

function printed({ sign, text, isLast }: DiffLine): string {
  return `${sign}${text}${isLast ? '\n\\ No newline at end of file' : ''}`;
}

interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
}

/** For zero lines, the format has the number of the line before. */
function headerOf({ oldStart, oldLines, newStart, newLines }: Hunk): string {
  const range = (start: number, count: number) => `${count === 0 ? start - 1 : start},${count}`;
  return `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`;
}
