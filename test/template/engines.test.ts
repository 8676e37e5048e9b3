import { describe, expect, test } from '@jest/globals';
import type { Dialect } from '../../src/template/engine.ts';
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
