// Prints docs/lint.md, made from the rules of confd lint and the table of services: npm run lint-page [-- --write]
// With --write the page is replaced; without it the page is only compared.
import { importSources, publish, table, ticked } from './build/page.mjs';

const { rules, services } = await importSources('lint/rules', 'services/services');

const code = (text) => (text === null ? '' : `\`${text}\``);

const onSignal = { ends: 'the service ends', keeps: 'the old one stays, nobody is told', nothing: 'it is not read' };

publish('docs/lint.md', [
  '<!-- Made by "npm run lint-page -- --write" from the code. Do not edit. -->',
  '# confd lint',
  `\`confd lint [DIR]\` checks confd.toml, every resource in conf.d and every template that they name, and prints each problem with its
place and a code. It reads files only: no store is asked, no command is run, nothing is written. Values of keys and secrets of the
settings are never printed.`,
  `DIR is a confdir; then its own confd.toml counts, if it has one. Without DIR, lint checks the confdir that the agent would use with the
same flags and environment. So a command line of the agent can be checked as it is: put \`lint\` in front of the flags.`,
  `    confd lint
    confd lint -watch -backend env ./deploy/confd
    confd lint -format sarif ./deploy/confd >confd.sarif`,
  table(
    ['flag', ''],
    [
      code('-format text'),
      'a line for each problem, `FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE]`, and a summary (default)',
    ],
    [
      code('-format json'),
      'one object: the numbers, and the problems with code, severity, file, line, column, message and fix',
    ],
    [code('-format sarif'), 'SARIF 2.1.0, which code hosts and editors can show at the place'],
    [code('-strict'), 'warnings count as errors for the exit code'],
  ),
  table(
    ['exit code', ''],
    ['0', 'no errors; there may be warnings and notes'],
    ['1', 'at least one error; with `-strict`, at least one warning'],
    ['2', 'nothing could be checked: a wrong command line, or no such directory'],
  ),
  '## Codes',
  `An error keeps a resource from working. A warning is a trap: confd runs, but hardly does what is meant. A note is for tidying up, or
depends on the machine. Lines and columns begin with 1; columns count UTF-16 units. A problem of a flag or a variable has the place \`settings\`.
Codes do not change in later releases.`,
  table(
    ['code', 'severity', 'what it means', 'what to do'],
    ...Object.entries(rules).map(([name, { severity, meaning, fix }]) => [ticked([name]), severity, meaning, fix]),
  ),
  `What only a run can know is not reported: a key whose name a template makes, an included file whose name comes from a key, a command
behind \`if\`, a loop or \`sh -c\`.`,
  '## Services',
  `What lint knows of services, as Debian 12 packages them. \`{{.src}}\` is the stage file: it lies in the directory of dest, its name begins with a dot and
has no ending of its own. A signal does not tell whether the service took the file; where it ends the service, check_cmd is not optional.`,
  table(
    ['service', 'check_cmd for a whole configuration', 'reload_cmd that reports', 'a signal, with a broken file'],
    ...services
      .filter(({ check, reload, onSignal: effect }) => check ?? reload ?? effect)
      .map(({ name, check, reload, onSignal: effect }) => [
        name,
        code(check),
        code(reload),
        effect === undefined ? '' : onSignal[effect],
      ]),
  ),
  `A part of nginx's configuration needs a small main file around it:`,
  `    check_cmd = "printf 'pid /run/confd-check.pid; events {} http { include %s; }' {{.src}} >/run/confd-check.conf && nginx -t -q -c /run/confd-check.conf"`,
]);
