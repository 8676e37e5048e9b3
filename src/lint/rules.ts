/** An error keeps a resource from working, a warning is a trap, a note is for tidying up or depends on the machine. */
export type Severity = 'error' | 'warning' | 'note';

/** What is said of every problem with one code. */
export interface Rule {
  readonly severity: Severity;
  readonly meaning: string;
  readonly fix: string;
}

const error = (meaning: string, fix: string): Rule => ({ severity: 'error', meaning, fix });
const warning = (meaning: string, fix: string): Rule => ({ severity: 'warning', meaning, fix });
const note = (meaning: string, fix: string): Rule => ({ severity: 'note', meaning, fix });

/** Every code, which stays what it is in later releases. docs/lint.md holds the same table. */
export const rules = {
  'unreadable-file': error('A file or directory cannot be read.', 'Correct its permissions, or where its link leads.'),
  'invalid-toml': error('The file is not TOML.', 'Correct the syntax at that place.'),
  'invalid-value': error('A key has a value that it cannot have.', 'Write the value as the message says.'),
  'invalid-setting': error('A setting cannot work, alone or with others.', 'Change what the message names.'),
  'misspelt-key': error(
    'A key is not known, and looks like one that is.',
    'Write the known key; -lenient makes this a warning.',
  ),
  'missing-key': error('The resource has no `[template]`, `src` or `dest`.', 'Add it.'),
  'unknown-backend': error('There is no such backend in this release.', 'Name one that `confd help` lists.'),
  'unknown-source': error('`sources` names no `[source.<name>]` table.', 'Name one of them, or add it to confd.toml.'),
  'invalid-path': error('`src` or `dest` cannot be a file.', 'Name a file.'),
  'invalid-command': error(
    'A command has no valid text for every path.',
    'Write `{{.src}}` or `{{.dest}}` as the message says.',
  ),
  'missing-template': error(
    'The template of a resource is not there.',
    'Correct `src`, or add the file below templates/.',
  ),
  'template-syntax': error('The template does not parse.', 'Correct the template at that place.'),
  'unknown-function': error('A template calls a function that does not exist.', 'Write the function that was meant.'),
  'undefined-variable': error(
    'A template uses a variable that is not defined there.',
    'Define it with := before its use.',
  ),
  'undefined-template': error(
    '`{{template}}` names no `{{define}}` or `{{block}}` of the same file.',
    'Define it in this file, or use `include`.',
  ),
  'wrong-arguments': error(
    'A function is called with too few or too many arguments, or with a constant of the wrong type.',
    'Call it as docs/templates.md shows.',
  ),
  'invalid-include': error(
    'An included file or partial is missing, outside templates/, or includes itself.',
    'Correct its name, or add the file.',
  ),
  'dest-not-file': error(
    '`dest` is a directory, a device, a socket, a named pipe or a part of the kernel.',
    'Name a file.',
  ),
  'nested-dest': error(
    '`dest` lies below the `dest` of another resource, which is a file.',
    'Give one of them another place.',
  ),
  'unknown-key': warning('A key is not known and has no effect.', 'Remove it, or write the one that was meant.'),
  'old-layout': warning('A `[confd]` table is the layout of an old release.', 'Move its keys to the top level.'),
  'missing-header': warning(
    'confd.toml looks like a resource without its header.',
    'Add `[template]`, and move it to conf.d.',
  ),
  'doubtful-setting': warning(
    'A setting has no effect, or probably another effect than intended.',
    'Remove it, or add what it needs.',
  ),
  'exposed-secret': warning('A file with a secret is readable by everyone.', 'Take that right away with `chmod o-r`.'),
  'unreadable-folder': warning('A directory below conf.d cannot be read.', 'Correct its permissions.'),
  'no-resources': warning('There is no resource in conf.d.', 'Add one, or name another DIR.'),
  'decimal-mode': warning(
    '`mode` is a decimal number; permissions are usually written as octal numbers.',
    'Put a 0 in front: `mode = "0644"`.',
  ),
  'key-outside-keys': warning(
    'A template asks for a key that no entry of `keys` selects: it is never there.',
    'Add it to `keys`, or correct the name.',
  ),
  'datetime-in-output': warning(
    'The output holds the time, so every pass writes the file and reloads.',
    'Leave the time out, or print the date alone.',
  ),
  'duplicate-dest': warning(
    'Two resources have one `dest`: each overwrites what the other wrote.',
    'Give each a `dest` of its own.',
  ),
  'dest-in-confdir': warning(
    '`dest` is confd.toml or lies in conf.d or templates: confd would read what it writes.',
    'Write it elsewhere.',
  ),
  'dest-like-stage-file': warning(
    '`dest` is named as confd names its stage files, which it removes.',
    'Give it another name.',
  ),
  'dest-is-link': warning(
    '`dest` is a symbolic link: the link is replaced, not the file that it leads to.',
    'Name the file itself.',
  ),
  'dest-is-mount': warning(
    '`dest` is a mount point and cannot be replaced in one step: readers may see half of it.',
    'Mount its directory instead.',
  ),
  'dest-not-read': warning(
    'The service that reads the directory does not read a file with that name.',
    'Give it a name as the message says.',
  ),
  'stage-file-read': warning(
    'The service that reads the directory reads the stage file, too.',
    'Write it to another directory, and include it from there.',
  ),
  'backend-cannot-watch': warning(
    'The backend cannot watch: -watch polls at every interval.',
    'Choose the interval that you need, or another backend.',
  ),
  'check-of-old-file': warning(
    'check_cmd judges the file that is there, and not the new one.',
    'Give the checker `{{.src}}`.',
  ),
  'check-of-part': warning(
    'check_cmd judges a part as if it were a whole configuration.',
    'Check it through a small main file that includes `{{.src}}`.',
  ),
  'check-finds-nothing': warning(
    'check_cmd exits with 0 for files that are broken.',
    'Write the check as the message says.',
  ),
  'check-needs-name': warning(
    'The checker goes by the name of the file, and a stage file has another name.',
    'Write the check as the message says.',
  ),
  'reload-without-effect': warning(
    'reload_cmd sends a signal with which the service does not read its configuration.',
    'Restart it, or use the command that the message names.',
  ),
  'reload-reports-nothing': warning(
    'The exit code of reload_cmd does not tell whether the reload worked.',
    'Use the form of the command that does.',
  ),
  'command-placeholder': warning(
    'reload_cmd holds braces that are replaced by nothing.',
    'Write `{{.src}}` or `{{.dest}}`.',
  ),
  'unknown-owner': note(
    'The owner or group is not in the files of the machine that runs lint.',
    'Make it before confd starts, unless a directory service knows it.',
  ),
  'reload-when-stopped': note(
    'reload_cmd exits with 0 when the service does not run. In a boot script, which starts it later, that is right.',
    'Elsewhere, use a command that fails then, or watch the service by other means.',
  ),
  'dest-parent-missing': note(
    'The directory of `dest` is not there, and confd does not make it.',
    'Make it before confd starts.',
  ),
  'dest-read-only': note('The directory of `dest` is on a read-only file system.', 'Mount it writable.'),
  'dest-no-permission': note('The user who runs lint may not replace `dest`.', 'Run confd as a user who may.'),
  'unused-template': note('No resource, include or partial names the file.', 'Remove it, or name it.'),
} as const satisfies Record<string, Rule>;

/** The name of a rule. */
export type Code = keyof typeof rules;
