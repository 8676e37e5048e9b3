import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Templates } from '../../src/template/template-cache.ts';
import { TemplateError } from '../../src/template/engine/engine.ts';
import type { Engine } from '../../src/template/engine/engine.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'compile-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** An engine whose templates are their own text; a text with a ! in it is bad. */
function echoEngine() {
  const compiled: string[] = [];
  const engine: Engine = {
    compile: (name, text) => {
      compiled.push(`${name}: ${text}`);
      if (text.includes('!')) throw new TemplateError(`template: ${name}:1: unexpected "!"`);
      return {
        render: (_data, _funcs, write) => {
          write(text);
        },
      };
    },
  };
  return { compiled, templates: new Templates(() => engine) };
}

async function renderOf(templates: Templates, path: string): Promise<string> {
  let out = '';
  (await templates.load(path)).render(undefined, new Map(), (chunk) => (out += chunk));
  return out;
}

const errorOf = (templates: Templates, path: string) =>
  templates.load(path).then(
    () => 'no error',
    (error: unknown) => (error instanceof TemplateError ? error.message : `not a TemplateError: ${String(error)}`),
  );

describe('bad templates', () => {
  test('a missing file', async () => {
    const path = join(dir, 'nope.tmpl');
    expect(await errorOf(new Templates(), path)).toBe(`Missing template: ${path}`);
  });

  test('a directory', async () => {
    const path = join(dir, 'd.tmpl');
    await mkdir(path);
    expect(await errorOf(new Templates(), path)).toBe(
      `Unable to process template ${path}, read ${path}: is a directory`,
    );
  });

  test('a named pipe, whose writer would be waited for, and a device', async () => {
    const path = join(dir, 'p.tmpl');
    execFileSync('mkfifo', [path]);
    expect(await errorOf(new Templates(), path)).toBe(
      `Unable to process template ${path}, it is a named pipe, and not a file`,
    );
    expect(await errorOf(new Templates(), '/dev/zero')).toBe(
      'Unable to process template /dev/zero, it is a device, and not a file',
    );
  });

  test('a path through a file', async () => {
    await writeFile(join(dir, 'f'), '');
    const path = join(dir, 'f', 't.tmpl');
    expect(await errorOf(new Templates(), path)).toBe(
      `Unable to process template ${path}, open ${path}: not a directory`,
    );
  });

  const asRoot = process.getuid?.() === 0;
  (asRoot ? test.skip : test)('a file that may not be read', async () => {
    const path = join(dir, 't.tmpl');
    await writeFile(path, 'x');
    await chmod(path, 0);
    expect(await errorOf(new Templates(), path)).toBe(
      `Unable to process template ${path}, open ${path}: permission denied`,
    );
  });

  test('an unknown function', async () => {
    const path = join(dir, 't.tmpl');
    await writeFile(path, '{{nofunc "a"}}');
    const expected = `Unable to process template ${path}, template: t.tmpl:1: function "nofunc" not defined`;
    expect(await errorOf(new Templates(), path)).toBe(expected);
  });

  test('what is no fault of the template passes through', async () => {
    const path = join(dir, 't.tmpl');
    await writeFile(path, 'x');
    const bug = new TypeError('a bug');
    const compile = () => {
      throw bug;
    };
    await expect(new Templates(() => ({ compile })).load(path)).rejects.toBe(bug);
  });

  test('is tried again when the file has changed, not before', async () => {
    const { compiled, templates } = echoEngine();
    const path = join(dir, 't.tmpl');
    await writeFile(path, 'bad!');
    const first = await errorOf(templates, path);
    expect(first).toBe(`Unable to process template ${path}, template: t.tmpl:1: unexpected "!"`);
    expect(await errorOf(templates, path)).toBe(first);
    expect(compiled).toEqual(['t.tmpl: bad!']);
    await writeFile(path, 'good');
    expect(await renderOf(templates, path)).toBe('good');
  });
});

describe('good templates', () => {
  test('are bytes, and compiled once', async () => {
    const { compiled, templates } = echoEngine();
    const path = join(dir, 'é.tmpl');
    await writeFile(path, Buffer.from([0xff, 0xc3, 0xa9, 0x0a]));
    expect(await renderOf(templates, path)).toBe('\xff\xc3\xa9\n');
    expect(await renderOf(templates, path)).toBe('\xff\xc3\xa9\n');
    expect(compiled).toEqual(['\xc3\xa9.tmpl: \xff\xc3\xa9\n']);
  });

  test('are compiled anew after an edit, also one of the same size and time', async () => {
    const { templates } = echoEngine();
    const path = join(dir, 't.tmpl');
    await writeFile(path, 'one');
    expect(await renderOf(templates, path)).toBe('one');
    const { atime, mtime } = await stat(path);
    await writeFile(join(dir, 'new'), 'two');
    await utimes(join(dir, 'new'), atime, mtime);
    await rename(join(dir, 'new'), path);
    expect(await renderOf(templates, path)).toBe('two');
    await writeFile(path, 'three');
    expect(await renderOf(templates, path)).toBe('three');
  });

  test('know the functions of confd', async () => {
    const path = join(dir, 't.tmpl');
    await writeFile(path, '{{if false}}{{getv "/k"}}{{lookupSRV "a" "b" "c"}}{{datetime}}{{end}}ok');
    expect(await renderOf(new Templates(), path)).toBe('ok');
  });
});
