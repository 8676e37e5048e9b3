import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { toText } from '../../src/go/bytes.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import { Reader } from '../../src/mirror/readset.ts';
import { confdFuncs, declare, funcDepsOf } from '../../src/template/funcs/funcs.ts';
import type { FuncDeps } from '../../src/template/funcs/funcs.ts';
import { Suspend } from '../../src/template/engine/engine.ts';
import { goEngine } from '../../src/template/gotext/template.ts';

export const clock = { now: () => Date.UTC(2026, 10, 22, 7, 8, 9, 123) };

/** A world in which nothing moves. */
export const still = funcDepsOf(new Map([['TZ', 'UTC']]), clock);

/** A reader of a store with these pairs. */
export function readerOf(store: Record<string, string> = {}): Reader {
  const mirror = new Mirror();
  mirror.replace({ pairs: new Map(Object.entries(store)) });
  return new Reader(mirror.view('/', ['/'], 'subtree'));
}

/** What the text of a template gives. */
export function render(text: string, reader = readerOf(), world: FuncDeps = still): string {
  let out = '';
  const template = goEngine.compile('t', text, declare(world.keyring));
  template.render(undefined, confdFuncs(reader, world), (chunk) => (out += chunk));
  return out;
}

/** Like render, waiting for what the template has to wait for. */
export async function renderWaiting(text: string, reader = readerOf(), world: FuncDeps = still): Promise<string> {
  for (;;) {
    try {
      return render(text, reader, world);
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
}

interface Row {
  readonly of: string;
  readonly template: string;
  readonly store: Record<string, string> | null;
  readonly out: string;
  readonly err?: string;
}

/** Tests the rows of one kind: each template gives the bytes, or the error, that it gives in Go. */
export function testGolden(kind: 'store' | 'lists' | 'text' | 'data' | 'numbers' | 'regex'): void {
  const rows = JSON.parse(readFileSync(new URL('../golden/funcs.json', import.meta.url), 'utf8')) as Row[];
  const own = rows.filter(({ of }) => of === kind).map((row): [string, Row] => [row.template, row]);
  describe("as with Go's own engine", () => {
    test.each(own)('%s', async (_, { template, store, out, err }) => {
      const reader = readerOf(store ?? {});
      if (err === undefined) expect(await renderWaiting(template, reader)).toBe(out);
      else
        await expect(renderWaiting(template, reader)).rejects.toThrow(
          expect.objectContaining({ message: toText(err) }),
        );
    });
  });
}
