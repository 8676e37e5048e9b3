import { describe, expect, test } from '@jest/globals';
import { type RenderLimits, render as renderWith, defaultRenderLimits } from '../../../src/agent/render/render.ts';
import type { FuncMap } from '../../../src/go/value.ts';
import { Suspend, type Template, TemplateError } from '../../../src/template/engine/engine.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { md5 } from '../../helpers/pipeline.ts';

const none: FuncMap = new Map();

const render = (
  template: Template,
  makeFuncs: () => FuncMap,
  limits: Partial<RenderLimits> = {},
  clock = new FakeClock(),
) => renderWith(template, makeFuncs, { ...defaultRenderLimits, ...limits }, clock);

/** A template that writes these chunks. */
const writing = (...chunks: string[]): Template => ({
  render: (_data, _funcs, write) => {
    chunks.forEach(write);
  },
});

describe('what goes wrong', () => {
  test('the template fails', async () => {
    const template: Template = {
      render: () => {
        throw new TemplateError('template: t:1: no');
      },
    };
    await expect(render(template, () => none)).rejects.toThrow('template: t:1: no');
  });

  test('more output than allowed', async () => {
    await expect(render(writing('abc', 'def'), () => none, { outputBytes: 5 })).rejects.toMatchObject({
      name: 'AgentError',
      message: "the template's output is larger than 5 bytes (-max-output)",
    });
  });

  test.each<[Error, string]>([
    [new RangeError('Invalid string length'), 'the template creates a string of more than 512 MiB'],
    [new Error('Cannot create a string longer than 0x1fffffe8 characters'), 'a string of more than 512 MiB'],
    [new RangeError('Invalid array length'), 'nested too deep'],
    [new RangeError('Map maximum size exceeded'), 'nested too deep'],
    [new RangeError('Maximum call stack size exceeded'), 'nested too deep'],
    [new RangeError('Array buffer allocation failed'), 'nested too deep'],
    [new RangeError('Invalid count value: -1'), 'Invalid count value: -1'],
    [new TypeError('Invalid array length'), 'Invalid array length'],
  ])('%s', async (error, message) => {
    const template: Template = {
      render: () => {
        throw error;
      },
    };
    const thrown: unknown = await render(template, () => none).catch((caught: unknown) => caught);
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).name === 'AgentError').toBe((thrown as Error).message !== error.message);
  });

  test('a look-up is rejected', async () => {
    const template: Template = {
      render: () => {
        throw new Suspend(Promise.reject(new Error('lookup x: no such host')));
      },
    };
    await expect(render(template, () => none)).rejects.toThrow('lookup x: no such host');
  });

  test('look-ups without end', async () => {
    const template: Template = {
      render: () => {
        throw new Suspend(Promise.resolve());
      },
    };
    await expect(render(template, () => none)).rejects.toThrow('the template makes more than 10000 lookups');
  });
});

describe('a rendering', () => {
  test.each([
    ['nothing', []],
    ['empty writes', ['', '']],
    ['one write', ['hello\n']],
    ['many', Array.from({ length: 5000 }, (_, i) => `line ${i}\n`)],
    ['one that is long', ['x'.repeat(500_000)]],
  ])('of %s', async (_name, chunks) => {
    const { chunks: buffers, size, md5: digest } = await render(writing(...chunks), () => none);
    const text = Buffer.concat(buffers).toString();
    expect(text).toBe(chunks.join(''));
    expect(size).toBe(text.length);
    expect(digest).toBe(md5(text));
  });

  test('is bytes, as they came', async () => {
    const { chunks, size } = await render(writing('\xff\x00\r\n', '\xc3', '\xa9'), () => none);
    expect([...Buffer.concat(chunks)]).toEqual([255, 0, 13, 10, 0xc3, 0xa9]);
    expect(size).toBe(6);
  });

  test('waits for what it needs, with functions made anew and the answers kept', async () => {
    const answers = new Map<string, string>();
    let made = 0;
    const template: Template = {
      render: (_data, _funcs, write) => {
        for (const name of ['a', 'b', 'c']) {
          const answer = answers.get(name);
          if (answer === undefined) {
            throw new Suspend(Promise.resolve().then(() => answers.set(name, name.toUpperCase())));
          }
          write(answer);
        }
      },
    };
    const { chunks } = await render(template, () => {
      made += 1;
      return none;
    });
    expect(Buffer.concat(chunks).toString()).toBe('ABC');
    expect(made).toBe(4);
  });
});
