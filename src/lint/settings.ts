import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, type LoadedConfig } from '../config/confd.ts';
import { ConfigError, type ConfigPlace } from '../config/error.ts';
import type { FlagValue } from '../go/flag.ts';
import { fromConfig, type Problem } from './problem.ts';

/** The settings that count for a confdir, as far as they can be read, and what is wrong with them. */
export interface LintedSettings {
  /** Null when they do not work. */
  readonly loaded: LoadedConfig | null;
  readonly problems: readonly Problem[];
}

/** What tells the settings: flags and variables of the environment. */
export interface Given {
  readonly flags: ReadonlyMap<string, FlagValue>;
  readonly env: ReadonlyMap<string, string>;
}

/** Reads the settings as a start of the agent would; for a folder that is named, its own confd.toml is the global file. */
export async function lintSettings(folder: string | null, { flags, env }: Given): Promise<LintedSettings> {
  const problems: Problem[] = [];
  const all =
    folder === null ? flags : new Map([['confdir', folder], ...(await ownFile(folder, { flags, env })), ...flags]);
  try {
    const loaded = await loadConfig(all, env, (error) => problems.push(fromConfig(error)));
    problems.push(...loaded.warnings.map(fromConfig));
    return { loaded, problems };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { loaded: null, problems: [...problems, { ...fromConfig(error), ...placeOf(error) }] };
  }
}

async function ownFile(folder: string, { env }: Given): Promise<[string, FlagValue][]> {
  if ((env.get('CONFD_CONFIG_FILE') ?? '') !== '') return [];
  const file = join(folder, 'confd.toml');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  return [['config-file', isThere ? file : '']];
}

/** An error about a setting names the place that set it in its text. */
function placeOf({ file, line, column, message }: ConfigError): ConfigPlace {
  const [, named, at] = /\(set by (\/.*?|[^-].*?):([0-9]+)\)/.exec(message) ?? [];
  return file === '' && named !== undefined ? { file: named, line: Number(at), column: null } : { file, line, column };
}
