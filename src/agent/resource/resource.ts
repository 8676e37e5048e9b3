import type { ResourceSpec } from '../../config/resources.ts';
import { globalSource, type SourceSpec } from '../../config/sources.ts';
import { fromText, toText } from '../../go/bytes.ts';
import { join } from '../../go/path.ts';
import { quote } from '../../go/strconv.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Command } from './command.ts';
import { compileCommand } from './command-text.ts';
import { AgentError } from './error.ts';
import { resolveOwner } from './owner.ts';

/** Settings of the agent that apply to every resource. */
export interface ResourceSettings {
  readonly templatesDir: string;
  /** Replaces the prefixes of the resources, unless it is empty. */
  readonly prefix: string;
  readonly noop: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  readonly clock: Clock;
}

/** The keys that a resource selects in one store. */
export interface KeyRequest {
  readonly source: SourceSpec;
  /** A byte string that begins with a slash; not cleaned. */
  readonly prefix: string;
  /** Byte strings, absolute and clean. */
  readonly keys: readonly string[];
}

/** The part of a resource that a render needs. */
export interface ResourceTemplate {
  readonly spec: ResourceSpec;
  /** The TOML file that declares it. */
  readonly file: string;
  /** Path of the template. */
  readonly template: string;
  readonly dest: string;
  /** One or more; if several stores have the same key, the first one wins. */
  readonly keyRequests: readonly KeyRequest[];
}

/** A template resource that is ready to run: everything is parsed and resolved. */
export interface Resource extends ResourceTemplate {
  /** Permission bits; null keeps those of dest. */
  readonly mode: number | null;
  readonly uid: number;
  readonly gid: number;
  readonly check: Command | null;
  readonly reload: Command | null;
  readonly noop: boolean;
  readonly keepStageFile: boolean;
  /** Problems that do not stop the resource. */
  readonly warnings: readonly string[];
}

/** Makes a resource from its file. Throws AgentError that names the file and the key. */
export async function resolveResource(spec: ResourceSpec, settings: ResourceSettings): Promise<Resource> {
  try {
    return Object.freeze(await resolve(spec, settings));
  } catch (cause) {
    throw naming(spec, cause);
  }
}

/** Like resolveResource, for a render only: owner and commands are not resolved. */
export function resolveTemplate(
  spec: ResourceSpec,
  settings: Pick<ResourceSettings, 'templatesDir' | 'prefix'>,
): ResourceTemplate {
  try {
    return templateOf(spec, settings);
  } catch (cause) {
    throw naming(spec, cause);
  }
}

function naming({ file }: ResourceSpec, cause: unknown): unknown {
  if (!(cause instanceof AgentError)) return cause;
  return new AgentError(`Cannot process template resource ${file} - ${cause.message}`, { cause: cause.cause });
}

function templateOf(
  spec: ResourceSpec,
  { templatesDir, prefix }: Pick<ResourceSettings, 'templatesDir' | 'prefix'>,
): ResourceTemplate {
  checkTexts(spec);
  return {
    spec,
    file: spec.file,
    template: join(templatesDir, spec.src),
    dest: spec.dest,
    keyRequests: keyRequestsOf(spec, prefix === '' ? spec.prefix : prefix),
  };
}

async function resolve(spec: ResourceSpec, settings: ResourceSettings): Promise<Resource> {
  const template = templateOf(spec, settings);
  const check = compileCommand('check_cmd', spec.checkCmd, spec.checkTimeoutMs);
  const reload = compileCommand('reload_cmd', spec.reloadCmd, spec.reloadTimeoutMs);
  // A path that cannot be inserted safely into a command is found now, not when the command runs.
  for (const { command } of [check, reload]) command?.text({ src: spec.dest, dest: spec.dest });
  const owner = await resolveOwner(spec, settings.clock);
  return {
    ...template,
    mode: spec.mode === null ? null : spec.mode & 0o777,
    uid: owner.uid,
    gid: owner.gid,
    check: settings.syncOnly ? null : check.command,
    reload: settings.syncOnly ? null : reload.command,
    noop: settings.noop,
    keepStageFile: settings.keepStageFile,
    warnings: [
      ...[...check.warnings, ...reload.warnings].map((warning) => `${spec.file}: ${warning}`),
      ...owner.warnings,
    ],
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

/** Equal for requests that one store can answer. A request without keys has its own store, which is never read. */
export function storeIdOf({ source, keys }: KeyRequest): string {
  return keys.length === 0 ? 'nothing' : JSON.stringify(source.store);
}

/** What a resource wants of its stores; one without keys wants nothing of any, and it does not matter of which. */
export function keyRequestsOf(
  { keys, sources }: Pick<ResourceSpec, 'keys' | 'sources'>,
  defaultPrefix: string,
): KeyRequest[] {
  const requested = keys.length === 0 ? [globalSource] : sources;
  return requested.map((source) => {
    const prefix = absolute(fromText(source.prefix ?? defaultPrefix));
    return { source, prefix, keys: keys.map((key) => join(prefix, fromText(key))) };
  });
}

function absolute(prefix: string): string {
  return prefix.startsWith('/') ? prefix : `/${prefix}`;
}

function quoted(text: string): string {
  return toText(quote(fromText(text)));
}
