import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const page = join(import.meta.dirname, '../../docs/faults.md');
/** A folder into which the rows go instead of being held against the page. */
const out = process.env['FAULTS_OUT'];
const atOnce = 6;

/** A fault, and what puts the agent through it: it checks what must hold, and tells in a line what was observed. */
export type Fault = readonly [fault: string, observe: () => Promise<string>];

/** Observes the faults of a backend, several at a time, and holds the rows of docs/faults.md to what was observed. */
export function faultTable(backend: string, faults: readonly Fault[]): void {
  const observed = new Map<string, { row: string } | { error: unknown }>();

  describe(`faults of ${backend}`, () => {
    test('all of them', async () => {
      const waiting = [...faults];
      const lane = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const [fault, observe] = next;
          observed.set(
            fault,
            await observe().then(
              (seen) => ({ row: `| ${backend} | ${fault} | ${seen} |` }),
              (error: unknown) => ({ error }),
            ),
          );
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
    }, 600_000);

    test.each(faults)('%s', (fault) => {
      const result = observed.get(fault)!;
      if ('error' in result) throw result.error;
      if (out === undefined) expect(pageRows(backend).map(timeless)).toContain(timeless(result.row));
    });

    test('the page tells of these and no others', () => {
      const rows = faults.map(([fault]) => {
        const result = observed.get(fault)!;
        return 'row' in result ? result.row : '';
      });
      if (out === undefined) {
        expect(pageRows(backend).map(timeless)).toEqual(rows.map(timeless));
        return;
      }
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, `${backend}.json`), JSON.stringify(rows));
    });
  });
}

/** A row without the tenths of a second that a busy machine changes. */
function timeless(row: string): string {
  return row.replace(/(no answer within) [0-9.]+ s/g, '$1 … s');
}

function pageRows(backend: string): string[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`| ${backend} |`));
}
