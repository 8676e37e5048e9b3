import { counted } from '../go/count.ts';
import type { Findings } from './lint.ts';
import { type Problem, severityOf } from './problem.ts';
import { rules, type Severity } from './rules.ts';

/** How often each severity was found. */
export function countOf(problems: readonly Problem[], severity: Severity): number {
  return problems.filter((problem) => severityOf(problem) === severity).length;
}

const colours: Readonly<Record<Severity, number>> = { error: 31, warning: 33, note: 36 };

/** A line for each problem, `FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE]`, and one with their numbers. */
export function textReport({ problems, resources, templates }: Findings, hasColours: boolean): string {
  const paint = (text: string, colour: number) => (hasColours ? `\x1b[${colour}m${text}\x1b[0m` : text);
  const lines = problems.map((problem) => {
    const severity = severityOf(problem);
    const label = paint(severity, colours[severity]);
    return `${paint(oneLine(placeText(problem)), 1)}: ${label}: ${oneLine(problem.message)} [${problem.code}]`;
  });
  const counts = (['error', 'warning', 'note'] as const).map((severity) =>
    counted(countOf(problems, severity), severity),
  );
  const looked = `${counted(resources, 'resource')} and ${counted(templates, 'template')}`;
  return [...lines, `${counts.join(', ')} in ${looked}`].map((line) => `${line}\n`).join('');
}

function placeText({ file, line, column }: Problem): string {
  if (file === '') return 'settings';
  return `${file}:${line ?? 1}:${column ?? 1}`;
}

/** A text that cannot pretend to be several lines, or to be a terminal's commands. */
function oneLine(message: string): string {
  return message.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
}

/** One object: the problems, and how many there are of each severity. */
export function jsonReport({ problems, resources, templates }: Findings): string {
  const report = {
    version: 1,
    errors: countOf(problems, 'error'),
    warnings: countOf(problems, 'warning'),
    notes: countOf(problems, 'note'),
    resources,
    templates,
    problems: problems.map((problem) => {
      const { code, file, line, column, message } = problem;
      const place = file === '' ? { file: null, line, column } : { file, line: line ?? 1, column: column ?? 1 };
      return { code, severity: severityOf(problem), ...place, message, fix: rules[code].fix };
    }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
