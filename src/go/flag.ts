import { fromText, toText } from './bytes.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { nearest } from './nearest.ts';
import { redact } from './redact.ts';
import { parseBool, parseInt, quote } from './strconv.ts';

/** Go's package flag: its grammar, its error texts and its usage text. Arguments and values are text, as in argv. */

export type FlagKind = 'string' | 'bool' | 'int' | 'list' | 'duration';

/** A value of a flag; durations are milliseconds. */
export type FlagValue = string | boolean | number | readonly string[];

/** One flag of a program. */
export interface FlagSpec {
  readonly name: string;
  readonly kind: FlagKind;
  readonly default: FlagValue;
  /** Help text; a word in backquotes names the value. */
  readonly usage: string;
}

/** A parsed command line: the flags, and the arguments from the first one that is not a flag. */
export interface ParsedFlags {
  readonly set: ReadonlyMap<string, FlagValue>;
  readonly rest: readonly string[];
}

/** A command line that Go would refuse (with Go's message, but without the value in it), or one that asks for help. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
  /** The flag that was probably meant. */
  readonly near: string | null;
  constructor(
    readonly code: 'invalid' | 'help',
    message: string,
    options: ErrorOptions & { readonly near?: string | null } = {},
  ) {
    super(message, options);
    this.near = options.near ?? null;
  }
}

/** Parses args by Go's rules; the last value of a flag wins, the values of a list are collected. Throws FlagError. */
export function parseFlags(args: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const given: Given[] = [];
  let next = 0;
  while (next < args.length) {
    const arg = args[next]!;
    if (arg.length < 2 || !arg.startsWith('-')) break;
    next++;
    if (arg === '--') break;
    const flag = readFlag(arg, known);
    if (flag.value === undefined && flag.spec.kind !== 'bool') {
      if (next === args.length) throw new FlagError('invalid', `flag needs an argument: -${flag.spec.name}`);
      flag.value = args[next++]!;
    }
    given.push({ spec: flag.spec, value: readValue(flag.spec, flag.value ?? 'true') });
  }
  return { set: gather(given), rest: args.slice(next) };
}

interface Given {
  readonly spec: FlagSpec;
  readonly value: FlagValue;
}

function readFlag(arg: string, known: ReadonlyMap<string, FlagSpec>): { spec: FlagSpec; value: string | undefined } {
  const body = arg.slice(arg.startsWith('--') ? 2 : 1);
  // Without the value: it may be a password.
  if (/^[-=]/.test(body))
    throw new FlagError('invalid', `bad flag syntax: ${arg.replace(/^([-=]+[^-=][^=:]*)[=:].*/s, '$1')}`);
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  const spec = known.get(name);
  if (spec !== undefined) return { spec, value: equals < 0 ? undefined : body.slice(equals + 1) };
  if (name === 'help' || name === 'h') throw new FlagError('help', 'flag: help requested');
  const shown = name.replace(/:[^]*/, ':***');
  throw new FlagError('invalid', `flag provided but not defined: -${shown}`, { near: nearest(name, known.keys()) });
}

function readValue(spec: FlagSpec, text: string): FlagValue {
  try {
    return parseValue(spec.kind, text);
  } catch (error) {
    const value = toText(quote(fromText(redact(text))));
    const what = spec.kind === 'bool' ? `boolean value ${value} for` : `value ${value} for flag`;
    throw new FlagError('invalid', `invalid ${what} -${spec.name}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The value that Go's flag package makes of a text; a list gets one element. Throws an Error with the message `parse
 * error` or `value out of range`. Integers beyond 2^53 lose their last digits.
 */
export function parseValue(kind: FlagKind, text: string): FlagValue {
  try {
    switch (kind) {
      case 'string':
        return text;
      case 'list':
        return [text];
      case 'bool':
        return parseBool(fromText(text));
      case 'int':
        return Number(parseInt(fromText(text), 0, 64));
      case 'duration':
        return Number(parseDuration(fromText(text))) / 1e6;
    }
  } catch (error) {
    const range = kind === 'int' && (error as Error).message.endsWith('value out of range');
    throw new Error(range ? 'value out of range' : 'parse error', { cause: error });
  }
}

/** The last value of a flag counts; the values of a list are collected. */
function gather(given: readonly Given[]): Map<string, FlagValue> {
  const values = new Map<string, FlagValue>();
  for (const { spec, value } of given) {
    const before = values.get(spec.name);
    values.set(spec.name, spec.kind === 'list' ? [...((before ?? []) as string[]), ...(value as string[])] : value);
  }
  return values;
}

/** The text of Go's PrintDefaults under its `Usage of <program>:` line. */
export function usageText(program: string, specs: readonly FlagSpec[]): string {
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `Usage of ${program}:\n${sorted.map(flagUsage).join('')}`;
}

function flagUsage(spec: FlagSpec): string {
  const named = /`([^`]*)`/.exec(spec.usage);
  const word = named?.[1] ?? typeWords[spec.kind];
  const usage = named === null ? spec.usage : spec.usage.replace(named[0], () => named[1]!);
  const head = `  -${spec.name}${word === '' ? '' : ` ${word}`}`;
  // Go shows the help of a boolean flag of one letter on the same line.
  const gap = head.length <= 4 ? '\t' : '\n    \t';
  return `${head}${gap}${usage.replaceAll('\n', '\n    \t')}${shownDefault(spec)}\n`;
}

const typeWords = { string: 'string', bool: '', int: 'int', list: 'value', duration: 'duration' } as const;

function shownDefault(spec: FlagSpec): string {
  const text = formatValue(spec.kind, spec.default);
  if (['', 'false', '0', '0s', '[]'].includes(text) && !(spec.kind === 'string' && text !== '')) return '';
  return ` (default ${spec.kind === 'string' ? toText(quote(fromText(text))) : text})`;
}

/** A value as Go's %v shows it: 1m30s, [a b], true. */
export function formatValue(kind: FlagKind, value: FlagValue): string {
  if (kind === 'duration') return toText(formatDuration(BigInt(Math.round((value as number) * 1e6))));
  return typeof value === 'object' ? `[${value.join(' ')}]` : String(value);
}
