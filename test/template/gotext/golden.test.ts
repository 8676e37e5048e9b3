import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { toText } from '../../../src/go/bytes.ts';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import type { MissingKey } from '../../../src/template/gotext/state.ts';
import { compileTemplate } from '../../../src/template/gotext/template.ts';
import { templateFuncs } from '../../helpers/template-funcs.ts';
import { testRows } from '../../helpers/test-rows.ts';

/** One row of test/golden/template.go: a template, its options, and Go's output and error. */
interface Row {
  readonly t: string;
  readonly n?: string;
  readonly l?: string;
  readonly r?: string;
  readonly m?: MissingKey;
  readonly o?: string;
  readonly e?: string;
}

const rows = JSON.parse(readFileSync(new URL('../../golden/template.json', import.meta.url), 'utf8')) as Row[];

function run(row: Row): { out: string; error: string } {
  let out = '';
  try {
    const options = { funcs: templateFuncs, delims: { left: row.l ?? '', right: row.r ?? '' } };
    const template = compileTemplate(
      row.n ?? 'x',
      row.t,
      row.m === undefined ? options : { ...options, missingKey: row.m },
    );
    template.render(undefined, templateFuncs, (chunk) => (out += chunk));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw new Error(`bug in ${row.t}`, { cause: error });
    return { out, error: error.message };
  }
  return { out, error: '' };
}

testRows('as Go does', rows, (row) => {
  expect({ template: row.t, ...run(row) }).toEqual({ template: row.t, out: row.o ?? '', error: toText(row.e ?? '') });
});
