import { dirname } from 'node:path';
import { defaultRenderLimits, type RenderLimits } from './agent/render/render.ts';
import { openKeyView, ReadStore } from './agent/render/key-view.ts';
import { renderResource as renderWith } from './agent/render/render-resource.ts';
import { AgentError } from './agent/resource/error.ts';
import { resolveTemplate } from './agent/resource/resource.ts';
import { readResources } from './config/resources.ts';
import { fromText, toText } from './go/bytes.ts';
import { clean, join } from './go/path.ts';
import { systemClock } from './obs/clock.ts';
import { enginesFor } from './template/engines.ts';
import { funcDepsOf } from './template/funcs/funcs.ts';
import { Includes } from './template/funcs/include.ts';
import type { Plain } from './template/plain.ts';
import { Templates } from './template/template-cache.ts';

/** Keys and their values by name ("/app/host"), or data whose leaves are keys, as in a file of the file backend. */
export type Keys = ReadonlyMap<string, string | Uint8Array> | { readonly [name: string]: Plain };

/** Options of a render; everything is optional. */
export interface RenderOptions {
  /** The directory of the templates; by default templates/ beside the directory of the resource file. */
  readonly templatesDir?: string;
  /** Replaces the prefix of the resource, unless it is empty. */
  readonly prefix?: string;
  /** The environment that getenv reads; empty by default. */
  readonly env?: ReadonlyMap<string, string>;
  readonly limits?: RenderLimits;
}

/** The file that would be written. */
export interface RenderedResource {
  readonly dest: string;
  readonly bytes: Buffer;
  /** MD5 of the bytes, in lower-case hex. */
  readonly md5: string;
  /** The keys that the template used, without the prefix. */
  readonly usedKeys: readonly string[];
}

/**
 * Renders a resource file over given keys; reads no store and writes no file. Throws ConfigError for the file, and
 * AgentError for a failed render: its message names the place, and `advice` holds further lines.
 */
export async function renderResource(file: string, keys: Keys, options: RenderOptions = {}): Promise<RenderedResource> {
  const {
    templatesDir = join(dirname(file), '../templates'),
    prefix = '',
    env = new Map(),
    limits = defaultRenderLimits,
  } = options;
  const { specs, errors } = await readResources([file]);
  const [spec] = specs;
  if (spec === undefined) throw errors[0]!;
  const resource = resolveTemplate(spec, { templatesDir, prefix });
  const store = new ReadStore(await pairsOf(keys), 'subtree');
  const view = openKeyView(
    resource,
    resource.keyRequests.map(() => store),
  );
  const templates = new Templates(enginesFor(templatesDir));
  const funcs = funcDepsOf(env, systemClock, new Includes(templates, templatesDir));
  const result = await renderWith(resource, view, { templates, funcs, limits, clock: systemClock });
  if (result.status === 'failed') throw result.error;
  if (result.status === 'kept') throw new AgentError(result.reason.kept);
  const { chunks, md5 } = result.rendering;
  const usedKeys = [...view.keys()].filter((key) => result.readSet?.has(key) === true).map(toText);
  return { dest: resource.dest, bytes: Buffer.concat(chunks), md5, usedKeys };
}

async function pairsOf(keys: Keys): Promise<Map<string, string>> {
  if (keys instanceof Map) {
    const bytes = (value: string | Uint8Array) =>
      typeof value === 'string' ? fromText(value) : Buffer.from(value).toString('latin1');
    const given = keys as ReadonlyMap<string, string | Uint8Array>;
    return new Map([...given].map(([key, value]) => [clean(fromText(key)), bytes(value)]));
  }
  const { flatten } = await import('./backend/file/document.ts');
  const pairs = new Map<string, string>();
  await flatten('keys', Buffer.from(JSON.stringify(keys)), pairs);
  return pairs;
}
