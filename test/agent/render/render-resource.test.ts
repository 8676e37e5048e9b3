import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { openKeyView, ReadStore } from '../../../src/agent/render/key-view.ts';
import { defaultRenderLimits } from '../../../src/agent/render/render.ts';
import { renderResource } from '../../../src/agent/render/render-resource.ts';
import { AgentError } from '../../../src/agent/resource/error.ts';
import type { ResourceTemplate } from '../../../src/agent/resource/resource.ts';
import { loadResources } from '../../../src/config/resources.ts';
import { globalSource } from '../../../src/config/sources.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { enginesFor } from '../../../src/template/engines.ts';
import { funcDepsOf } from '../../../src/template/funcs/funcs.ts';
import { Includes } from '../../../src/template/funcs/include.ts';
import { Templates } from '../../../src/template/template-cache.ts';
import { Confdir } from '../../helpers/confd.ts';

// Nothing but a template, keys and what functions answer from: no agent, no store, no file that is written.

interface Case {
  readonly text: string | null;
  readonly keys?: readonly string[];
  readonly pairs?: Readonly<Record<string, string>>;
  readonly more?: string;
}

async function rendered({ text, keys = ['/app'], pairs = {}, more = '' }: Case) {
  const dir = new Confdir();
  dir.resource('x', text ?? '', keys, text === null ? 'src = "gone.tmpl"' : more);
  if (text === null) dir.write('conf.d/x.toml', `[template]\nsrc = "gone.tmpl"\ndest = "/x"\nkeys = []\n`);
  const { specs } = await loadResources(dir.root);
  const spec = specs[0]!;
  const folder = dir.path('templates');
  const resource: ResourceTemplate = {
    spec,
    file: spec.file,
    template: `${folder}/${spec.src}`,
    dest: spec.dest,
    keyRequests: [{ source: globalSource, prefix: '/', keys }],
  };
  const view = openKeyView(resource, [new ReadStore(new Map(Object.entries(pairs)), 'subtree')]);
  const templates = new Templates(enginesFor(folder));
  const funcs = funcDepsOf(new Map([['HOME', '/root']]), systemClock, new Includes(templates, folder));
  const result = await renderResource(resource, view, {
    templates,
    funcs,
    limits: { ...defaultRenderLimits, outputBytes: 1000 },
    clock: systemClock,
  });
  const plain = (said: string) => said.replaceAll(dir.root, '');
  return { result, plain };
}

describe('what cannot be rendered', () => {
  const rows: readonly (readonly [string, Case, string, readonly string[]])[] = [
    ['no template', { text: null }, 'Missing template: /templates/gone.tmpl (src in /conf.d/x.toml)', []],
    [
      'a text that does not parse',
      { text: 'one\n{{getvv "/app/x"}}' },
      'Unable to process template /templates/x.tmpl, template: x.tmpl:2: function "getvv" not defined',
      ['  --> /templates/x.tmpl:2', '  2 | {{getvv "/app/x"}}', '    |   ^ did you mean "getv"?'],
    ],
    [
      'a key that is nearly there',
      { text: '{{getv "/app/hots"}}', pairs: { '/app/host': 'a' } },
      'template: x.tmpl:1:2: executing "x.tmpl" at <getv "/app/hots">: error calling getv: key does not exist: /app/hots',
      ['  --> /templates/x.tmpl:1', '  1 | {{getv "/app/hots"}}', '    |   ^ did you mean "/app/host"?'],
    ],
    [
      'a key outside of keys',
      { text: '{{getv "/other"}}', pairs: { '/other': 'a' } },
      'template: x.tmpl:1:2: executing "x.tmpl" at <getv "/other">: error calling getv: key does not exist: /other',
      ['  --> /templates/x.tmpl:1', '  1 | {{getv "/other"}}', '    |   ^ that key is outside keys = ["/app"]'],
    ],
    [
      'a value that is no number: it is not shown',
      { text: '{{atoi (getv "/app/x")}}', pairs: { '/app/x': 'hunter2' } },
      'template: x.tmpl:1:2: executing "x.tmpl" at <atoi (getv "/app/x")>: error calling atoi: strconv.Atoi: parsing "***": invalid syntax',
      ['  --> /templates/x.tmpl:1', '  1 | {{atoi (getv "/app/x")}}', '    |   ^'],
    ],
    [
      'too much output',
      { text: '{{range seq 1 1000}}line {{.}}\n{{end}}' },
      "/templates/x.tmpl: the template's output is larger than 1000 bytes (-max-output)",
      [],
    ],
  ];
  test.each(rows)('%s', async (_name, given, message, advice) => {
    const { result, plain } = await rendered(given);
    expect(result.status).toBe('failed');
    const { error } = result as { error: AgentError };
    expect(error).toBeInstanceOf(AgentError);
    expect(plain(error.message)).toBe(message);
    expect(error.advice.map((line) => plain(line).trimEnd())).toEqual(advice);
    // What did not run has asked nothing, and is rendered again after any change.
    expect(result.readSet === null).toBe(/^(Missing|Unable)/.test(message));
    expect(JSON.stringify([error.message, error.advice])).not.toContain('hunter2');
  });

  test.each([
    [
      'fewer keys than min_keys',
      { text: 'x', more: 'min_keys = 2', pairs: { '/app/x': '1' } },
      /1 key found for it, but /,
    ],
    ['none where there must be one', { text: 'x', more: 'allow_empty = false' }, /no keys found for it/],
    ['a template that fails for want of keys', { text: '{{getv "/app/x"}}', more: 'min_keys = 1' }, /0 keys found/],
  ])('%s', async (_name, given, reason) => {
    const { result } = await rendered(given);
    expect(result.status === 'kept' ? result.reason.kept : result.status).toMatch(reason);
  });
});

test('bytes, their digest, and what was used', async () => {
  const text = '{{getv "/app/x"}} {{exists "/app/y"}} {{getenv "HOME"}} {{len (ls "/app/dir")}}\n';
  const { result } = await rendered({ text, pairs: { '/app/x': '\xff', '/app/z': '', '/other': '' } });
  if (result.status !== 'rendered') throw new Error(result.status);
  const { rendering, readSet, keyCount } = result;
  const bytes = Buffer.concat(rendering.chunks);
  expect(bytes.toString('latin1')).toBe('\xff false /root 0\n');
  expect(rendering).toMatchObject({ size: 16, md5: createHash('md5').update(bytes).digest('hex') });
  expect(keyCount).toBe(2);
  expect(['/app/x', '/app/y', '/app/z'].map((key) => readSet!.has(key))).toEqual([true, true, false]);
});
