// Prints docs/settings.md, made from the rows of the settings and the entries of the backends: npm run settings [-- --write]
// With --write the page is replaced; without it the page is only compared.
import { importSources, publish, table, ticked } from './build/page.mjs';

const { formatValue, missingReaders, offered, offeredEntries, readersOf, settings, topics } = await importSources(
  ...['config/flags', 'config/offered', 'config/schema/schema', 'backend/entries', 'go/flag'],
);

function defaultOf({ kind, default: value }) {
  const text = kind === 'list' ? value.join(', ') : formatValue(kind, value);
  return text === '' || text === 'false' || text === '0s' ? '' : ticked([text]);
}

function rowOf({ name, toml, env, usage, ...row }) {
  return [
    ticked([`-${name}`]),
    toml === null ? '' : ticked([toml]),
    ticked(env),
    defaultOf(row),
    usage.replaceAll('`', ''),
  ];
}

/** Of the settings of stores alone: those that every store has, and those of the agent, need no names. */
const readBy = ({ name }) => (readersOf(name).length === offeredEntries.length ? '' : readersOf(name).join(', '));

function section(topic) {
  const rows = offered.filter((row) => (row.topic ?? 'store') === topic);
  const withBackends = rows.some((row) => readBy(row) !== '');
  const head = ['flag', 'confd.toml', 'variable', 'default', 'meaning', ...(withBackends ? ['backends'] : [])];
  const all = rows.map((row) => [...rowOf(row), ...(withBackends ? [readBy(row)] : [])]);
  return [`## ${topics[topic]}`, table(head, ...all)];
}

const missing = settings.filter(({ name }) => missingReaders(name).length > 0);
publish('docs/settings.md', [
  '<!-- Made by "npm run settings -- --write" from the code. Do not edit. -->',
  '# Settings',
  `A setting can be given by a flag, by a variable of the environment, or by a key of confd.toml. A flag is stronger than a variable, a
variable is stronger than confd.toml. An empty variable counts as not set. Lists are given by a repeated flag, by a variable with
commas, or by a TOML list. \`confd -print-config\` shows the value of each setting and what set it.`,
  `A flag or a key that the chosen backend does not read is named in one warning at the start. Variables are not: images of containers
often set them for every backend.`,
  '## Backends',
  table(
    ['`-backend`', 'where the keys are', 'settings that it reads'],
    ...offeredEntries.map(({ name, description, isDefault, settings: own }) => [
      ticked([name]),
      isDefault === true ? `${description} (default)` : description,
      ticked(Object.values(own).map((row) => `-${row.name}`)),
    ]),
  ),
  ...Object.keys(topics).flatMap(section),
  '## Accepted without effect',
  "Settings of backends that Go's confd has and this release does not. They are accepted, and a warning names them.",
  table(
    ['flag', 'confd.toml', 'variable', 'backend'],
    ...missing.map((row) => [...rowOf(row).slice(0, 3), missingReaders(row.name).join(', ')]),
  ),
]);
