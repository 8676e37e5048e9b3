import { readFile } from 'node:fs/promises';
import type { ResourceSpec } from '../config/resources.ts';
import { globalSource, type SourceSpec } from '../config/sources.ts';
import { fromText, toText } from '../go/bytes.ts';
import { join } from '../go/path.ts';
import { quote } from '../go/strconv.ts';
import { GoMap, mapOf, StringType } from '../go/value.ts';
import type { Clock } from '../obs/clock.ts';
import { TemplateError } from '../template/engine.ts';
import { goEngine } from '../template/gotext/template.ts';
import { type Command, type CommandFiles, runShell } from './command.ts';
import { AgentError } from './error.ts';

/** What the whole agent is told and every resource follows. */
export interface ResourceSettings {
  readonly templatesDir: string;
  /** When not empty it replaces the resources' own prefixes. */
  readonly prefix: string;
  readonly noop: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  readonly clock: Clock;
}

/** What a resource wants of one store. */
export interface Want {
  readonly source: SourceSpec;
  /** Byte string that begins with a slash; not cleaned. */
  readonly prefix: string;
  /** Byte strings: absolute and clean. */
  readonly keys: readonly string[];
}

/** A template resource, ready to run: everything is parsed and looked up. */
export interface Resource {
  readonly spec: ResourceSpec;
  /** The TOML file that declares it. */
  readonly file: string;
  /** Path of the template. */
  readonly template: string;
  readonly dest: string;
  /** One or more; of keys that meet under one name, the one of the first counts. */
  readonly wants: readonly Want[];
  /** Permission bits; null keeps those of dest. */
  readonly mode: number | null;
  readonly uid: number;
  readonly gid: number;
  readonly check: Command | null;
  readonly reload: Command | null;
  readonly noop: boolean;
  readonly keepStageFile: boolean;
}

/** Makes a resource of what its file says. Throws AgentError that names the file and the key at fault. */
export async function resolveResource(spec: ResourceSpec, settings: ResourceSettings): Promise<Resource> {
  try {
    return Object.freeze(await resolve(spec, settings));
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause;
    throw new AgentError(`Cannot process template resource ${spec.file} - ${cause.message}`, { cause: cause.cause });
  }
}

async function resolve(spec: ResourceSpec, settings: ResourceSettings): Promise<Resource> {
  checkTexts(spec);
  const check = compile('check_cmd', spec.checkCmd, spec.checkTimeoutMs);
  const reload = compile('reload_cmd', spec.reloadCmd, spec.reloadTimeoutMs);
  return {
    spec,
    file: spec.file,
    template: join(settings.templatesDir, spec.src),
    dest: spec.dest,
    wants: wantsOf(spec, settings.prefix === '' ? spec.prefix : settings.prefix),
    mode: spec.mode === null ? null : spec.mode & 0o777,
    uid: await id(spec.uid, spec.owner, users, settings.clock),
    gid: await id(spec.gid, spec.group, groups, settings.clock),
    check: settings.syncOnly ? null : check,
    reload: settings.syncOnly ? null : reload,
    noop: settings.noop,
    keepStageFile: settings.keepStageFile,
  };
}

function checkTexts({ src, dest, checkCmd, reloadCmd }: ResourceSpec): void {
  if (src === '') throw new AgentError('empty src template');
  if (dest === '') throw new AgentError('dest is not set');
  if (dest.endsWith('/')) throw new AgentError(`dest ${quoted(dest)} is a directory, and not the name of a file`);
  for (const [key, text] of Object.entries({ src, dest, check_cmd: checkCmd, reload_cmd: reloadCmd })) {
    if (text.includes('\0')) throw new AgentError(`${key} holds a NUL byte`);
  }
}

/** A resource without keys wants nothing of any store; it does not matter of which. */
function wantsOf({ keys, sources }: ResourceSpec, usualPrefix: string): Want[] {
  const asked = keys.length === 0 ? [globalSource] : sources;
  return asked.map((source) => {
    const prefix = absolute(fromText(source.prefix ?? usualPrefix));
    return { source, prefix, keys: keys.map((key) => join(prefix, fromText(key))) };
  });
}

function absolute(prefix: string): string {
  return prefix.startsWith('/') ? prefix : `/${prefix}`;
}

function quoted(text: string): string {
  return toText(quote(fromText(text)));
}

const filesType = mapOf(StringType, StringType);

function compile(key: Command['key'], text: string, timeoutMs: number | null): Command | null {
  if (text === '') return null;
  if (!text.includes('{{')) return { key, text: () => text, timeoutMs };
  const template = parse(key, text);
  const fill = ({ src, dest }: CommandFiles): string => {
    const data = new Map([
      ['src', fromText(src)],
      ['dest', fromText(dest)],
    ]);
    let output = '';
    template.render(new GoMap(filesType, data), new Map(), (chunk) => (output += chunk));
    return toText(output);
  };
  return { key, text: fill, timeoutMs };
}

function parse(key: Command['key'], text: string): ReturnType<typeof goEngine.compile> {
  try {
    return goEngine.compile(key.replace('_', ''), fromText(text), new Map());
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    throw new AgentError(`${key}: ${cause.message}`, { cause });
  }
}

/** Where the system keeps the numbers of users or groups. */
interface Directory {
  readonly key: 'owner' | 'group';
  readonly number: 'uid' | 'gid';
  readonly what: 'user' | 'group';
  readonly database: 'passwd' | 'group';
  readonly effective: () => number;
}

const users: Directory = {
  key: 'owner',
  number: 'uid',
  what: 'user',
  database: 'passwd',
  effective: () => process.geteuid!(),
};
const groups: Directory = {
  key: 'group',
  number: 'gid',
  what: 'group',
  database: 'group',
  effective: () => process.getegid!(),
};
const maxId = 2 ** 32 - 2; // chown takes the one above for "leave it"
const lookupMs = 30_000;

/** The number wins over the name; without either it is the process's own. */
async function id(number: number | null, name: string | null, directory: Directory, clock: Clock): Promise<number> {
  if (number !== null && number !== -1) return checkId(number, directory.number);
  if (name === null || name === '') return directory.effective();
  const line =
    lineOf(name, await readFile(`/etc/${directory.database}`, 'utf8').catch(() => '')) ??
    (/^[0-9]+$/.test(name) ? `${name}::${name}` : lineOf(name, await getent(name, directory, clock)));
  if (line === null) throw new AgentError(`${directory.key} ${quoted(name)}: there is no such ${directory.what}`);
  return checkId(Number(line.split(':')[2]), directory.key);
}

function checkId(number: number, key: string): number {
  if (Number.isInteger(number) && number >= 0 && number <= maxId) return number;
  throw new AgentError(`${key} ${number} is out of range (0 to ${maxId}, or -1 for confd's own)`);
}

function lineOf(name: string, table: string): string | null {
  return table.split('\n').find((line) => line.startsWith(`${name}:`)) ?? null;
}

/** Asks where the C library would ask: LDAP, SSSD and the like. No answer is an empty one. */
async function getent(name: string, { database }: Directory, clock: Clock): Promise<string> {
  if (name.startsWith('-')) return '';
  const argument = `'${name.replaceAll("'", `'\\''`)}'`;
  const { output } = await runShell(`getent ${database} ${argument} 2>/dev/null`, { timeoutMs: lookupMs, clock });
  return toText(output);
}
