import { describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Templates } from '../../src/template/template-cache.ts';
import { Suspend } from '../../src/template/engine/engine.ts';
import type { Dialect, Template } from '../../src/template/engine/engine.ts';
import { enginesFor } from '../../src/template/engines.ts';
import { goEngine } from '../../src/template/gotext/template.ts';
import { engineContract } from '../contract/engine.ts';

const engines = enginesFor('/nonexistent');

engineContract('go', () => engines('t.tmpl', { engine: null, strict: true }), {
  field: (name) => (/^\w+$/.test(name) ? `{{.${name}}}` : `{{index . "${name}"}}`),
  call: (name, ...args) => `{{${[name, ...args.map((arg) => `"${arg}"`)].join(' ')}}}`,
  broken: '{{if}}',
  endless: `${'{{range many ""}}'.repeat(6)}.${'{{end}}'.repeat(6)}`,
});

describe('which engine', () => {
  const rows: [path: string, engine: Dialect['engine'], isGo: boolean][] = [
    ['/t/a.tmpl', null, true],
    ['/t/a.hbs', null, false],
    ['/t/a.hbs.tmpl', null, true],
    ['/t/hbs', null, true],
    ['/t/a.hbs', 'go', true],
    ['/t/a.conf', 'handlebars', false],
  ];
  test.each(rows)('%s with engine %s', async (path, engine, isGo) => {
    expect((await engines(path, { engine, strict: true })) === goEngine).toBe(isGo);
  });
});

describe('a Handlebars file', () => {
  /** Renders without functions, waiting for partials. */
  async function outputOf(template: Template): Promise<string> {
    for (;;) {
      let out = '';
      try {
        template.render(undefined, new Map(), (chunk) => (out += chunk));
        return out;
      } catch (error) {
        if (!(error instanceof Suspend)) throw error;
        await error.until;
      }
    }
  }

  test('is another template when one of its partials is edited, and only then', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'engines-'));
    await mkdir(join(folder, 'parts'));
    const path = join(folder, 'main.hbs');
    await writeFile(path, '<{{> parts/one}}>');
    await writeFile(join(folder, 'parts/one.hbs'), '1');
    const templates = new Templates(enginesFor(folder));
    const first = await templates.load(path);
    expect(await outputOf(first)).toBe('<1>');
    expect(await templates.load(path)).toBe(first);

    await writeFile(join(folder, 'parts/one.hbs'), '2');
    const second = await templates.load(path);
    expect(second).not.toBe(first);
    expect(await outputOf(second)).toBe('<2>');
    expect(await templates.load(path)).toBe(second);
    await rm(folder, { recursive: true });
  });

  test('is taken as strictly as each resource says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'engines-'));
    const path = join(folder, 'main.hbs');
    await writeFile(path, '<{{nosuch}}>');
    const templates = new Templates(enginesFor(folder));
    const load = (strict: boolean) => templates.load(path, { engine: null, strict });
    expect(await outputOf(await load(false))).toBe('<>');
    await expect(load(true).then(outputOf)).rejects.toThrow('template: main.hbs:1:3: "nosuch" is not defined');
    await expect(templates.load(path).then(outputOf)).rejects.toThrow('"nosuch" is not defined');
    await rm(folder, { recursive: true });
  });
});
