import { isAbsolute, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Problem, severityOf } from './problem.ts';
import { type Code, rules } from './rules.ts';

/** The problems as a log of SARIF 2.1.0; files below folder (absolute) are named from there. */
export function sarifReport(problems: readonly Problem[], version: string, folder: string): string {
  const codes = Object.keys(rules) as Code[];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'confd lint',
            version,
            rules: codes.map((id) => ({
              id,
              shortDescription: { text: rules[id].meaning },
              help: { text: rules[id].fix },
              defaultConfiguration: { level: rules[id].severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { CWD: { uri: `${pathToFileURL(folder).href.replace(/\/$/, '')}/` } },
        results: problems.map((problem) => ({
          ruleId: problem.code,
          ruleIndex: codes.indexOf(problem.code),
          level: severityOf(problem),
          message: { text: problem.message },
          locations: problem.file === '' ? [] : [locationOf(problem, folder)],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function locationOf({ file, line, column }: Problem, folder: string) {
  const inside = isAbsolute(file) ? relative(folder, file) : relative('.', file);
  const artifactLocation = /^\.\.(?:\/|$)/.test(inside)
    ? { uri: pathToFileURL(file).href }
    : { uri: inside.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'CWD' };
  return { physicalLocation: { artifactLocation, region: { startLine: line ?? 1, startColumn: column ?? 1 } } };
}
