import type { ConfigError, ConfigPlace, ConfigWarning } from '../config/error.ts';
import { type Code, rules, type Severity } from './rules.ts';

/** One problem and its place; a file of '' is a setting from outside of any file. */
export interface Problem extends ConfigPlace {
  readonly code: Code;
  readonly message: string;
}

/** How much a problem weighs. */
export function severityOf({ code }: Problem): Severity {
  return rules[code].severity;
}

/** A problem that the loader of the configuration found. */
export function fromConfig({ code, file, line, column, fact }: ConfigError | ConfigWarning): Problem {
  return { code: Object.hasOwn(rules, code) ? (code as Code) : 'invalid-setting', file, line, column, message: fact };
}

/** Problems by file and place, each once. */
export function sorted(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(Object.entries(problem).sort()), problem]));
  const order = (a: Problem, b: Problem) =>
    compare(a.file, b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compare(a.code, b.code);
  return [...byText.values()].sort(order);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
