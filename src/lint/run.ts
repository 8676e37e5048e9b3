import { lint, LintError, type LintRequest } from './lint.ts';
import { countOf, jsonReport, textReport } from './report.ts';
import { sarifReport } from './sarif.ts';

/** How the report shall be. */
export interface ReportForm {
  readonly format: 'text' | 'json' | 'sarif';
  /** Whether text has colours. */
  readonly hasColours: boolean;
  /** Whether warnings are as bad as errors. */
  readonly isStrict: boolean;
  /** The version of the program, for SARIF. */
  readonly version: string;
  /** The working directory, from which SARIF names files. */
  readonly folder: string;
}

/** A report and the exit code, or why nothing could be checked. */
export type LintResult =
  { readonly report: string; readonly exitCode: 0 | 1 } | { readonly refused: string; readonly exitCode: 2 };

/** Lints, and makes a report of what was found: all that the command needs, so that it loads one chunk. */
export async function runLint(request: LintRequest, form: ReportForm): Promise<LintResult> {
  try {
    const findings = await lint(request);
    const { problems } = findings;
    const isBad = countOf(problems, 'error') > 0 || (form.isStrict && countOf(problems, 'warning') > 0);
    const report = {
      text: () => textReport(findings, form.hasColours),
      json: () => jsonReport(findings),
      sarif: () => sarifReport(problems, form.version, form.folder),
    }[form.format]();
    return { report, exitCode: isBad ? 1 : 0 };
  } catch (error) {
    if (!(error instanceof LintError)) throw error;
    return { refused: error.message, exitCode: 2 };
  }
}
