import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { isErrno } from '../agent/resource/error.ts';
import { type ConfigPlace, warningFrom } from '../config/error.ts';
import type { LoadedConfig } from '../config/confd.ts';
import { noResources } from '../config/resources.ts';
import { scanResources, withExtra } from '../config/scan-resources.ts';
import { redact } from '../go/redact.ts';
import { errnoText } from '../go/os.ts';
import { declaredFuncs, declaredWithSecrets } from '../template/funcs/funcs.ts';
import { mountPoints } from './dests.ts';
import { overlapProblems } from './overlaps.ts';
import { fromConfig, type Problem, sorted } from './problem.ts';
import { cannotWatch, type LintedResource, lintResource, traitsOf } from './resource.ts';
import { type Given, lintSettings } from './settings.ts';
import { TemplateFiles } from './templates.ts';

/** What a lint found. */
export interface Findings {
  /** By file and place. */
  readonly problems: readonly Problem[];
  /** How many resource files were looked at. */
  readonly resources: number;
  /** How many template files were. */
  readonly templates: number;
}

/** What shall be looked at. */
export interface LintRequest extends Given {
  /** A confdir; null is that of the settings. */
  readonly folder: string | null;
}

/** A confdir that cannot be looked at. */
export class LintError extends Error {
  override readonly name = 'LintError';
}

/**
 * Looks through a confdir: its confd.toml, conf.d, templates and what they take in, with the loaders and parsers of the
 * agent. No store is asked, no command is run and nothing is written. Throws LintError when there is no such confdir.
 */
export async function lint({ folder, ...given }: LintRequest): Promise<Findings> {
  const { loaded, problems: ofSettings } = await lintSettings(folder, given);
  const confdir = folder ?? confdirOf(loaded, given);
  const seen = await stat(confdir).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (isErrno(seen)) throw new LintError(`stat ${confdir}: ${errnoText(seen)}`);
  const hint = 'give the directory that holds conf.d and templates';
  if (!seen.isDirectory()) throw new LintError(`${confdir} is not a directory: ${hint}`);
  const isConfd = basename(resolve(confdir)) === 'conf.d' && !(await isThere(join(confdir, 'conf.d')));
  if (isConfd) throw new LintError(`there is no conf.d in ${confdir}: ${hint}`);
  const isSecret = loaded === null || loaded.config.secretKeyring !== '';
  const templates = new TemplateFiles(join(confdir, 'templates'), isSecret ? declaredWithSecrets() : declaredFuncs);
  const around = {
    confdir,
    templates,
    prefix: loaded?.config.prefix ?? '',
    lenient: loaded?.config.lenient ?? false,
    sources: loaded?.sources ?? { global: null, named: new Map() },
    knowsSources: loaded !== null,
    mounts: await mountPoints(),
    watch: loaded?.config.watch ?? false,
  };
  const scan = await scanResources(confdir);
  const extra = loaded?.resourceFile ?? null;
  const files = extra === null ? scan.files : await withExtra(scan.files, extra);
  const resources: LintedResource[] = [];
  for (const file of files) resources.push(await lintResource(file, around));
  const isEmpty = files.length === 0 && scan.errors.length + scan.warnings.length === 0;
  const problems = [
    ...ofSettings,
    ...backendOf(loaded),
    ...[...scan.errors, ...scan.warnings, ...(isEmpty ? [noResources(confdir)] : [])].map(fromConfig),
    ...resources.flatMap((resource) => resource.problems),
    ...(await overlapProblems(resources.flatMap(({ dest }) => dest ?? []))),
    ...(resources.every(({ knowsTemplates }) => knowsTemplates) ? await unused(templates) : []),
  ];
  return { problems: sorted(problems), resources: files.length, templates: templates.used.size };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function confdirOf(loaded: LoadedConfig | null, { flags, env }: Given): string {
  const given = loaded?.config.confdir ?? flags.get('confdir') ?? env.get('CONFD_CONFDIR') ?? '';
  return given === '' ? '/etc/confd' : (given as string);
}

/** What is wrong with the global store's backend. */
function backendOf(loaded: LoadedConfig | null): Problem[] {
  if (loaded === null) return [];
  const { backend, watch } = loaded.config;
  const traits = traitsOf(backend);
  const placeOf = (setting: string): ConfigPlace => {
    const { file, line, column } = warningFrom('', loaded.chosen.get(setting)!.where, '');
    return { file, line, column };
  };
  if (traits === null) {
    return [
      { code: 'unknown-backend', message: `this release has no backend "${redact(backend)}"`, ...placeOf('backend') },
    ];
  }
  if (!watch || traits.canWatch) return [];
  return [{ code: 'backend-cannot-watch', message: cannotWatch(backend), ...placeOf('watch') }];
}

/** Names of files that are templates, and no notes or copies. */
const templateLike = /^[^.].*\.(?:tmpl|hbs)$/;

async function unused({ folder, used }: TemplateFiles): Promise<Problem[]> {
  const names = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const real = (path: string) => realpath(path).catch(() => path);
  const known = new Set(await Promise.all([...used].map(real)));
  const problems: Problem[] = [];
  for (const entry of names) {
    const file = join(entry.parentPath, entry.name);
    // A ConfigMap shows each file twice; the folder with two dots is not the one that people know.
    if (!templateLike.test(entry.name) || relative(folder, file).startsWith('..')) continue;
    if (entry.isDirectory() || used.has(file) || known.has(await real(file))) continue;
    problems.push({
      code: 'unused-template',
      message: 'no resource, include or partial names it',
      file,
      line: 1,
      column: 1,
    });
  }
  return problems;
}
