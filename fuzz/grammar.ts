import type { Case } from './case.ts';
import { anyFormat, anyNumber, anyString } from './literals.ts';
import type { Random } from './random.ts';
import { scramble } from './shrink.ts';

/** Roughly what an expression gives; a wrong one is chosen now and then. */
const types = [
  ...['int', 'float', 'str', 'bool', 'list', 'ints', 'strs', 'map', 'smap', 'imap', 'pair', 'pairs', 'ppair', 'temp'],
  ...['ptemp', 'time', 'dur', 'json', 'nil', 'fn', 'num', 'complex'],
] as const;
type Type = (typeof types)[number];

interface Variable {
  readonly name: string;
  readonly type: Type;
}

const compared: readonly Type[] = ['int', 'str', 'float', 'num', 'bool'];
const ranged: readonly Type[] = ['list', 'ints', 'strs', 'map', 'smap', 'imap', 'pairs', 'json', 'int', 'num'];
const elements: Partial<Record<Type, Type>> = {
  ints: 'int',
  strs: 'str',
  smap: 'str',
  imap: 'str',
  pairs: 'pair',
  int: 'int',
};
const kinds = ['i8', 'u8', 'u16', 'i16', 'i32', 'uint', 'u64', 'f32', 'i64', 'f64'];

/** Templates at random, from every construct of the language; most of them are right up to some depth. */
export class Grammar {
  #variables: Variable[] = [];
  #loops = 0;
  #dot: Type = 'nil';
  #defined: string[] = [];
  #blocks = 0;

  constructor(private readonly random: Random) {}

  /** A template and its options. */
  make(): Case {
    const { random } = this;
    this.#variables = [];
    this.#loops = 0;
    this.#dot = 'nil';
    this.#defined = [...new Set(random.some(2, () => random.pick(['t', 'u', 'a b'])))];
    this.#blocks = 0;
    // Bodies call only what is defined behind them: recursion has tests of its own.
    const definitions = this.#defined.map((name) => `{{define "${name}"}}${this.#body(2)}{{end}}`);
    let t = this.#list(3, 4) + definitions.join('');
    this.#defined = [];
    if (random.once(7)) t = scramble(t, random);
    const m = random.once(6) ? random.pick(['zero', 'error'] as const) : 'default';
    const [l, r] = random.once(25) ? random.pick(delimiters) : ['', ''];
    if (l !== '' || r !== '') t = t.replaceAll('{{', l || '{{').replaceAll('}}', r || '}}');
    return { t, l, r, m };
  }

  #body(depth: number): string {
    const { random } = this;
    const [variables, dot, loops] = [this.#variables, this.#dot, this.#loops];
    this.#variables = [];
    this.#loops = 0;
    this.#dot = random.pick(types);
    const body = this.#list(depth, 2);
    this.#variables = variables;
    this.#dot = dot;
    this.#loops = loops;
    return body;
  }

  #list(depth: number, most: number): string {
    return Array.from({ length: 1 + this.random.below(most) }, () => this.#statement(depth)).join('');
  }

  #statement(depth: number): string {
    const { random } = this;
    if (depth <= 0 || random.once(3))
      return random.once(5) ? this.#text() : this.#action(this.#pipeline(random.pick(types), 2));
    switch (random.below(12)) {
      case 0:
        return this.#text();
      case 1:
      case 2:
        return this.#scoped(() => this.#conditional(depth - 1));
      case 3:
        return this.#scoped(() => this.#with(depth - 1));
      case 4:
      case 5:
      case 6:
        return this.#scoped(() => this.#range(depth - 1));
      case 7:
        return this.#call(depth - 1);
      case 8:
        return this.#jump();
      case 9:
      case 10:
        return this.#declaration();
      default:
        return random.pick(['{{/* c */}}', '{{- /* c */ -}}', ' {{- /**/}} ', '{{/* }} */}}']);
    }
  }

  #scoped(part: () => string): string {
    const [{ length }, dot] = [this.#variables, this.#dot];
    const text = part();
    this.#variables.length = length;
    this.#dot = dot;
    return text;
  }

  #text(): string {
    return this.random.pick([
      ' ',
      'a',
      '\n',
      'b\n\n',
      '<&>',
      '\xc3\xa9',
      '\xff',
      ' { ',
      '}',
      '%d',
      '\t x \r\n',
      '}}',
      '"',
    ]);
  }

  #action(inner: string): string {
    const { random } = this;
    const [open, close] = [
      random.once(9) ? '{{- ' : random.once(5) ? '{{ ' : '{{',
      random.once(9) ? ' -}}' : random.once(5) ? ' }}' : '}}',
    ];
    return open + inner + close;
  }

  #conditional(depth: number): string {
    const { random } = this;
    const parts = [this.#action(`if ${this.#bound(this.#pipeline('bool', 2), 'bool')}`), this.#list(depth, 2)];
    while (random.once(3)) parts.push(this.#action(`else if ${this.#pipeline('bool', 2)}`), this.#list(depth, 2));
    if (random.once(2)) parts.push(this.#action('else'), this.#list(depth, 2));
    return parts.join('') + this.#action('end');
  }

  #with(depth: number): string {
    const { random } = this;
    const type = random.pick(types);
    const dot = this.#dot;
    const head = this.#action(`with ${this.#bound(this.#pipeline(type, 2), type)}`);
    this.#dot = type;
    const parts = [head, this.#list(depth, 2)];
    this.#dot = dot;
    if (random.once(4)) {
      parts.push(this.#action(`else with ${this.#pipeline(random.pick(types), 2)}`));
      parts.push(this.#list(depth, 2));
    }
    if (random.once(3)) parts.push(this.#action('else'), this.#list(depth, 2));
    return parts.join('') + this.#action('end');
  }

  /** A declaration or assignment in front of a condition's pipeline, or none. */
  #bound(pipeline: string, type: Type): string {
    if (!this.random.once(4)) return pipeline;
    return `${this.#declare(type)} := ${pipeline}`;
  }

  #declare(type: Type): string {
    const name = `$${this.random.pick(['x', 'y', 'v', 'i', 'e'])}`;
    this.#variables.push({ name, type });
    return name;
  }

  #range(depth: number): string {
    const { random } = this;
    const type = random.once(12) ? random.pick(types) : random.pick(ranged);
    const over = this.#pipeline(type, 2);
    const elem = elements[type] ?? random.pick(types);
    let head = over;
    if (random.once(2)) {
      const isAssigned = this.#variables.length > 1 && random.once(5);
      const names = isAssigned
        ? random.some(2, () => random.pick(this.#variables).name)
        : random.once(2)
          ? [this.#declare(elem)]
          : [this.#declare(type === 'map' || type === 'smap' ? 'str' : 'int'), this.#declare(elem)];
      if (names.length > 0) head = `${names.join(random.once(2) ? ', ' : ',')} ${isAssigned ? '=' : ':='} ${over}`;
    }
    const dot = this.#dot;
    this.#dot = elem;
    this.#loops++;
    // Each turn prints something, so that a loop without end soon has too much output.
    const parts = [`{{range ${head}}};`, this.#list(depth, 3)];
    this.#loops--;
    this.#dot = dot;
    if (random.once(3)) parts.push(this.#action('else'), this.#list(depth, 2));
    return parts.join('') + this.#action('end');
  }

  #call(depth: number): string {
    const { random } = this;
    const data = random.once(4) ? '' : ` ${this.#pipeline(random.pick(types), 2)}`;
    if (random.once(3))
      return `{{block "b${random.once(30) ? 0 : ++this.#blocks}"${data || ' .'}}}${this.#body(depth)}{{end}}`;
    const name = random.once(12) ? 'nope' : this.#defined.pop();
    return name === undefined ? this.#text() : this.#action(`template "${name}"${data}`);
  }

  #jump(): string {
    const { random } = this;
    if (this.#loops === 0 && !random.once(40)) return this.#text();
    const word = random.pick(['break', 'continue']);
    return random.once(2) ? `{{if ${this.#pipeline('bool', 1)}}}{{${word}}}{{end}}` : this.#action(word);
  }

  #declaration(): string {
    const { random } = this;
    const type = random.pick(types);
    const value = this.#pipeline(type, 2);
    if (this.#variables.length > 0 && random.once(3))
      return this.#action(`${random.pick(this.#variables).name} = ${value}`);
    return this.#action(`${this.#declare(type)} := ${value}`);
  }

  /** Commands, of which the last gives something like the type. */
  #pipeline(type: Type, depth: number): string {
    const { random } = this;
    if (depth > 0 && random.once(5)) {
      const [stage, from] = this.#stage(type);
      return `${this.#pipeline(from, depth - 1)}${random.pick([' | ', '|', ' |'])}${stage}`;
    }
    return this.#expression(type, depth);
  }

  /** A command that makes a type of what comes down the pipeline, and what that should be. */
  #stage(type: Type): [stage: string, from: Type] {
    const { random } = this;
    const any = random.pick(types);
    const stages: Partial<Record<Type, () => [string, Type]>> = {
      int: () =>
        random.pick([
          ['len', random.pick(ranged)],
          [`add ${this.#operand('int', 1)}`, 'int'],
          [`call fn`, 'int'],
        ] as const),
      bool: () =>
        random.pick([
          ['not', any],
          [`eq ${this.#operand('int', 1)}`, 'int'],
          [`${random.pick(['lt', 'ge'])} ${this.#operand('str', 1)}`, 'str'],
        ] as const),
      str: () =>
        random.pick([
          [`printf "${anyFormat(random)}"`, any],
          ['print', any],
          ['html', any],
          ['js', any],
          ['upper', 'str'],
          ['urlquery', 'str'],
          [`join ${this.#operand('strs', 1)}`, 'str'],
          [`printf "%s-%v" ${this.#operand(any, 1)}`, any],
        ] as const),
      list: () => [`list ${this.#operand(any, 1)}`, any],
      num: () => [random.pick(kinds), 'int'],
    };
    return (
      stages[type]?.() ?? [
        random.pick([
          'any',
          'print',
          'index',
          `or ${this.#operand(any, 1)}`,
          `and ${this.#operand(any, 1)}`,
          'slice',
          '.Key',
          random.once(20) ? '"a"' : 'len',
        ]),
        any,
      ]
    );
  }

  /** One command. */
  #expression(wanted: Type, depth: number): string {
    const { random } = this;
    const type = random.once(25) ? random.pick(types) : wanted;
    if (depth <= 0 || random.once(4)) return this.#leaf(type);
    if (random.once(8)) return this.#general(type, depth - 1);
    const choices = this.#choices(type, depth - 1);
    return choices.length === 0 ? this.#leaf(type) : random.pick(choices)();
  }

  /** What gives a value of any type. */
  #general(type: Type, depth: number): string {
    const { random } = this;
    const of = () => this.#operand(type, depth);
    switch (random.below(9)) {
      case 0:
        return `index (list ${of()} ${of()}) ${this.#operand('int', 1)}`;
      case 1:
        return `(map "a" ${of()}).${random.pick(['a', 'a', 'b', 'a.b'])}`;
      case 2:
        return `index (map "a" ${of()} "b" ${of()}) ${random.pick(['"a"', '"b"', '"c"'])}`;
      case 3:
        return `any ${of()}`;
      case 4:
        return `${random.pick(['and', 'or'])} ${this.#operand(random.pick(types), depth)} ${of()}`;
      case 5:
        return `or ${of()} ${this.#operand(random.pick(types), depth)} ${of()}`;
      case 6:
        return `(${this.#pipeline(type, depth)})`;
      case 7:
        return `$${random.pick(['x', 'y', 'v'])} := ${of()}`.replace(/^(.*)$/, '($1)');
      default:
        return `(json "{\\"a\\":[1,2.5,null,\\"x\\",{\\"b\\":true}],\\"c\\":{}}").${random.pick(['a', 'c', 'd', 'c.x', 'a.b', 'd.e'])}`;
    }
  }

  #choices(type: Type, depth: number): (() => string)[] {
    const { random } = this;
    const of = (other: Type) => this.#operand(other, depth);
    const on = (other: Type) => this.#receiver(other, depth);
    const any = () => of(random.pick(types));
    const same = random.pick(compared);
    switch (type) {
      case 'int':
        return [
          () => `len ${of(random.pick(ranged))}`,
          () => `add ${of('int')} ${of('int')}`,
          () => `div ${of('int')} ${of('int')}`,
          () => `${on('temp')}.Add ${of('int')}`,
          () => `${on('temp')}.N`,
          () => `call fn ${of('int')}`,
          () => `index ${of('ints')} ${of('int')}`,
          () =>
            `${random.pick(['takeInts', 'takeMap', 'takeList', 'takePairs'])} ${of(random.pick(['ints', 'map', 'list', 'pairs']))}`,
          () =>
            `${on('time')}.${random.pick(['Year', 'Day', 'Hour', 'Nanosecond', 'YearDay', 'Month', 'Weekday', 'Unix', 'UnixNano'])}`,
        ];
      case 'str':
        return [
          ...Array<() => string>(6).fill(() =>
            `printf "${anyFormat(random)}" ${random.some(3, any).join(' ')}`.trimEnd(),
          ),
          () => `print ${random.some(3, any).join(' ')}`.trimEnd(),
          () => `println ${any()} ${any()}`,
          () => `${random.pick(['html', 'js', 'urlquery'])} ${any()}`,
          () => `slice ${of('str')} ${random.some(3, () => of('int')).join(' ')}`.trimEnd(),
          () => `upper ${of('str')}`,
          () => `join ${of('strs')} ${of('str')}`,
          () => `${on('pair')}.${random.pick(['Key', 'Value', 'Key', 'Nope', 'key'])}`,
          () =>
            `${on('temp')}.${random.pick(['Name', 'Hello', 'Fail', 'Any', 'hidden', 'Nothing', 'Join ","', 'Join "," "a" "b"', 'Hello.x'])}`,
          () => `getv ${random.pick(['"/a"', '"/b"', '"/none"', '"/none" "d"', '"/odd%"', of('str')])}`,
          () => `fail ${of('str')}`,
          () => `${on('time')}.Format ${random.pick(['"2006-01-02"', '"Jan _2 15:04:05.000 MST -07:00"', of('str')])}`,
          () => `${random.pick(['index', 'takePair'])} ${of('smap')} ${of('str')}`,
        ];
      case 'bool':
        return [
          () => `${random.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])} ${of(same)} ${of(same)}`,
          () => `eq ${random.some(4, () => of(same)).join(' ')}`,
          () => `eq ${any()} ${any()}`,
          () => `${random.pick(['lt', 'ge', 'ne'])} ${any()} ${any()}`,
          () => `not ${any()}`,
          () => `${random.pick(['and', 'or'])} ${of('bool')} ${of('bool')}`,
          () => `bool ${of('bool')}`,
          () => `${random.pick(['takePtr', 'takeErr'])} ${any()}`,
          () => `${on('pairs')}.Less ${of('int')} ${of('int')}`,
          () => `${on('time')}.${random.pick(['IsZero', 'IsDST', 'Before date', 'Equal date'])}`,
        ];
      case 'float':
        return [
          () => `f64 ${of('int')}`,
          () => `f64 ${of('float')}`,
          () => `${on('dur')}.${random.pick(['Hours', 'Seconds', 'Minutes'])}`,
        ];
      case 'num':
        return [
          () => `${random.pick(kinds)} ${of(random.pick(['int', 'float', 'num']))}`,
          () => `index ${of('str')} ${of('int')}`,
        ];
      case 'complex':
        return [() => `${random.pick(['c128', 'c64'])} ${of(random.pick(['complex', 'int', 'float']))}`];
      case 'list':
        return [
          () => `list ${random.some(4, any).join(' ')}`.trimEnd(),
          () => `slice ${of('list')} ${random.some(3, () => of('int')).join(' ')}`.trimEnd(),
        ];
      case 'ints':
        return [
          () => `ints ${random.some(4, () => of('int')).join(' ')}`.trimEnd(),
          () => `seq ${of('int')} ${of('int')}`,
        ];
      case 'strs':
        return [
          () => `strs ${random.some(4, () => of('str')).join(' ')}`.trimEnd(),
          () => `slice ${of('strs')} ${of('int')}`,
        ];
      case 'map':
        return [() => `map ${random.some(3, () => `${this.#key()} ${any()}`).join(' ')}`.trimEnd()];
      case 'smap':
        return [() => `smap ${random.some(4, () => of('str')).join(' ')}`.trimEnd()];
      case 'imap':
        return [() => `imap ${random.some(4, () => of('int')).join(' ')}`.trimEnd()];
      case 'pair':
        return [() => `pair ${of('str')} ${of('str')}`, () => `index ${of('pairs')} ${of('int')}`];
      case 'ppair':
        return [() => `ppair ${of('str')} ${of('str')}`];
      case 'pairs':
        return [() => `pairs ${random.some(6, () => of('str')).join(' ')}`.trimEnd()];
      case 'temp':
        return [() => `temp ${of('str')} ${of('int')}`];
      case 'ptemp':
        return [() => `ptemp ${of('str')} ${of('int')}`, () => `${on('ptemp')}.Self`];
      case 'time':
        return [
          () =>
            `${on('time')}.${random.pick(['UTC', 'AddDate 0 1 40', 'Location', 'Zone', 'Date', 'Clock', 'ISOWeek', 'MarshalText', 'String', 'GoString'])}`,
          () =>
            `${on('time')}.${random.pick(['Add', 'Round', 'Truncate', 'AppendFormat nil'])} ${of(random.pick(['dur', 'str']))}`,
        ];
      case 'dur':
        return [
          () => `dur ${of('int')}`,
          () => `${on('time')}.Sub date`,
          () => `${on('dur')}.${random.pick(['Round', 'Truncate'])} ${of('dur')}`,
        ];
      case 'json':
        return [() => `json ${JSON.stringify(this.#jsonText(3))}`];
      default:
        return [];
    }
  }

  #key(): string {
    return this.random.pick(['"a"', '"b"', '"c"', '`__proto__`', '"a b"', '""', '"constructor"']);
  }

  #jsonText(depth: number): string {
    const { random } = this;
    if (random.once(40)) return random.pick(['{', '[1,]', 'nul', '{"a":}', '1 2', '', '"\\x"', '1e999']);
    switch (random.below(depth > 0 ? 8 : 6)) {
      case 0:
        return 'null';
      case 1:
        return random.pick(['true', 'false']);
      case 2:
      case 3:
        return random.pick(['0', '1', '-1.5', '1e3', '123456789', '1e21', '0.000001', '1e-7', '-0']);
      case 4:
      case 5:
        return random.pick(['"a"', '""', '"\\u00e9"', '"<b>"', '"\\n"', '"\\ud800"']);
      case 6:
        return `[${random.some(3, () => this.#jsonText(depth - 1)).join(',')}]`;
      default:
        return `{${random.some(3, () => `${random.pick(['"a"', '"b"', '"a.b"'])}:${this.#jsonText(depth - 1)}`).join(',')}}`;
    }
  }

  /** Something that can stand as an argument. */
  #operand(type: Type, depth: number): string {
    const text = this.#pipeline(type, depth);
    return /[\s|]/.test(text) && !/^("(\\.|[^"\\])*"|`[^`]*`)$/.test(text) ? `(${text})` : text;
  }

  /** Something that can have a field behind it: literals cannot. */
  #receiver(type: Type, depth: number): string {
    const text = this.#operand(type, depth);
    return /^[($.a-z]/.test(text) && !/^(nil|true|false)$/.test(text) ? text : `(${text})`;
  }

  /** A literal, variable, field or call without arguments. */
  #leaf(type: Type): string {
    const { random } = this;
    const known = this.#variables.filter((variable) => variable.type === type);
    if (known.length > 0 && random.once(2)) return random.pick(known).name + this.#fields(type);
    if (this.#dot === type && random.once(2)) return this.#fields(type) || '.';
    if (random.once(25)) return random.pick(['.', '$', '.a', '$.x.y', 'nilany', 'nil', '.Key']);
    switch (type) {
      case 'int':
        return anyNumber(random);
      case 'float':
        return random.pick([
          '1.5',
          '-0.25',
          '1e3',
          '1e100',
          '.5',
          '0x1p-2',
          '3.0',
          '1e-7',
          '100000.0',
          '1e21',
          '2.5e+5',
        ]);
      case 'str':
        return anyString(random);
      case 'bool':
        return random.pick(['true', 'false']);
      case 'complex':
        return random.pick(['1i', '2.5i', '1+2i', '-1i', '0i']);
      case 'num':
        return `${random.pick(kinds)} ${anyNumber(random)}`;
      case 'nil':
        return random.pick(['nil', 'nilany', 'nilmap', 'nilpair', 'niltemp', 'nilstrs', '.', '$', '.x']);
      default:
        return random.pick(leaves[type]);
    }
  }

  #fields(type: Type): string {
    const { random } = this;
    if (random.once(2)) return '';
    if (type === 'pair' || type === 'ppair') return random.pick(['.Key', '.Value', '.Nope', '.Key.x', '.key']);
    if (type === 'map' || type === 'smap' || type === 'json')
      return random.pick(['.a', '.b', '.c', '.a.b', '.a.b.c', '.__proto__']);
    if (type === 'temp' || type === 'ptemp')
      return random.pick([
        '.Name',
        '.N',
        '.Any',
        '.Any.x',
        '.Hello',
        '.Fail',
        '.Self',
        '.Self.Name',
        '.hidden',
        '.Nope',
      ]);
    return random.once(3) ? random.pick(['.a', '.Key', '.Len', '.String', '.Swap']) : '';
  }
}

const delimiters = [
  ['<<', '>>'],
  ['[[', ']]'],
  ['{%', '%}'],
  ['(', ')'],
  ['|', '|'],
  ['', ']]'],
  ['$', '$'],
] as const;

const leaves: Record<Exclude<Type, 'int' | 'float' | 'str' | 'bool' | 'complex' | 'num' | 'nil'>, readonly string[]> = {
  list: ['list', 'list 1 "a" nil 2.5', 'list (list 1) (map "a" 1)', 'list nil', 'list 1 2 3'],
  ints: ['ints 3 1 2', 'seq 1 3', 'seq 3 1', 'ints'],
  strs: ['strs "b" "a"', 'strs', 'nilstrs', 'strs "%d" "<\xc3\xa9>"'],
  map: ['map', 'map "a" 1 "b" nil', 'map "a" (map "b" (list 1))', 'nilmap', 'map "a" (pair "k" "v")'],
  smap: ['smap "a" "x"', 'smap "b" "y" "a" "x"', 'smap'],
  imap: ['imap 2 1', 'imap', 'imap 3'],
  pair: ['pair "k" "v"', 'pair "" "<v>"'],
  pairs: ['pairs "k" "v" "l" "w"', 'pairs', 'pairs "a" "b"'],
  ppair: ['ppair "k" "v"', 'nilpair'],
  temp: ['temp "n" 3', 'temp "" 0'],
  ptemp: ['ptemp "n" 3', 'niltemp'],
  time: ['date', '(date.AddDate 1 -1 0)'],
  dur: ['dur 1500000000', 'dur 0', 'dur -1', 'dur 90061001002003'],
  json: [
    'json "{\\"a\\":1,\\"b\\":{\\"c\\":[1,\\"x\\",null]}}"',
    'json "[1,2.5,\\"a\\",null,true]"',
    'json "null"',
    'json "1e21"',
    'json "\\"s\\""',
  ],
  fn: ['fn', 'fn'],
};
