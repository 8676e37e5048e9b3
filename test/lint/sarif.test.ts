import { expect, test } from '@jest/globals';
import type { Problem } from '../../src/lint/problem.ts';
import { rules } from '../../src/lint/rules.ts';
import { sarifReport } from '../../src/lint/sarif.ts';

const problem = (more: Partial<Problem>): Problem => ({
  code: 'invalid-toml',
  message: 'm',
  file: '/etc/confd/conf.d/a.toml',
  line: 3,
  column: 7,
  ...more,
});
interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } };
    readonly originalUriBaseIds: unknown;
    readonly results: readonly Record<string, unknown>[];
  }[];
}
const sarif = (...problems: Problem[]) => JSON.parse(sarifReport(problems, '1.2.3', '/etc/confd')) as Sarif;

test('SARIF 2.1.0: a log of one run, with every rule', () => {
  const { $schema, version, runs } = sarif();
  const [run] = runs;
  expect([$schema, version, runs.length]).toEqual(['https://json.schemastore.org/sarif-2.1.0.json', '2.1.0', 1]);
  expect(run!.tool.driver).toMatchObject({ name: 'confd lint', version: '1.2.3' });
  expect(run!.tool.driver.rules.map(({ id }) => id)).toEqual(Object.keys(rules));
  expect(run!.originalUriBaseIds).toEqual({ CWD: { uri: 'file:///etc/confd/' } });
  expect(run!.results).toEqual([]);
});

test.each<[string, Partial<Problem>, string, unknown[]]>([
  [
    'below the working directory',
    {},
    'error',
    [
      { uri: 'conf.d/a.toml', uriBaseId: 'CWD' },
      { startLine: 3, startColumn: 7 },
    ],
  ],
  [
    'elsewhere, with characters that a URI cannot have',
    { file: '/etc/a b/#é.toml', line: null, column: null, code: 'decimal-mode' },
    'warning',
    [{ uri: 'file:///etc/a%20b/%23%C3%A9.toml' }, { startLine: 1, startColumn: 1 }],
  ],
  [
    'a name with two dots in front, and a colon',
    { file: '/etc/confd/..x:y', code: 'unused-template' },
    'note',
    [
      { uri: '..x%3Ay', uriBaseId: 'CWD' },
      { startLine: 3, startColumn: 7 },
    ],
  ],
])('SARIF: a result %s', (_what, more, level, [artifactLocation, region]) => {
  const { code } = problem(more);
  expect(sarif(problem(more)).runs[0]!.results).toEqual([
    {
      ruleId: code,
      ruleIndex: Object.keys(rules).indexOf(code),
      level,
      message: { text: 'm' },
      locations: [{ physicalLocation: { artifactLocation, region } }],
    },
  ]);
});

test('SARIF: a setting from outside of any file has no location', () => {
  expect(sarif(problem({ file: '' })).runs[0]!.results[0]).toMatchObject({ ruleId: 'invalid-toml', locations: [] });
});
