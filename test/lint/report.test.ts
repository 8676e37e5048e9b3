import { expect, test } from '@jest/globals';
import type { Findings } from '../../src/lint/lint.ts';
import type { Problem } from '../../src/lint/problem.ts';
import { jsonReport, textReport } from '../../src/lint/report.ts';
import { rules } from '../../src/lint/rules.ts';

const problem = (more: Partial<Problem>): Problem => ({
  code: 'invalid-toml',
  message: 'm',
  file: '/etc/confd/conf.d/a.toml',
  line: 3,
  column: 7,
  ...more,
});
const findings = (...problems: Problem[]): Findings => ({ problems, resources: 1, templates: 2 });

test.each<[string, Partial<Problem>, string]>([
  ['a place', {}, '/etc/confd/conf.d/a.toml:3:7: error: m [invalid-toml]'],
  ['no column', { column: null, code: 'decimal-mode' }, '/etc/confd/conf.d/a.toml:3:1: warning: m [decimal-mode]'],
  ['no line', { line: null, column: null }, '/etc/confd/conf.d/a.toml:1:1: error: m [invalid-toml]'],
  ['no file', { file: '', line: null, column: null }, 'settings: error: m [invalid-toml]'],
  [
    'a message and a file that would be several lines, or orders for a terminal',
    { message: 'a\nb\x1b[31m\u2028c\u202ed\u009b', file: 'x\n/etc/passwd:1:1\x1b]' },
    'x /etc/passwd:1:1 ]:3:7: error: a b [31m c d  [invalid-toml]',
  ],
])('a line of text: %s', (_what, more, line) => {
  const [first, ...rest] = textReport(findings(problem(more)), false).split('\n');
  expect([first, rest.length]).toEqual([line, 2]);
});

test('a summary, and colours where they are wanted', () => {
  const found = findings(problem({}), problem({ code: 'decimal-mode' }), problem({ code: 'unused-template' }));
  expect(textReport(found, false).split('\n').at(-2)).toBe('1 error, 1 warning, 1 note in 1 resource and 2 templates');
  expect(textReport(findings(), false)).toBe('0 errors, 0 warnings, 0 notes in 1 resource and 2 templates\n');
  expect(textReport(found, true)).toContain('\x1b[31merror\x1b[0m');
});

test('JSON', () => {
  const found = findings(problem({}), problem({ file: '', line: null, column: null, code: 'no-resources' }));
  expect(JSON.parse(jsonReport(found))).toEqual({
    ...{ version: 1, errors: 1, warnings: 1, notes: 0, resources: 1, templates: 2 },
    problems: [
      {
        ...{ code: 'invalid-toml', severity: 'error', file: '/etc/confd/conf.d/a.toml', line: 3, column: 7 },
        ...{ message: 'm', fix: rules['invalid-toml'].fix },
      },
      {
        ...{ code: 'no-resources', severity: 'warning', file: null, line: null, column: null },
        ...{ message: 'm', fix: rules['no-resources'].fix },
      },
    ],
  });
});
