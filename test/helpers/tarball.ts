import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** What npm is not given: what it makes itself, and what no fresh checkout has. */
const left = ['node_modules', 'dist', '.git', 'coverage', 'out', 'demo', 'default.etcd'];

/** Packs a copy of the checkout with `npm pack` and everything that this runs; gives the tarball's path. */
export function packTarball(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'pack-'));
  cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(relative(root, path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const to = mkdtempSync(join(tmpdir(), 'tarball-'));
  npm(['pack', '--pack-destination', to], copy);
  return join(to, readdirSync(to)[0]!);
}

/** Installs a tarball into an empty folder, without any network; gives the folder, and what npm warned of. */
export function installTarball(tarball: string): { readonly folder: string; readonly warnings: string } {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  mkdirSync(join(folder, 'cache'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const warnings = npm(['install', '--offline', '--cache', join(folder, 'cache'), tarball], folder);
  return { folder, warnings };
}

/** Runs npm; gives what it said on stderr. Throws when it fails. */
function npm(args: readonly string[], cwd: string): string {
  const { status, stderr } = spawnSync('npm', [...args, '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stderr;
}
