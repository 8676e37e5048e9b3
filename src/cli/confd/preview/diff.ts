import { readFile } from 'node:fs/promises';
import { compare, type Difference } from '../../../agent/pipeline/compare.ts';
import type { Rendering } from '../../../agent/render/render.ts';
import { attempt } from '../../../agent/resource/error.ts';
import { type Resource, resolveResource } from '../../../agent/resource/resource.ts';
import { fromText } from '../../../go/bytes.ts';
import { systemClock } from '../../../obs/clock.ts';
import { writeTo } from '../../process/output.ts';
import { Masks, secretsOf } from './masks.ts';
import { type Prepared, prepare, type RenderRequest, rendered, resolveAll, sayError } from './prepare.ts';
import { hunksOf, maxChangedLines } from './unified.ts';

/** For larger files only sizes and digests are shown. */
const maxMebibytes = 16;
/** A NUL within so many bytes means binary content, as in git. */
const textBytes = 8000;

/**
 * Prints how dests differ from what would be written; returns the exit code: 0 the same, 1 different, 2 for an error.
 */
export async function diff(request: RenderRequest): Promise<number> {
  const prepared = await prepare(request);
  if (prepared === null) return 2;
  const { log } = prepared;
  const paint = painterFor(request.env);
  let isDifferent = false;
  const resources = await resourcesOf(prepared);
  const secrets = await knownSecrets(prepared);
  for await (const { resource, rendering } of rendered(resources, prepared)) {
    try {
      const masks = new Masks([...secrets, ...prepared.secretValues, ...(prepared.deps.keyring?.decrypted() ?? [])]);
      const lines = await diffOf(resource, rendering, masks);
      isDifferent ||= lines.length > 0;
      const failure = writeTo(1, Buffer.from(lines.map((line) => `${paint(line)}\n`).join(''), 'latin1'));
      if (failure === null) continue;
      if (failure.code !== 'EPIPE') log.error(`cannot write to standard output: ${failure.message}`);
      return 2;
    } catch (error) {
      sayError(error, resource, log);
    }
  }
  return log.failed ? 2 : isDifferent ? 1 : 0;
}

function resourcesOf(prepared: Prepared): Promise<Resource[]> {
  const { deps, loaded, log } = prepared;
  const { prefix, syncOnly } = loaded.config;
  const settings = {
    ...{ templatesDir: deps.templatesDir, prefix, syncOnly },
    ...{ noop: false, keepStageFile: false, clock: systemClock },
  };
  return resolveAll(prepared, async (spec) => {
    const resource = await resolveResource(spec, settings);
    for (const warning of resource.warnings) log.warning(warning);
    return resource;
  });
}

/** The secrets of all stores in the settings and the resources. */
async function knownSecrets({ loaded, specs }: Prepared): Promise<string[]> {
  const named = [...loaded.sources.named.values()].map(({ spec }) => spec);
  const stores = [...named, ...specs.flatMap(({ sources }) => sources)].flatMap(({ store }) => store ?? []);
  return (await Promise.all([...new Set([loaded.config, ...stores])].map(secretsOf))).flat();
}

/** The lines of the difference, as byte strings; none when dest is the same. Throws AgentError. */
async function diffOf(resource: Resource, rendering: Rendering, masks: Masks): Promise<string[]> {
  const difference = await compare(rendering, resource);
  if (difference.problem !== null) throw difference.problem;
  if (!difference.changed) return [];
  const { dest, file } = resource;
  const head = [`diff ${dest} (${file})`, ...attributeLines(difference)].map(fromText);
  return [...head, ...(await contentLines(dest, difference, rendering, masks))];
}

function attributeLines({ present, wished }: Difference): string[] {
  const { mode, uid, gid } = wished;
  if (present === null) return [`new file, mode ${octal(mode)}, owner ${uid}, group ${gid}`];
  const { stat } = present;
  const rows: readonly (readonly [string, string | number, string | number])[] = [
    ['mode', octal(stat.mode & 0o7777), octal(mode)],
    ['owner', stat.uid, uid],
    ['group', stat.gid, gid],
  ];
  return rows.flatMap(([name, before, after]) =>
    before === after ? [] : [`old ${name} ${before}`, `new ${name} ${after}`],
  );
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

async function contentLines(
  dest: string,
  { present }: Difference,
  rendering: Rendering,
  masks: Masks,
): Promise<readonly string[]> {
  if (present?.md5 === rendering.md5) return [];
  const amounts = () => {
    const before = present === null ? 'nothing' : `${present.stat.size} bytes (md5 ${present.md5})`;
    return `${before} before, ${rendering.size} bytes (md5 ${rendering.md5}) after`;
  };
  if (Math.max(present?.stat.size ?? 0, rendering.size) > maxMebibytes * 1024 * 1024) {
    return [`content of more than ${maxMebibytes} MiB differs: ${amounts()}`];
  }
  const before = present === null ? '' : await attempt('read', dest, () => readFile(dest, 'latin1'));
  const after = Buffer.concat(rendering.chunks).toString('latin1');
  if (isBinary(before) || isBinary(after)) return [`binary content differs: ${amounts()}`];
  const hunks = await hunksOf(before, after, masks);
  if (hunks === null) return [`content differs in more than ${maxChangedLines} lines: ${amounts()}`];
  return hunks.length === 0
    ? []
    : [fromText(`--- ${present === null ? '/dev/null' : dest}`), fromText(`+++ ${dest}`), ...hunks];
}

function isBinary(text: string): boolean {
  return text.slice(0, textBytes).includes('\0');
}

const colours: readonly (readonly [RegExp, string])[] = [
  [/^(diff|new|old|---|\+\+\+) /, '1'],
  [/^@@/, '36'],
  [/^\+/, '32'],
  [/^-/, '31'],
];

/** Colours the lines on a terminal, unless NO_COLOR is set, and escapes control characters. */
function painterFor(env: ReadonlyMap<string, string>): (line: string) => string {
  // Loaded here: it brings all of Node's network code, and this file is in the agent's chunk.
  if (!process.getBuiltinModule('node:tty').isatty(1)) return (line) => line;
  const isPlain = (env.get('NO_COLOR') ?? '') !== '' || env.get('TERM') === 'dumb';
  return (line) => {
    const harmless = line.replace(
      /[\0-\x08\x0b-\x1f\x7f]/g,
      (char) => `^${String.fromCharCode(char.charCodeAt(0) ^ 64)}`,
    );
    const colour = isPlain ? undefined : colours.find(([pattern]) => pattern.test(line))?.[1];
    return colour === undefined ? harmless : `\x1b[${colour}m${harmless}\x1b[m`;
  };
}
