import { normalize } from 'node:path';
import { fromText, toText } from '../go/bytes.ts';
import { parseUint } from '../go/strconv.ts';
import { ConfigError, type ConfigWarning, fail, type Report, warningAt } from './error.ts';
import { readConfigFile } from './config-file.ts';
import { asBool, asInt, asString, asStrings, asTable, checkKeys, findEntry, mismatch } from './toml-fields.ts';
import { scanResources, withExtra } from './scan-resources.ts';
import { asMilliseconds } from './setting.ts';
import { chooseSources, type Sources, type SourceSpec } from './sources.ts';
import { type TomlEntry, type TomlTable, parseToml, tomlError } from './toml.ts';

/** One template resource: template, target file, keys and commands. All strings are text. */
export interface ResourceSpec {
  /** The TOML file of the resource. */
  readonly file: string;
  /** Template name, relative to the template directory. */
  readonly src: string;
  /** Target file. */
  readonly dest: string;
  readonly keys: readonly string[];
  readonly prefix: string;
  /** Where the keys are looked up, in this order. */
  readonly sources: readonly SourceSpec[];
  /** The permission bits of the target; null keeps those of an existing target. */
  readonly mode: number | null;
  readonly owner: string | null;
  readonly group: string | null;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Shell command that checks the staged file; '' means none. */
  readonly checkCmd: string;
  /** Shell command that runs after the target changed; '' means none. */
  readonly reloadCmd: string;
  readonly checkTimeoutMs: number | null;
  readonly reloadTimeoutMs: number | null;
  /** The language of the template; null: decided by the name of the file. */
  readonly engine: 'go' | 'handlebars' | null;
  /** Whether an unknown name is an error in a Handlebars template. */
  readonly strict: boolean;
  /** With fewer keys, the target is not updated. */
  readonly minKeys: number;
  /** Whether the target is rendered without any key. */
  readonly allowEmpty: boolean;
}

/** The content of conf.d; a file with an error is in errors, the others are in specs. */
export interface LoadedResources {
  readonly specs: readonly ResourceSpec[];
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigWarning[];
  /** Every resource file, valid or not, in the order of loading. */
  readonly found: readonly string[];
}

const globalOnly: Sources = { global: null, named: new Map() };

/**
 * Loads every template resource of confdir, and extraFile unless it is one of them. A key that is probably misspelt is
 * an error of its file; a warning with lenient. Never throws for a bad file.
 */
export async function loadResources(
  confdir: string,
  extraFile: string | null = null,
  sources = globalOnly,
  lenient = false,
): Promise<LoadedResources> {
  const scanned = await scanResources(confdir);
  const files = extraFile === null ? scanned.files : await withExtra(scanned.files, extraFile);
  const { specs, errors, warnings } = await readResources(files, sources, lenient);
  const noneFound = files.length === 0 && scanned.warnings.length + scanned.errors.length === 0;
  return {
    specs,
    errors: [...scanned.errors, ...errors],
    warnings: [...scanned.warnings, ...(noneFound ? [noResources(confdir)] : []), ...warnings],
    found: files,
  };
}

/** Loads these resource files, as loadResources does. */
export async function readResources(
  files: readonly string[],
  sources = globalOnly,
  lenient = false,
): Promise<Omit<LoadedResources, 'found'>> {
  const loaded: Loaded[] = [];
  // One after the other: a process can open only a limited number of files.
  for (const file of files) loaded.push(await loadResource(file, sources, lenient));
  const specs = loaded.flatMap(({ spec }) => spec ?? []);
  return {
    specs,
    errors: loaded.flatMap(({ error }) => error ?? []),
    warnings: [
      ...loaded.flatMap(({ warnings }) => warnings),
      ...sameDests(specs).map(({ file, fact }) =>
        warningAt('duplicate-dest', { file, line: null, column: null }, fact),
      ),
    ],
  };
}

/** The warning about a confdir without any resource. */
export function noResources(confdir: string): ConfigWarning {
  const nowhere = { file: '', line: null, column: null };
  return warningAt('no-resources', nowhere, `Found no templates in ${confdir}/conf.d`);
}

/** Resources with the same dest as an earlier one: they overwrite each other's file. */
function sameDests(specs: readonly ResourceSpec[]): { file: string; fact: string }[] {
  const byDest = new Map<string, string>();
  return specs.flatMap(({ dest, file }) => {
    const first = byDest.get(normalize(dest));
    if (first === undefined) byDest.set(normalize(dest), file);
    return first === undefined ? [] : { file, fact: overwriting(dest, first) };
  });
}

/** The warning about two resource files with the same dest. */
export function overwriting(dest: string, other: string): string {
  return `dest "${dest}" is also the dest of ${other}: the two resources overwrite each other`;
}

interface Loaded {
  readonly spec?: ResourceSpec | null;
  readonly error?: ConfigError;
  readonly warnings: readonly ConfigWarning[];
}

async function loadResource(file: string, sources: Sources, lenient: boolean): Promise<Loaded> {
  const warnings: ConfigWarning[] = [];
  const report: Report = { error: fail, warning: (warning) => warnings.push(warning) };
  try {
    return { spec: (await readResource(file, sources, lenient, report)).spec, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fact = error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message;
    const message = `Cannot process template resource ${file} - ${fact}`;
    return { error: new ConfigError(message, file, error.line, { cause: error }), warnings };
  }
}

// The last three have no meaning, but confd's decoder accepts them.
const knownKeys = [
  ...['src', 'dest', 'keys', 'prefix', 'mode', 'owner', 'group', 'uid', 'gid', 'check_cmd', 'reload_cmd'],
  ...['check_cmd_timeout', 'reload_cmd_timeout', 'engine', 'strict', 'min_keys', 'allow_empty', 'sources'],
  ...['filemode', 'stagefile', 'pgpprivatekey'],
];

const tables = ['template', 'backend'];

/** A resource file that was read. */
export interface ResourceFile {
  /** The [template] table; empty when there is none. */
  readonly table: TomlTable;
  /** The parts of the file that are valid. Null without a [template] table. */
  readonly spec: ResourceSpec | null;
}

/** Reads a resource file. Errors go to report; throws ConfigError when nothing can be read. */
export async function readResource(
  file: string,
  known: Sources,
  lenient: boolean,
  report: Report,
): Promise<ResourceFile> {
  const toml = parseToml(file, await readConfigFile(file));
  checkKeys(toml, { table: toml.table, known: tables, lenient }, report);
  const entry = findEntry(toml.table, 'template');
  if (entry === undefined) {
    report.error(missing(file, 'empty src template (there is no [template] table)'));
    return { table: new Map(), spec: null };
  }
  const table = asTable(file, entry);
  checkKeys(toml, { table, known: knownKeys, lenient }, report);
  const template = readTemplate(file, table, report);
  if (template.src === '') report.error(missing(file, 'empty src template', findEntry(table, 'src') ?? entry));
  if (template.dest === '') report.error(missing(file, 'empty dest', findEntry(table, 'dest') ?? entry));
  for (const warning of decimalMode(file, findEntry(table, 'mode'), template.mode)) report.warning(warning);
  const chosen = await attempt(report, () => chooseSources(toml, findEntry(table, 'sources'), known, lenient));
  for (const warning of chosen?.warnings ?? []) report.warning(warning);
  return { table, spec: Object.freeze({ ...template, sources: chosen?.sources ?? [] }) };
}

/** Null for a part whose error was reported. */
async function attempt<T>(report: Report, part: () => T | Promise<T>): Promise<T | null> {
  try {
    return await part();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    report.error(error);
    return null;
  }
}

function missing(file: string, fact: string, entry?: TomlEntry): ConfigError {
  const { line = null, column = null } = entry ?? {};
  return new ConfigError(fact, file, line, { column, code: 'missing-key' });
}

function readTemplate(file: string, table: TomlTable, report: Report): Omit<ResourceSpec, 'sources'> {
  const read = <T>(name: string, as: (file: string, entry: TomlEntry) => T): T | null => {
    const entry = findEntry(table, name);
    if (entry === undefined) return null;
    try {
      return as(file, entry);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      report.error(error);
      return null;
    }
  };
  return {
    file,
    src: read('src', asString) ?? '',
    dest: read('dest', asString) ?? '',
    keys: read('keys', asStrings) ?? [],
    prefix: read('prefix', asString) ?? '',
    mode: read('mode', asMode),
    owner: read('owner', asName),
    group: read('group', asName),
    uid: read('uid', asId),
    gid: read('gid', asId),
    checkCmd: read('check_cmd', asString) ?? '',
    reloadCmd: read('reload_cmd', asString) ?? '',
    checkTimeoutMs: read('check_cmd_timeout', asTimeout),
    reloadTimeoutMs: read('reload_cmd_timeout', asTimeout),
    engine: read('engine', asEngine),
    strict: read('strict', asBool) ?? true,
    minKeys: read('min_keys', asCount) ?? 0,
    allowEmpty: read('allow_empty', asBool) ?? true,
  };
}

function asEngine(file: string, entry: TomlEntry): 'go' | 'handlebars' {
  const name = asString(file, entry);
  if (name === 'go' || name === 'handlebars') return name;
  throw tomlError(file, entry, `there is no engine "${name}": it is "go" or "handlebars"`);
}

const modeForm = 'write the mode as an octal number in quotes, as in mode = "0644"';

function asMode(file: string, entry: TomlEntry): number | null {
  if (typeof entry.value !== 'string') return mismatch(file, entry, 'string', modeForm);
  if (entry.value === '') return null;
  try {
    return Number(parseUint(fromText(entry.value), 0, 32)) & 0o777;
  } catch (error) {
    throw tomlError(file, entry, `${toText((error as Error).message)} (${modeForm})`);
  }
}

/** To confd, "644" is a decimal number; 0204 is hardly ever intended. */
function decimalMode(file: string, entry: TomlEntry | undefined, mode: number | null): ConfigWarning[] {
  if (mode === null || typeof entry?.value !== 'string' || !/^[1-9][0-9_]*$/.test(entry.value)) return [];
  const bits = mode.toString(8).padStart(4, '0');
  const octal = /^[0-7]{3}$/.test(entry.value) ? `; write "0${entry.value}" if that is what you mean` : '';
  const fact = `mode "${entry.value}" is a decimal number and gives the mode ${bits}${octal}`;
  return [warningAt('decimal-mode', { file, line: entry.line, column: entry.column }, fact)];
}

/** The name of a user or group, or a number with or without quotes; '' means none. */
function asName(file: string, entry: TomlEntry): string | null {
  const name = entry.type === 'int64' ? String(asInt(file, entry)) : asString(file, entry);
  return name === '' ? null : name;
}

const idForm = 'write the number without quotes; owner and group take names';

/** -1 means the id of this process. */
function asId(file: string, entry: TomlEntry): number | null {
  if (entry.type === 'string') return mismatch(file, entry, 'integer', idForm);
  const id = asInt(file, entry);
  if (id === -1) return null;
  if (id < 0 || id > 0xfffffffe) throw tomlError(file, entry, `${id} is not the id of a user or group`);
  return id;
}

function asCount(file: string, entry: TomlEntry): number {
  const count = asInt(file, entry);
  if (count < 0) throw tomlError(file, entry, `${count} is negative: a number of keys is 0 or more`);
  return count;
}

function asTimeout(file: string, entry: TomlEntry): number | null {
  if (entry.value === '') return null;
  const ms = asMilliseconds(file, entry);
  if (ms <= 0) throw tomlError(file, entry, 'a timeout must be greater than 0, as in "30s"');
  return ms;
}
