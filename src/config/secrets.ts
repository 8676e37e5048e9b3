import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, type ConfigWarning } from './error.ts';
import type { Setting } from './schema/schema.ts';
import type { Chosen, Given, Layers } from './setting.ts';

/** A secret can be given directly or by a file: `password` or `password-file`. */

const fileOf = (secret: string): string => `${secret}-file`;

/** The settings that can also be given by a file. */
export function withFile(settings: readonly Setting[]): readonly string[] {
  const names = new Set(settings.map(({ name }) => name));
  return [...names].filter((name) => names.has(fileOf(name)));
}

/**
 * Keeps each secret in one form only: the form of a stronger layer replaces the other form in weaker layers. Throws
 * ConfigError when one layer has both.
 */
export function inOneWay(secrets: readonly string[], layers: Layers): Layers {
  const kept = { flag: new Map(layers.flag), env: new Map(layers.env), file: new Map(layers.file) };
  for (const secret of secrets) {
    let strongest: string | null = null;
    for (const layer of [kept.flag, kept.env, kept.file]) {
      const ways = [secret, fileOf(secret)].filter((way) => layer.has(way));
      if (ways.length === 2) throw twice(layer.get(ways[0]!)!, layer.get(ways[1]!)!);
      strongest ??= ways[0] ?? null;
      for (const way of ways) if (way !== strongest) layer.delete(way);
    }
  }
  return kept;
}

function twice(secret: Given, file: Given): ConfigError {
  return new ConfigError(
    `${secret.where} and ${file.where} cannot both be set: set the secret, or the file that holds it`,
  );
}

/** A warning for each file with a secret that every user of this machine can read. */
export async function exposed(chosen: ReadonlyMap<string, Chosen>): Promise<ConfigWarning[]> {
  const settings = [...chosen.values()].map(({ setting }) => setting);
  const files = new Set<string>();
  const paths = settings.filter(({ secret }) => secret === 'path').map(({ name }) => name);
  for (const name of [...withFile(settings).map(fileOf), ...paths]) files.add(chosen.get(name)!.value as string);
  for (const { setting, from, where, value } of chosen.values()) {
    if (setting.secret === true && from === 'file' && value !== '') files.add(where.replace(/:[0-9]+$/, ''));
  }
  files.delete('');
  const warnings: ConfigWarning[] = [];
  for (const file of files) {
    if (!(await isOpen(file))) continue;
    const fact = `holds a secret and is readable by everyone: chmod o-r ${file}`;
    warnings.push({ code: 'exposed-secret', file, line: null, column: null, fact, message: `${file} ${fact}` });
  }
  return warnings;
}

/** Whether other users can read the file and enter its directory. */
async function isOpen(file: string): Promise<boolean> {
  const allows = (path: string, bit: number): Promise<boolean> =>
    stat(path).then(
      ({ mode }) => (mode & bit) !== 0,
      () => false,
    );
  return (await allows(file, 0o004)) && (await allows(dirname(file), 0o001));
}
