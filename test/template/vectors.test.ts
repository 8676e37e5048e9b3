/**
 * Rows that somebody else recorded with another Go: VECTORS names a folder with `go-template-cases.jsonl`, templates
 * with what Go 1.19 made of them, and `sort-vectors.json`, lists of lengths with the order in which sort leaves them.
 */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromText } from '../../src/go/bytes.ts';
import { sortSort } from '../../src/go/sort.ts';
import { Suspend, TemplateError } from '../../src/template/engine/engine.ts';
import type { Template } from '../../src/template/engine/engine.ts';
import { confdFuncs, declaredFuncs } from '../../src/template/funcs/funcs.ts';
import { goEngine } from '../../src/template/gotext/template.ts';
import { readerOf, still } from './rendering.ts';

const folder = process.env['VECTORS'] ?? '';
const maybe = existsSync(join(folder, 'go-template-cases.jsonl')) ? describe : describe.skip;
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

interface Case {
  readonly template: string;
  readonly out_b64: string;
  /** Go's message behind PARSE or EXEC, or nothing. */
  readonly err: string;
}

const store = {
  '/a': '1',
  '/b': 'two',
  '/app/x/host': '10.0.0.1',
  '/app/x/port': '80',
  '/app/y/host': '10.0.0.2',
  '/app/y/port': '81',
  '/json': '{"b":1,"a":[1,2.5,"x",null,true],"n":null,"o":{"k":"v"}}',
};

/** What newer Go makes of the templates that it takes differently: docs/go-1.27.md. */
const changed: ReadonlyMap<string, string> = new Map([
  ['{{print 1)}}', 'PARSE template: x:1: unexpected right paren'],
  ['{{$x := 0}}{{$y := 0}}{{range $x = seq 1 3}}{{.}}{{end}} x={{$x}} y={{$y}}', '123 x=3 y=0'],
  ['{{range 5}}{{.}}{{end}}', '01234'],
  ['{{eq 1 1.0}}', incomparable('eq 1 1.0', 'eq', 'int and float64')],
  ['{{eq (json `{"a":80}`).a 80}}', incomparable('eq (json `{"a":80}`).a 80', 'eq', 'float64 and int')],
  ['{{lt 1 1.5}}', incomparable('lt 1 1.5', 'lt', 'int and float64')],
  ['{{call 1}}', 'EXEC template: x:1:2: executing "x" at <call 1>: error calling call: non-function 1 of type int'],
]);

function incomparable(call: string, name: string, types: string): string {
  const what = `error calling ${name}: incompatible types for comparison: ${types}`;
  return `EXEC template: x:1:2: executing "x" at <${call}>: ${what}`;
}

/** The output with the error behind it, as the rows have it. */
async function run(text: string): Promise<string> {
  let template: Template;
  try {
    template = goEngine.compile('x', fromText(text), declaredFuncs);
  } catch (error) {
    return `PARSE ${(error as TemplateError).message}`;
  }
  for (;;) {
    let out = '';
    try {
      template.render(undefined, confdFuncs(readerOf(store), still), (chunk) => (out += chunk));
      return out;
    } catch (error) {
      if (error instanceof TemplateError) return `${out}EXEC ${error.message}`;
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
}

maybe('templates that Go 1.19 ran', () => {
  const cases =
    folder === ''
      ? []
      : read('go-template-cases.jsonl')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Case);

  test('come out as recorded, or as newer Go has them', async () => {
    const differing: string[] = [];
    for (const { template, out_b64: out, err } of cases) {
      const expected = Buffer.from(out, 'base64').toString('latin1') + err;
      const got = await run(template);
      expect([template, got]).toEqual([template, changed.get(template) ?? expected]);
      if (got !== expected) differing.push(template);
    }
    expect(cases.length).toBeGreaterThan(200);
    expect(new Set(differing)).toEqual(new Set(changed.keys()));
  });

  test('sort leaves equal elements where Go leaves them, but for some of the longer lists', () => {
    const rows = JSON.parse(read('sort-vectors.json')) as { readonly lens: number[]; readonly perm: number[] }[];
    const differing = rows.filter(({ lens, perm }) => {
      const indexes = lens.map((_, i) => i);
      sortSort(indexes, (a, b) => lens[a]! < lens[b]!);
      return indexes.join() !== perm.join();
    });
    expect([rows.length, differing.length]).toEqual([90, 28]);
    expect(Math.min(...differing.map(({ lens }) => lens.length))).toBe(28);
  });
});
