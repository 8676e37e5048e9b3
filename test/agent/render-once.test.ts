import { expect, test } from '@jest/globals';
import { renderOnce, type RenderedOnce } from '../../src/agent/render-once.ts';
import { defaultRenderLimits } from '../../src/agent/render/render.ts';
import { resolveTemplate, type ResourceTemplate } from '../../src/agent/resource/resource.ts';
import { BackendError } from '../../src/backend/contract/backend.ts';
import { loadResources } from '../../src/config/resources.ts';
import type { SourceSpec } from '../../src/config/sources.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { Confdir } from '../helpers/confd.ts';
import { FakeBackend } from '../helpers/fake-backend.ts';
import { memoryLog } from '../helpers/memory-log.ts';

/** What resources of conf.d come to, by the ends of their dests. */
async function once(dir: Confdir, open: (source: SourceSpec) => FakeBackend) {
  const { specs } = await loadResources(dir.root);
  const templatesDir = dir.path('templates');
  const resources = specs.map((spec) => resolveTemplate(spec, { templatesDir, prefix: '' }));
  const deps = { env: new Map(), limits: defaultRenderLimits, keyring: null, clock: systemClock, log: memoryLog() };
  const opened: SourceSpec[] = [];
  const opening = (source: SourceSpec) => {
    opened.push(source);
    return Promise.resolve().then(() => open(source));
  };
  const all: RenderedOnce<ResourceTemplate>[] = [];
  for await (const one of renderOnce(resources, { ...deps, open: opening, templatesDir })) all.push(one);
  return { all, opened };
}

const textOf = (one: RenderedOnce<ResourceTemplate>) => {
  if ('failure' in one) return one.failure.error.message;
  return one.result.status === 'rendered' ? Buffer.concat(one.result.rendering.chunks).toString() : one.result.status;
};

test('a store that cannot be read fails its resources, and no others', async () => {
  const dir = new Confdir();
  dir.resource('a', '{{getv "/a"}}', ['/a']);
  dir.resource('b', '{{getv "/b"}}', ['/b']);
  dir.resource('c', 'no keys', []);
  const { all, opened } = await once(dir, () => {
    throw new BackendError('unreachable', 'no store');
  });
  expect(all.map(textOf)).toEqual(['no store', 'no store', 'no keys']);
  // One object for both, so that it is said once.
  expect(all[0]).toMatchObject({ failure: (all[1] as { failure: unknown }).failure });
  expect(opened.length).toBe(1);
});

test('each store is read once for all of its keys, and closed', async () => {
  const dir = new Confdir();
  dir.resource('a', '{{getv "/a"}}', ['/a']);
  dir.resource('b', '{{getv "/b"}}', ['/b']);
  dir.resource('c', '{{getv "/gone"}}', ['/b']);
  const backend = new FakeBackend();
  backend.put('/a', '1');
  backend.put('/b', '2');
  const { all, opened } = await once(dir, () => backend);
  expect(all.map(textOf)).toEqual(['1', '2', 'failed']);
  expect(opened.length).toBe(1);
});
