import { keyRequestsOf } from '../agent/resource/resource.ts';
import type { StoreTraits } from '../backend/contract/backend.ts';
import { entryOf } from '../backend/entries.ts';
import { ConfigError, type ConfigPlace } from '../config/error.ts';
import { readResource, type ResourceFile, type ResourceSpec } from '../config/resources.ts';
import type { Sources } from '../config/sources.ts';
import { findEntry } from '../config/toml-fields.ts';
import { join } from '../go/path.ts';
import { commandProblems } from './commands.ts';
import { destProblems } from './dests.ts';
import { isOutside } from './keys.ts';
import type { Dest } from './overlaps.ts';
import { ownerProblems } from './owners.ts';
import { fromConfig, type Problem, severityOf } from './problem.ts';
import { quoted } from './quoted.ts';
import { redact } from '../go/redact.ts';
import type { Lookup } from './template-facts.ts';
import type { TemplateFiles } from './templates.ts';

/** What resources are looked at with. */
export interface Surroundings {
  readonly confdir: string;
  /** When not empty it replaces the resources' own prefixes. */
  readonly prefix: string;
  readonly lenient: boolean;
  readonly sources: Sources;
  /** False when the sources could not be read, so that none may be missed. */
  readonly knowsSources: boolean;
  readonly templates: TemplateFiles;
  readonly mounts: ReadonlySet<string>;
  /** Whether changes are to be watched for. */
  readonly watch: boolean;
}

/** What is known of a backend without opening it; null for one that this release cannot read. */
export function traitsOf(backend: string): StoreTraits | null {
  const entry = entryOf(backend);
  return entry === undefined || entry.kind === 'missing' ? null : entry.traits;
}

/** A resource file that was looked at. */
export interface LintedResource {
  readonly problems: readonly Problem[];
  /** Null where none can be known. */
  readonly dest: Dest | null;
  /** Whether it is known which templates the resource reads. */
  readonly knowsTemplates: boolean;
}

/** Everything that is wrong with a resource file and the templates that it names. */
export async function lintResource(file: string, around: Surroundings): Promise<LintedResource> {
  const problems: Problem[] = [];
  const add = (found: ConfigError) => {
    if (around.knowsSources || found.code !== 'unknown-source') problems.push(fromConfig(found));
  };
  let read: ResourceFile = { table: new Map(), spec: null };
  try {
    const report = {
      error: add,
      warning: (warning: Parameters<typeof fromConfig>[0]) => problems.push(fromConfig(warning)),
    };
    read = await readResource(file, around.sources, around.lenient, report);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    add(error);
  }
  const { spec, table } = read;
  const placeOf = (key: string): ConfigPlace => {
    const { line = null, column = null } = findEntry(table, key) ?? {};
    return { file, line, column };
  };
  if (spec === null) return { problems, dest: null, knowsTemplates: false };
  const place = placeOf('dest');
  for (const { key, ...problem } of commandProblems(spec)) problems.push({ ...problem, ...placeOf(key) });
  for (const { key, ...problem } of await ownerProblems(spec)) problems.push({ ...problem, ...placeOf(key) });
  const found = spec.dest === '' ? [] : await destProblems(spec.dest, around.confdir, around.mounts);
  problems.push(...found.map((problem) => ({ ...problem, ...place })));
  problems.push(...backendProblems(spec, placeOf('sources'), around));
  // Keys that could not be read select more than none.
  const knowsKeys = spec.keys.length > 0 || !problems.some((problem) => severityOf(problem) === 'error');
  const family = spec.src === '' ? null : await lintTemplate(spec, { src: placeOf('src'), knowsKeys }, around);
  return {
    problems: [...problems, ...(family?.problems ?? [])],
    dest: spec.dest === '' ? null : { path: spec.dest, place },
    knowsTemplates: family?.isKnown ?? false,
  };
}

function backendProblems({ sources }: ResourceSpec, place: ConfigPlace, { watch }: Surroundings): Problem[] {
  return sources.flatMap(({ store, label }): Problem[] => {
    if (store === null) return [];
    const traits = traitsOf(store.backend);
    const where = /\(?([^ ()]+):([0-9]+)\)?$/.exec(label);
    const at = where === null ? place : { file: where[1]!, line: Number(where[2]), column: null };
    if (traits === null) {
      return [{ code: 'unknown-backend', message: `this release has no backend "${redact(store.backend)}"`, ...at }];
    }
    return watch && !traits.canWatch
      ? [{ code: 'backend-cannot-watch', message: cannotWatch(store.backend), ...at }]
      : [];
  });
}

/** What is said of a backend that has no watch. */
export function cannotWatch(backend: string): string {
  return `the backend ${backend} cannot watch: -watch polls it at every interval`;
}

async function lintTemplate(
  spec: ResourceSpec,
  { src, knowsKeys }: { readonly src: ConfigPlace; readonly knowsKeys: boolean },
  around: Surroundings,
): Promise<{ problems: Problem[]; isKnown: boolean }> {
  const { templates } = around;
  if (spec.src.includes('\0')) {
    return { problems: [{ code: 'invalid-path', message: 'src holds a NUL byte', ...src }], isKnown: false };
  }
  const path = join(templates.folder, spec.src);
  const facts = await templates.facts(path, spec);
  if ('why' in facts) {
    const message = facts.isMissing ? `there is no template ${path}` : `template ${path} cannot be read: ${facts.why}`;
    return { problems: [{ code: 'missing-template', message, ...src }], isKnown: true };
  }
  const { members, problems } = await templates.family(path, facts);
  const selections = selectionsOf(spec, around);
  const all = [...members.values()];
  const lookups = knowsKeys ? all.flatMap((member) => member.lookups) : [];
  const outside = lookups.filter((lookup) => isOutside(lookup, selections));
  const found = [...problems, ...all.flatMap((member) => member.problems)];
  return {
    problems: [...found, ...outside.map((lookup) => outsideProblem(lookup, spec, around.prefix))],
    isKnown: !all.some(({ isOpen, problems: own }) => isOpen || own.some(({ code }) => code === 'template-syntax')),
  };
}

/** What the resource asks its stores for; of a store that is not known, the widest meaning of it. */
function selectionsOf(spec: ResourceSpec, { prefix, sources }: Surroundings) {
  return keyRequestsOf(spec, prefix === '' ? spec.prefix : prefix).map((request) => {
    const backend = (request.source.store ?? sources.global)?.backend;
    const traits = backend === undefined ? null : traitsOf(backend);
    return { request, rule: traits?.selects ?? 'variable' };
  });
}

/** Names that one line has room for. */
const maxNames = 10;

function outsideProblem(
  { func, key, place }: Lookup,
  { file, keys, prefix: own }: ResourceSpec,
  prefix: string,
): Problem {
  const names = keys.slice(0, maxNames).map((each) => JSON.stringify(each));
  const more = keys.length > maxNames ? ', …' : '';
  const start = prefix === '' ? own : prefix;
  const below = /^\/*$/.test(start) ? '' : ` below ${JSON.stringify(start)}`;
  const message = `${func} ${quoted(key)}: keys = [${names.join(', ')}${more}]${below} of ${file} do not select it`;
  return { code: 'key-outside-keys', message, ...place };
}
