import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

/** What an image would hold, as a folder. */
export interface Image {
  /** Stands for / of the image. */
  readonly root: string;
  readonly from: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  /** What apt-get was told to install. */
  readonly packages: readonly string[];
}

interface Stage extends Image {
  workdir: string;
  entrypoint: readonly string[];
  packages: string[];
}

/**
 * Carries out a Dockerfile without an engine: COPY copies, and RUN runs with every absolute path moved below the stage's
 * folder. `npm ci` takes the packages of this checkout; apt-get and chown do nothing. Throws at an instruction that it
 * does not know.
 */
export function runDockerfile(context: string): Image {
  const text = readFileSync(join(context, 'Dockerfile'), 'utf8');
  const ignored = readFileSync(join(context, '.dockerignore'), 'utf8').trim().split('\n');
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  const stages = new Map<string, Stage>();
  const variables = new Map<string, string>();
  let stage: Stage | undefined;
  for (const [, word, rest] of lines.matchAll(/^([A-Z]+)\s+(.*)$/gm)) {
    const words = rest!.trim().split(/\s+/);
    if (word === 'ARG') {
      const [name, value] = rest!.split('=');
      variables.set(name!, value!);
    } else if (word === 'FROM') {
      const from = words[0]!.replace(/\$(\w+)/g, (_, name: string) => variables.get(name)!);
      stage = newStage(from);
      stages.set(words[2] ?? '', stage);
    } else if (word === 'COPY') copy(stage!, words, { context, ignored, stages });
    else if (word === 'RUN') run(stage!, rest!, context);
    else if (word === 'WORKDIR') {
      stage!.workdir = rest!;
      mkdirSync(join(stage!.root, rest!), { recursive: true });
    } else if (word === 'ENTRYPOINT') stage!.entrypoint = JSON.parse(rest!) as string[];
    else if (word !== 'USER' && word !== 'HEALTHCHECK') throw new Error(`${word} is not known here`);
  }
  return stage!;
}

function newStage(from: string): Stage {
  const root = mkdtempSync(join(tmpdir(), 'image-'));
  for (const folder of ['usr/local/bin', 'etc']) mkdirSync(join(root, folder), { recursive: true });
  return { root, from, workdir: '/', entrypoint: [], packages: [] };
}

interface Copying {
  readonly context: string;
  readonly ignored: readonly string[];
  readonly stages: ReadonlyMap<string, Stage>;
}

function copy(stage: Stage, words: readonly string[], { context, ignored, stages }: Copying): void {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const source = from === undefined ? context : stages.get(from)!.root;
  const to = join(stage.root, paths.at(-1)!.startsWith('/') ? '' : stage.workdir, paths.at(-1)!);
  for (const path of paths.slice(0, -1)) {
    const filter = (file: string) => from !== undefined || !ignored.includes(relative(context, file));
    cpSync(join(source, path), /\/$|^\.$/.test(paths.at(-1)!) ? join(to, basename(path)) : to, {
      recursive: true,
      filter,
    });
  }
}

function run(stage: Stage, command: string, context: string): void {
  const standIns = [
    'apt-get() { [ "$1" != install ] || echo "$@" >&3; }',
    'chown() { :; }',
    `npm() { if [ "$1" = ci ]; then ln -s '${context}/node_modules' node_modules; else command npm "$@"; fi; }`,
  ];
  const moved = command.replace(/(?<=^|\s)\/[^\s;&|]*/g, (path) => join(stage.root, path));
  const output = execFileSync('bash', ['-ec', `${standIns.join('\n')}\nexec 3>&1 >&2\n${moved}`], {
    cwd: join(stage.root, stage.workdir),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stage.packages.push(...output.split(/\s+/).filter((word) => /^[a-z][a-z0-9.+-]*$/.test(word) && word !== 'install'));
}
