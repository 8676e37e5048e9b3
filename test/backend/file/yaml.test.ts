import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BackendError } from '../../../src/backend/contract/backend.ts';
import { flatten } from '../../../src/backend/file/document.ts';

// What Go's confd makes of YAML: thousands of scalars and documents, read by yaml.v2 (test/golden/yaml.go).

interface Row {
  readonly kind: 'scalar' | 'document' | 'placed' | 'mutant';
  /** A byte string, as all in a row. */
  readonly text: string;
  readonly pairs?: Readonly<Record<string, string>>;
  readonly error?: string;
}

const rows = JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/yaml.json'), 'utf8')) as readonly Row[];

/** The keys of a file in order, or why it is refused. */
async function ours(text: string): Promise<[string, string][] | string> {
  const pairs = new Map<string, string>();
  try {
    await flatten('/f', Buffer.from(text, 'latin1'), pairs);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return error.message;
  }
  return [...pairs].sort();
}

const theirs = ({ pairs = {}, error }: Row): [string, string][] | string => error ?? Object.entries(pairs).sort();

type Outcome = 'reads it' | 'refuses it' | 'reads it otherwise';

/** Where we differ on purpose (docs/decisions/0017-yaml.md): what we do, with which documents, and which words of Go's. */
const decided: readonly (readonly [why: string, Outcome, text: RegExp, error: RegExp])[] = [
  ["JSON's escapes are read in YAML, too", 'reads it', /\\\/|\\ud83d/, /escape/],
  ['a timestamp is text, whether it is one or not', 'reads it', /!!timestamp/, /as a !!timestamp/],
  ['the tag of a key says nothing', 'reads it', /!!int a/, /cannot decode/],
  ['U+2028 and U+2029 are letters', 'reads it', /\xe2\x80[\xa8\xa9]/, /./],
  ['U+2028 and U+2029 are letters', 'reads it otherwise', /\xe2\x80[\xa8\xa9]/, /^$/],
  ['a tab is a blank', 'reads it', /\t/, /tab character|cannot start any token/],
  ['a question mark inside brackets is a letter', 'reads it', /[[{,][^\]}]*\w\?/, /expected ',' or/],
  ['directives are not needed to read a file', 'reads it', /^%/, /directive|incompatible/],
  ['a directive behind a document needs a line of dots before it', 'refuses it', /a: 1\n%YAML/, /^$/],
  ['an anchor may have any name', 'reads it', /[&*][^\n :]*[.\xc3']/, /alphabetic or numeric/],
  ['a key inside brackets may have several lines', 'reads it', /["\w]\n"?:|&x\n/, /expected ',' or/],
  ['a value of nothing inside brackets is null', 'reads it', /[[{](m: )?(-|::?) ?\w?[,\]} ]/, /expected node content/],
  ['a file that begins with dots is empty', 'reads it', /^\.\.\.\n/, /expected node content/],
  ['a tag ends at a comma or bracket', 'reads it', /!,|!x,/, /expected ',' or/],
  ['a tag ends at a comma or bracket', 'reads it otherwise', /!!str,|!a,/, /^$/],
  ['a tag ends at a comma or bracket', 'refuses it', /!x[,\]]y/, /^$/],
  ['behind brackets at the top anything may follow', 'reads it', /^\{[^]*\}/, /line \d|expected key/],
  ['lines of a value less deep than its key', 'reads it', /^\? a\n : b/, /expected key/],
  ['what follows the file in a lesser column would be lost', 'refuses it', /^ +[?\w][^]*\n[\w]/, /^$|^panic$/],
  ['what follows the end of the document would be lost', 'refuses it', /\n\.\.\. x/, /^$/],
  ['a mapping as a key is a mistake', 'refuses it', /^\{.*\}: 1/, /^$/],
  ['a colon at the end of text of several lines, inside brackets', 'refuses it', /\[a\n b:\]/, /^$/],
  ['a key that is missing is a mistake', 'refuses it', /^\? *\n|\?\n|&\w*:|\? #c|\? &x/, /^panic$/],
];

function outcome(row: Row, got: [string, string][] | string): Outcome | null {
  if (row.error === 'panic') return typeof got === 'string' ? 'refuses it' : null;
  if (row.error !== undefined) return typeof got === 'string' ? null : 'reads it';
  if (typeof got === 'string') return 'refuses it';
  return JSON.stringify(got) === JSON.stringify(theirs(row)) ? null : 'reads it otherwise';
}

test('the corpus is large', () => {
  const count = (kind: Row['kind']): number => rows.filter((row) => row.kind === kind).length;
  expect(count('scalar')).toBeGreaterThanOrEqual(2000);
  expect(count('document') + count('placed') + count('mutant')).toBeGreaterThanOrEqual(900);
});

describe('as Go, but for what is decided', () => {
  const used = new Set<string>();

  test.each(['scalar', 'document', 'placed', 'mutant'] as const)('%s', async (kind) => {
    const surprises: unknown[] = [];
    for (const row of rows.filter((each) => each.kind === kind)) {
      const got = await ours(row.text);
      const differs = outcome(row, got);
      if (differs === null) continue;
      const why = decided.find(
        ([, what, text, error]) => what === differs && text.test(row.text) && error.test(row.error ?? ''),
      );
      if (why === undefined) surprises.push({ text: row.text, differs, go: theirs(row), ours: got });
      else used.add(JSON.stringify([why[0], why[1]]));
    }
    expect(surprises).toEqual([]);
  });

  test('every decision is one that the corpus knows', () => {
    expect(decided.filter(([why, what]) => !used.has(JSON.stringify([why, what])))).toEqual([]);
  });
});

test.each<[string, string]>([
  ['brackets closed at the left edge', 'a: [\n1,\n2\n]\nb: 3\n'],
  ['quoted scalars that go on at the edge', 'a: "x\ny"\nb: \'p\nq\'\n'],
  ['a comment right behind a quote', 'x: "y"#c\nz: 1\n'],
  ['brackets at the top, and more', '{a: 1}\n{b: 2}\n'],
  ['an alias as a key', 'a: &x k\n*x: v\n'],
  ['CR alone', 'a: 1\rb:\r  c: 2\r'],
  ['an underscore in a float', 'a: .5_0\n'],
  ['a colon before a bracket', 'a: [a:]\n'],
  ['a block without a line break at its end', 'a: |\n  x\n  y'],
])('what users met: %s', async (_name, text) => {
  const row = rows.find((each) => each.text === text)!;
  expect(row.error).toBeUndefined();
  expect(await ours(text)).toEqual(theirs(row));
});
