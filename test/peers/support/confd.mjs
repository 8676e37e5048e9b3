// The agent under test and the folders it works on.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { scratch, start } from './process.mjs';

export const root = resolve(import.meta.dirname, '../../..');

/** Our agent, or the one that CONFD names. */
export const confd = resolve(root, process.env.CONFD ?? 'bin/confd');

/** The Go confd 0.16 to compare with, if CONFD_GO names one. */
export const goConfd = process.env.CONFD_GO && existsSync(process.env.CONFD_GO) ? process.env.CONFD_GO : undefined;

/** A confdir with one file per entry of `files` (paths relative to it), plus an `out` folder for dests. */
export function confdir(files, folder = scratch('confdir')) {
  for (const made of ['conf.d', 'templates', 'out']) mkdirSync(join(folder, made), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** The text of a template resource. */
export function resource(fields) {
  const lines = Object.entries(fields).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return ['[template]', ...lines, ''].join('\n');
}

/** Starts the agent on a confdir. */
export function startConfd(folder, args, options = {}) {
  const { program = confd, ...rest } = options;
  return start(program, ['-confdir', folder, ...args], rest);
}

/** A file's text as bytes, or undefined when it is not there. */
export function slurp(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Names in `folder` that look like stage files: hidden, and not the file itself. */
export const stageFiles = (folder) => readdirSync(folder).filter((name) => name.startsWith('.'));
