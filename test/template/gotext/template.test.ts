import { describe, expect, test } from '@jest/globals';
import { func, GoError, GoMap, InterfaceType, StringMapType, StringType } from '../../../src/go/value.ts';
import type { Func, Value } from '../../../src/go/value.ts';
import { Suspend, TemplateError } from '../../../src/template/engine/engine.ts';
import { compileTemplate, goEngine } from '../../../src/template/gotext/template.ts';

const none = new Map<string, Func>();

function render(text: string, funcs = none, data?: Value): string {
  let out = '';
  goEngine.compile('x', text, funcs).render(data, funcs, (chunk) => (out += chunk));
  return out;
}

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** One function named f that throws. */
const thrower = (error: unknown) =>
  new Map([
    [
      'f',
      func([], StringType, () => {
        throw error;
      }),
    ],
  ]);

describe('what a function throws', () => {
  test('a GoError is an error of the template', () => {
    const error = thrown(() => render('a{{f}}', thrower(new GoError('no'))));
    expect(error).toBeInstanceOf(TemplateError);
    expect(error).toMatchObject({ message: 'template: x:1:3: executing "x" at <f>: error calling f: no' });
  });

  test.each([
    ['a Suspend', new Suspend(Promise.resolve())],
    ['a bug', new TypeError('bug')],
    ['a RangeError that is no overflow', new RangeError('Invalid array length')],
  ])('%s passes through', (_what, error) => {
    expect(thrown(() => render('{{range 1}}{{print (f)}}{{end}}', thrower(error)))).toBe(error);
  });
});

describe('errors', () => {
  test('output before an error is written', () => {
    let out = '';
    const template = goEngine.compile('x', 'before {{nope.x}}', new Map([['nope', func([], StringType, () => 'a')]]));
    const funcs = new Map([['nope', func([], StringType, () => 'a')]]);
    expect(() => {
      template.render(undefined, funcs, (chunk) => (out += chunk));
    }).toThrow("can't evaluate field x in type string");
    expect(out).toBe('before ');
  });

  test('a function that is gone when the template runs', () => {
    const template = goEngine.compile('x', '{{f}}', thrower(null));
    expect(() => {
      template.render(undefined, none, () => undefined);
    }).toThrow('template: x:1:2: executing "x" at <f>: "f" is not a defined function');
  });

  test('endless recursion', () => {
    expect(() => render('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}')).toThrow(
      'executing "a" at <{{template "a"}}>: exceeded maximum template depth (100000)',
    );
  });

  test('messages are text', () => {
    expect(() => render('{{\xc3\xa9}}')).toThrow('template: x:1: function "é" not defined');
  });
});

describe('rendering', () => {
  test('output comes in chunks of about 32 KB', () => {
    const chunks: string[] = [];
    const funcs = new Map([['word', func([], StringType, () => 'x'.repeat(100))]]);
    goEngine
      .compile('x', '{{range 2000}}{{word}}{{end}}', funcs)
      .render(undefined, funcs, (chunk) => chunks.push(chunk));
    expect(chunks.join('')).toHaveLength(200_000);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(33 * 1024);
    expect(chunks.length).toBeLessThan(8);
  });

  test('a template can run again, and within itself', () => {
    const template = goEngine.compile('x', '{{$x := 0}}{{range 3}}{{$x = .}}{{end}}{{$x}}', none);
    const inner = new Map([
      [
        'f',
        func([], StringType, () => {
          let out = '';
          template.render(undefined, none, (chunk) => (out += chunk));
          return out;
        }),
      ],
    ]);
    expect(render('{{f}}{{f}}', inner)).toBe('22');
  });

  test('functions are those of the render', () => {
    const make = (word: string) => new Map([['f', func([], StringType, () => word)]]);
    const template = goEngine.compile('x', '{{f}}', make('first'));
    let out = '';
    template.render(undefined, make('second'), (chunk) => (out += chunk));
    expect(out).toBe('second');
  });

  test('no property of a JavaScript object is a field', () => {
    const data = new GoMap(StringMapType, new Map<Value, Value>([['__proto__', 'a key']]));
    expect(render('{{.__proto__}} {{.constructor}} {{.size}} {{.entries}}', none, data)).toBe(
      'a key <no value> <no value> <no value>',
    );
    const funcs = new Map([['any', func([InterfaceType], InterfaceType, (value: Value) => value)]]);
    for (const name of ['constructor', '__proto__', 'length', 'at', 'type', 'toString']) {
      expect(() => render(`{{(any "a").${name}}}`, funcs)).toThrow(`can't evaluate field ${name} in type string`);
    }
  });

  test('delimiters and missing keys can be set', () => {
    const options = { funcs: none, delims: { left: '<<', right: '>>' }, missingKey: 'error' } as const;
    expect(() => {
      compileTemplate('x', '<<.a>>', options).render(new GoMap(StringMapType, null), none, () => undefined);
    }).toThrow('template: x:1:2: executing "x" at <.a>: map has no entry for key "a"');
  });
});
