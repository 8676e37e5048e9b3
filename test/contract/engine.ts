import { describe, expect, test } from '@jest/globals';
import { fromText } from '../../src/go/bytes.ts';
import { BoolType, func, GoError, GoMap, InterfaceType, StringMapType, StringType } from '../../src/go/value.ts';
import type { Func, Value } from '../../src/go/value.ts';
import { Suspend, TemplateError } from '../../src/template/engine/engine.ts';
import type { Engine } from '../../src/template/engine/engine.ts';

/** How a language says what every template language can say. */
export interface Sayings {
  /** The field of the data that has this name. */
  readonly field: (name: string) => string;
  /** A call with string arguments. */
  readonly call: (name: string, ...args: string[]) => string;
  /** A text that is no template. */
  readonly broken: string;
  /** A loop without an end, or at least with a very late one. */
  readonly endless: string;
}

const funcs: ReadonlyMap<string, Func> = new Map<string, Func>([
  ['twice', func([StringType], StringType, (text: string) => text + text)],
  ['not1', func([BoolType], BoolType, (value: boolean) => !value)],
  ['many', func([StringType], InterfaceType, () => many)],
  [
    'refuse',
    func([StringType], StringType, (text: string) => {
      throw new GoError(`refused ${text}`);
    }),
  ],
]);

const many = new GoMap(
  StringMapType,
  new Map(Array.from({ length: 200 }, (_, i): [Value, Value] => [`k${i}`, `v${i}`])),
);
const allBytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');

/** What the agent relies on, whichever language a template is written in. */
export function engineContract(name: string, make: () => Engine | Promise<Engine>, say: Sayings): void {
  describe(`${name} as an engine`, () => {
    const compile = async (text: string) => (await make()).compile('t.conf', text, funcs);
    const render = async (text: string, entries: [Value, Value][] = [], bound = funcs) => {
      const chunks: string[] = [];
      (await compile(text)).render(new GoMap(StringMapType, new Map(entries)), bound, (chunk) => chunks.push(chunk));
      return chunks.join('');
    };

    test('a text that is no template does not compile, and says where', async () => {
      const error: unknown = await compile(`one\n${say.broken}`).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TemplateError);
      expect((error as TemplateError).message).toMatch(/^template: t\.conf:2/);
      expect((error as TemplateError).at?.line).toBe(2);
    });

    test('a call of a function that is not there does not compile', async () => {
      const text = `one\ntwo ${say.call('nosuch', 'x')}`;
      await expect(compile(text)).rejects.toThrow(/^template: t\.conf:2.*function "nosuch" not defined$/);
    });

    test('what a function refuses is an error with its place', async () => {
      const error: unknown = await render(`one\n${say.call('refuse', 'x')}`).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TemplateError);
      expect((error as TemplateError).message).toMatch(/^template: t\.conf:2:\d+: .*error calling refuse: refused x$/);
      expect((error as TemplateError).at?.line).toBe(2);
    });

    test('an argument of the wrong type is an error', async () => {
      await expect(render(say.call('not1', 'x'))).rejects.toThrow(TemplateError);
    });

    test.each([0, 2])('%d arguments for a function of one are an error', async (count) => {
      const text = say.call('twice', ...Array<string>(count).fill('x'));
      await expect(render(text)).rejects.toThrow(/wrong number of args for twice: want 1 got/);
    });

    test('what is neither a template’s nor a function’s mistake passes through', async () => {
      const suspend = new Suspend(Promise.resolve());
      const bug = new TypeError('a bug');
      for (const thrown of [suspend, bug]) {
        const bound = new Map(funcs).set(
          'twice',
          func([StringType], StringType, () => {
            throw thrown;
          }),
        );
        await expect(render(say.call('twice', 'x'), [], bound)).rejects.toBe(thrown);
      }
    });

    test('every byte of the text, of an argument, and of a value comes out as it is', async () => {
      const plain = allBytes.replace(/[\\{}]/g, '');
      expect(await render(plain)).toBe(plain);
      expect(await render(say.field('bytes'), [['bytes', allBytes]])).toBe(allBytes);
      expect(await render(say.call('twice', fromText('à\u00a0日'))).then((out) => out)).toBe(
        fromText('à\u00a0日à\u00a0日'),
      );
    });

    test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
      '%s is only a name',
      async (key) => {
        expect(await render(`[${say.field(key)}]`, [[key, 'mine']])).toBe('[mine]');
        const without = await render(`[${say.field(key)}]`).catch((error: unknown) => error);
        if (without instanceof Error) expect(without).toBeInstanceOf(TemplateError);
        else expect(without).toBe('[<no value>]');
      },
    );

    test('a template is run any number of times, with the functions of each time', async () => {
      const template = await compile(say.call('twice', 'a'));
      const shout = new Map(funcs).set(
        'twice',
        func([StringType], StringType, (text: string) => text.toUpperCase()),
      );
      const outputs = [funcs, shout, funcs].map((bound) => {
        let out = '';
        template.render(undefined, bound, (chunk) => (out += chunk));
        return out;
      });
      expect(outputs).toEqual(['aa', 'A', 'aa']);
    });

    test('much output comes in chunks, and what write throws ends the render', async () => {
      const template = await compile('x'.repeat(100_000) + say.call('twice', 'y'));
      const sizes: number[] = [];
      template.render(undefined, funcs, (chunk) => sizes.push(chunk.length));
      expect(sizes.reduce((sum, size) => sum + size)).toBe(100_002);
      const full = new Error('full');
      const write = () => {
        throw full;
      };
      expect(() => {
        template.render(undefined, funcs, write);
      }).toThrow(full);
    });

    test('what comes before an error of the template is written, what comes before another is not', async () => {
      const template = await compile(`before ${say.call('refuse', 'x')}`);
      const stop = func([StringType], StringType, () => {
        throw new Suspend(Promise.resolve());
      });
      for (const [bound, written] of [
        [funcs, 'before '],
        [new Map([...funcs, ['refuse', stop]]), ''],
      ] as const) {
        let out = '';
        expect(() => {
          template.render(undefined, bound, (chunk) => (out += chunk));
        }).toThrow();
        expect(out).toBe(written);
      }
    });

    test('what tick throws ends a render without an end', async () => {
      const template = await compile(say.endless);
      const late = new Error('late');
      let ticks = 0;
      const tick = () => {
        if (++ticks === 3) throw late;
      };
      expect(() => {
        template.render(undefined, funcs, () => undefined, tick);
      }).toThrow(late);
    });
  });
}
