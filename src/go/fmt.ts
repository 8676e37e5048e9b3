/** Go's fmt package: printing values with and without a format. Formats and results are byte strings. */
import { compileFormat, noFlags } from './fmt-format.ts';
import type { Directive, Format } from './fmt-format.ts';
import { Printer } from './fmt-print.ts';
import { formatBool, formatInteger, formatNumber, formatString } from './fmt-scalar.ts';
import { typeOf } from './value.ts';
import type { Value } from './value.ts';

/** The value alone, as %v shows it; nil shows as `<nil>`. */
export function printValue(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return value.toString();
    case 'number':
      return formatNumber(value, 64, 'v', plainFlags)!;
    default: {
      const printer = new Printer();
      printer.printArg(value, 'v');
      return printer.out.toString();
    }
  }
}

const plainFlags = noFlags();

/** The operands in %v, with a blank between two of which neither is a string. */
export function sprint(args: readonly Value[]): string {
  let out = '';
  let wasString = true;
  for (const arg of args) {
    const isString = typeof arg === 'string' || typeOf(arg).kind === 'string';
    if (!isString && !wasString) out += ' ';
    out += printValue(arg);
    wasString = isString;
  }
  return out;
}

/** The operands in %v with a blank between any two, and a newline. */
export function sprintln(args: readonly Value[]): string {
  return args.map(printValue).join(' ') + '\n';
}

/** The operands under a format. Mistakes show in the text, as `%!d(string=x)`; nothing is thrown for them. */
export function sprintf(format: string, args: readonly Value[]): string {
  const compiled = compileFormat(format);
  return printPlain(compiled, args) ?? printAll(compiled, args);
}

/** A fast path for simple formats; null for others. */
function printPlain({ directives, tail }: Format, args: readonly Value[]): string | null {
  if (directives.length !== args.length) return null; // so there are few
  let out = '';
  for (let i = 0; i < directives.length; i++) {
    const directive = directives[i]!;
    const text = directive.isSelfContained ? scalarText(args[i], directive) : null;
    if (text === null) return null;
    out += directive.before + text;
  }
  return out + tail;
}

function scalarText(arg: Value, { verb, flags }: Directive): string | null {
  switch (typeof arg) {
    case 'string':
      return formatString(arg, verb, flags);
    case 'bigint':
      return formatInteger(arg, true, verb, flags);
    case 'number':
      return formatNumber(arg, 64, verb, flags);
    case 'boolean':
      return formatBool(arg, verb, flags);
    default:
      return null;
  }
}

function printAll(compiled: Format, args: readonly Value[]): string {
  const run = new Run(args);
  for (const directive of compiled.directives) run.print(directive);
  run.printer.out.add(compiled.tail);
  if (!compiled.isReordered) run.printExtra();
  return run.printer.out.toString();
}

const maxWidth = 1_000_000n;

/** One pass over the operands of a format. */
class Run {
  readonly printer = new Printer();
  #next = 0;
  #isIndexGood = true;

  constructor(readonly args: readonly Value[]) {}

  print(directive: Directive): void {
    const { printer, args } = this;
    printer.out.add(directive.before);
    this.#prepare(directive);
    const { verb } = directive;
    if (verb === '') printer.out.add('%!(NOVERB)');
    else if (verb === '%') printer.out.add('%');
    else if (!this.#isIndexGood) printer.out.add(`%!${verb}(BADINDEX)`);
    else if (this.#next >= args.length) printer.out.add(`%!${verb}(MISSING)`);
    else printer.printArg(args[this.#next++], verb);
  }

  /** Sets the printer's flags: takes operands for `*` and applies [n], from left to right. */
  #prepare(directive: Directive): void {
    const { flags } = this.printer;
    Object.assign(flags, directive.flags);
    this.#isIndexGood = !directive.isIndexMisplaced;
    this.#jump(directive.widthIndex);
    if (directive.width === '*') this.#takeWidth();
    else flags.width = directive.width;
    this.#jump(directive.precisionIndex);
    if (directive.precision === '*') this.#takePrecision();
    else flags.precision = directive.precision;
    this.#jump(directive.verbIndex);
  }

  #jump(index: number | null): void {
    if (index === null) return;
    if (index >= 0 && index < this.args.length) this.#next = index;
    else this.#isIndexGood = false;
  }

  #takeWidth(): void {
    const { flags } = this.printer;
    const width = this.#takeInt();
    flags.width = width === null ? null : Math.abs(width);
    if (width === null) this.printer.out.add('%!(BADWIDTH)');
    else if (width < 0) {
      flags.minus = true;
      flags.zero = false; // no zeros on the right
    }
  }

  #takePrecision(): void {
    const precision = this.#takeInt();
    this.printer.flags.precision = precision === null || precision < 0 ? null : precision;
    if (this.printer.flags.precision === null) this.printer.out.add('%!(BADPREC)');
  }

  #takeInt(): number | null {
    if (this.#next >= this.args.length) return null;
    const arg = this.args[this.#next++];
    const value = typeof arg === 'object' && arg !== null && 'value' in arg ? arg.value : arg;
    return typeof value === 'bigint' && value <= maxWidth && value >= -maxWidth ? Number(value) : null;
  }

  printExtra(): void {
    const { printer, args } = this;
    if (this.#next >= args.length) return;
    const shown = args.slice(this.#next).map((arg) => {
      return arg === undefined || arg === null ? '<nil>' : `${typeOf(arg).name}=${printValue(arg)}`;
    });
    printer.out.add(`%!(EXTRA ${shown.join(', ')})`);
  }
}
