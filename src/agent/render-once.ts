import { type Backend, BackendError, readSnapshot } from '../backend/contract/backend.ts';
import type { SourceSpec } from '../config/sources.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { enginesFor } from '../template/engines.ts';
import { declare, funcDepsOf } from '../template/funcs/funcs.ts';
import { Includes } from '../template/funcs/include.ts';
import type { Keyring } from '../template/funcs/keyring.ts';
import { Templates } from '../template/template-cache.ts';
import { Collisions, openKeyView, ReadStore } from './render/key-view.ts';
import type { RenderLimits } from './render/render.ts';
import { renderResource, type RenderResult } from './render/render-resource.ts';
import { type KeyRequest, type ResourceTemplate, storeIdOf } from './resource/resource.ts';

/** What a render without an agent needs. */
export interface RenderOnceDeps {
  /** Opens a store; it is closed after it has been read. Throws BackendError. */
  readonly open: (source: SourceSpec) => Promise<Backend>;
  /** Hears what was read from each store. */
  readonly onRead?: (source: SourceSpec, pairs: ReadonlyMap<string, string>) => void;
  /** Absolute. */
  readonly templatesDir: string;
  /** The environment that getenv reads. */
  readonly env: ReadonlyMap<string, string>;
  readonly limits: RenderLimits;
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  /** Gets a line for keys that a resource finds several times. */
  readonly log: Logger;
}

/** A resource and the result of its render, or the store that could not be read. */
export type RenderedOnce<R> =
  { readonly resource: R; readonly result: RenderResult } | { readonly resource: R; readonly failure: StoreFailure };

/** A store that could not be read; the same object for all resources that need it. */
export interface StoreFailure {
  /** What messages call the store; '' for the global one. */
  readonly label: string;
  readonly error: BackendError;
}

/**
 * Reads every store that the resources need once, all at the same time; then renders the resources one by one, in
 * order.
 */
export async function* renderOnce<R extends ResourceTemplate>(
  resources: readonly R[],
  deps: RenderOnceDeps,
): AsyncGenerator<RenderedOnce<R>> {
  const { templatesDir, env, limits, keyring, clock, log } = deps;
  const stores = await readStores(resources, deps);
  const templates = new Templates(enginesFor(templatesDir), declare(keyring));
  for (const resource of resources) {
    const wanted = resource.keyRequests.map((request) => stores.get(storeIdOf(request))!);
    const failure = wanted.find((store): store is StoreFailure => !(store instanceof ReadStore));
    if (failure !== undefined) {
      yield { resource, failure };
      continue;
    }
    const view = openKeyView(resource, wanted as readonly ReadStore[]);
    new Collisions(resource, log).report(view);
    const funcs = funcDepsOf(env, clock, new Includes(templates, templatesDir), keyring);
    yield { resource, result: await renderResource(resource, view, { templates, funcs, limits, clock }) };
  }
}

async function readStores(
  resources: readonly ResourceTemplate[],
  deps: Pick<RenderOnceDeps, 'open' | 'onRead'>,
): Promise<ReadonlyMap<string, ReadStore | StoreFailure>> {
  const requests = new Map<string, KeyRequest[]>();
  for (const request of resources.flatMap(({ keyRequests }) => keyRequests)) {
    const id = storeIdOf(request);
    requests.set(id, [...(requests.get(id) ?? []), request]);
  }
  const read = async ([id, [first, ...others]]: [string, KeyRequest[]]) => {
    const keys = new Set([first!, ...others].flatMap((request) => request.keys));
    return [id, await readStore(first!.source, [...keys].sort(), deps)] as const;
  };
  return new Map(await Promise.all([...requests].map(read)));
}

async function readStore(
  source: SourceSpec,
  keys: readonly string[],
  { open, onRead }: Pick<RenderOnceDeps, 'open' | 'onRead'>,
): Promise<ReadStore | StoreFailure> {
  if (keys.length === 0) return new ReadStore(new Map(), 'subtree');
  let backend: Backend | null = null;
  try {
    backend = await open(source);
    const { pairs } = await readSnapshot(backend, keys, new AbortController().signal);
    onRead?.(source, pairs);
    return new ReadStore(pairs, backend.selects);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { label: source.label, error };
  } finally {
    await backend?.close();
  }
}
