import { toText } from '../src/go/bytes.ts';
import { TemplateError } from '../src/template/engine/engine.ts';
import type { MissingKey } from '../src/template/gotext/state.ts';
import { compileTemplate } from '../src/template/gotext/template.ts';
import { templateFuncs } from '../test/helpers/template-funcs.ts';

/** A template and its options; named as the oracle reads them. */
export interface Case {
  readonly t: string;
  readonly l: string;
  readonly r: string;
  readonly m: MissingKey;
}

export interface Result {
  readonly out: string;
  /** As text; '' if there was none. */
  readonly error: string;
}

const mostOutput = 1 << 20;

/** What our engine makes of a case; what it must never throw shows as an error of its own kind. */
export function runOurs({ t, l, r, m }: Case): Result {
  let out = '';
  try {
    const options = { funcs: templateFuncs, delims: { left: l, right: r }, missingKey: m };
    compileTemplate('x', t, options).render(undefined, templateFuncs, (chunk) => {
      out += chunk;
      if (out.length > mostOutput) throw new TemplateError('too much output');
    });
    return { out, error: '' };
  } catch (error) {
    if (error instanceof TemplateError) return { out, error: error.message };
    return { out, error: `CRASH ${toText(String(error))}` };
  }
}

/** Where our engine shows one address, Go shows another each time. */
const address = /c000010000|824633786368|14000000200000|1100000000000000000000010000000000000000/i;
/** An address may have been printed and then cut, counted or compared. */
const handlesAddress =
  /(print|html|js|urlquery)[^]*\b(fn|ppair|ptemp|nil\w+)\b|%[^v]*p|\b(fn|ppair|ptemp)\b[^]*(print|html|js|urlquery)/;

/** No function of confd takes a pointer, so our values know no place that a pointer could point to. */
const takesAddress = 'expected *memkv.KVPair; got memkv.KVPair';

/** Whether a difference may be one of addresses alone. */
export function showsAddress({ t }: Case, { out, error }: Result): boolean {
  return (
    error.includes(takesAddress) ||
    address.test(out) ||
    address.test(error) ||
    (handlesAddress.test(t) && /index|slice|len|eq|lt|le|gt|ge|ne|Append/.test(t))
  );
}
