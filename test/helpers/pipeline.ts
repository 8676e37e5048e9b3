import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../src/agent/resource/command.ts';
import type { Failure, Outcome } from '../../src/agent/pipeline/outcome.ts';
import type { PassRecord } from '../../src/agent/pipeline/pass-record.ts';
import { MemoryLedger } from '../../src/agent/pipeline/reload-ledger.ts';
import type { Rendering } from '../../src/agent/render/render.ts';
import type { Resource } from '../../src/agent/resource/resource.ts';
import type { ResourceSpec } from '../../src/config/resources.ts';
import { globalSource } from '../../src/config/sources.ts';

/** A directory that is gone after `using` it. */
export function scratch(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'rooms-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The rendering of a text, in one chunk. */
export function renderingOf(text: string): Rendering {
  const chunk = Buffer.from(text);
  return { chunks: [chunk], size: chunk.length, md5: md5(text) };
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** A spec with nothing but the least. */
export function specOf(dest: string, more: Partial<ResourceSpec> = {}): ResourceSpec {
  return {
    file: '/conf.d/r.toml',
    src: 'r.tmpl',
    dest,
    keys: [],
    prefix: '',
    sources: [globalSource],
    mode: null,
    owner: null,
    group: null,
    uid: null,
    gid: null,
    checkCmd: '',
    reloadCmd: '',
    checkTimeoutMs: null,
    reloadTimeoutMs: null,
    engine: null,
    strict: true,
    minKeys: 0,
    allowEmpty: true,
    ...more,
  };
}

/** A resource that wishes for mode 0644 and this process as the owner. */
export function resourceOf(dest: string, more: Partial<Resource> = {}): Resource {
  return {
    spec: specOf(dest, { reloadCmd: more.reload ? 'reload_cmd as written' : '' }),
    file: '/conf.d/r.toml',
    template: '/templates/r.tmpl',
    dest,
    keyRequests: [{ source: globalSource, prefix: '/', keys: [] }],
    mode: 0o644,
    uid: process.geteuid!(),
    gid: process.getegid!(),
    check: null,
    reload: null,
    noop: false,
    keepStageFile: false,
    warnings: [],
    ...more,
  };
}

/** The record of a pass of the resource with this dest, of which only the outcome counts. */
export function recordOf(outcome: Outcome, dest = '/d'): PassRecord {
  const nothing = { keys: null, comparison: null, steps: [] };
  return { file: '/conf.d/r.toml', dest, trigger: 'start', startedAt: 0, durationMs: 0, ...nothing, outcome };
}

/** How a pass ends that fails at check_cmd. */
export const failedCheck: Failure = {
  ...{ status: 'failed', step: 'check', message: 'no', hints: [], pending: false, isBug: false },
};

/** A ledger that knows of a pending reload of the resource's dest. */
export function pendingLedger({ dest, file, spec }: Resource, stops = 0): MemoryLedger {
  const ledger = new MemoryLedger();
  void ledger.put({ dest, resource: file, command: spec.reloadCmd, md5: md5('new'), since: '', stops });
  return ledger;
}

/** A command whose text names its files as $src and $dest. */
export function commandOf(key: Command['key'], text: string, timeoutMs: number | null = null): Command {
  return {
    key,
    timeoutMs,
    text: ({ src, dest }) => text.replaceAll('$src', src).replaceAll('$dest', dest),
  };
}

/** True when this process may do what only root may. */
export const isRoot = process.geteuid!() === 0;
