import { createHash } from 'node:crypto';
import { decode, encode } from '../../go/base64.ts';
import { reserveNext, spend } from '../../go/budget.ts';
import { Builder, byPieces } from '../../go/builder.ts';
import { base, dir } from '../../go/path.ts';
import { atoi, parseBool, quote } from '../../go/strconv.ts';
import {
  contains,
  decodeRune,
  encodeRune,
  isSpace,
  repeat,
  replace,
  split,
  toLower,
  toUpper,
  trimPrefix,
  trimSuffix,
} from '../../go/strings.ts';
import { isLower, isUpper, upperRune } from '../../go/unicode.ts';
import { BoolType, func, GoError, IntType, StringsType, StringType } from '../../go/value.ts';
import type { Func, Slice, Type, Value } from '../../go/value.ts';
import { strings } from './lists.ts';

/** Functions from text to text, and between text and other types. */
export const textFuncs: ReadonlyMap<string, Func> = new Map([
  ['base', ofText(StringType, base)],
  ['dir', ofText(StringType, dir)],
  ['toUpper', ofText(StringType, toUpper)],
  ['toLower', ofText(StringType, toLower)],
  ['contains', ofTexts(BoolType, contains)],
  ['trimSuffix', ofTexts(StringType, trimSuffix)],
  ['trimPrefix', ofTexts(StringType, trimPrefix)],
  ['split', ofTexts(StringsType, (text, separator) => strings(split(text, separator)))],
  ['join', func([StringsType, StringType], StringType, joined)],
  [
    'replace',
    func(
      [StringType, StringType, StringType, IntType],
      StringType,
      (text: string, from: string, to: string, n: bigint) => replace(text, from, to, Number(n)),
    ),
  ],
  ['base64Encode', ofText(StringType, encode)],
  ['base64Decode', ofText(StringType, decode)],
  ['sha256sum', ofText(StringType, (text) => createHash('sha256').update(text, 'latin1').digest('hex'))],
  ['parseBool', ofText(BoolType, parseBool)],
  ['atoi', ofText(IntType, atoi)],
  ['quote', ofText(StringType, quote)],
  ['squote', ofText(StringType, (text) => `'${byPieces(text, (piece) => piece.replaceAll("'", "''"))}'`)],
  ['indent', ofCount(indent)],
  ['nindent', ofCount((spaces, text) => `\n${indent(spaces, text)}`)],
  ['repeat', ofCount(times)],
  ['nospace', ofText(StringType, withoutSpace)],
  ['snakecase', ofText(StringType, (text) => words(text).map(toLower).join('_'))],
  ['kebabcase', ofText(StringType, (text) => words(text).map(toLower).join('-'))],
  ['camelcase', ofText(StringType, camelcase)],
]);

function ofText(result: Type, call: (text: string) => Value): Func {
  return func([StringType], result, call);
}

function ofTexts(result: Type, call: (text: string, other: string) => Value): Func {
  return func([StringType, StringType], result, call);
}

function ofCount(call: (count: number, text: string) => string): Func {
  return func([IntType, StringType], StringType, (count: bigint, text: string) => call(Number(count), text));
}

/** A longer text is not a configuration file, and does not fit into memory. */
const maxLength = 2 ** 28;

function times(count: number, text: string): string {
  if (count <= 0) return '';
  if (count * text.length > maxLength) throw new GoError('strings: Repeat output length overflow');
  return repeat(text, count);
}

function indent(spaces: number, text: string): string {
  if (text === '') return '';
  const pad = times(spaces, ' ');
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1), lines++) spend(stepsPerPart);
  if (pad.length * lines > maxLength) throw new GoError('strings: Repeat output length overflow');
  return pad + replace(text, '\n', `\n${pad}`, -1);
}

function joined(list: Slice, by: string): string {
  const text = new Builder();
  for (let i = 0; i < list.length; i++) {
    spend(stepsPerPart);
    if (i > 0) text.add(by);
    text.add(list.at(i) as string);
  }
  return text.toString();
}

const stepsPerPart = 4;

function runesOf(text: string): number[] {
  const runes: number[] = [];
  for (let at = 0; at < text.length;) {
    spend(stepsPerPart);
    reserveNext(runes.length);
    const [rune, size] = decodeRune(text, at);
    runes.push(rune);
    at += size;
  }
  return runes;
}

const textOf = (runes: readonly number[]) => runes.map(encodeRune).join('');

function withoutSpace(text: string): string {
  return byPieces(text, (piece) => textOf(runesOf(piece).filter((rune) => !isSpace(rune))));
}

/** A longer text is not a name; splitting it would fill the memory. */
const maxNameLength = 1024 * 1024;

const isBreak = (rune: number) => rune === 0x5f || rune === 0x2d || rune === 0x20;

/** The words of a name: they end at _, -, blanks, and before a capital; a run of capitals is one word. */
function words(name: string): string[] {
  if (name.length > maxNameLength) throw new GoError(`a name of ${name.length} bytes is longer than ${maxNameLength}`);
  const runes = runesOf(name);
  const found: string[] = [];
  let word: number[] = [];
  const end = () => {
    if (word.length > 0) found.push(textOf(word));
    word = [];
  };
  for (const [i, rune] of runes.entries()) {
    if (isBreak(rune)) {
      end();
      continue;
    }
    if (isUpper(rune) && (isLower(runes[i + 1] ?? 0) || !isUpper(runes[i - 1] ?? 0))) end();
    word.push(rune);
  }
  end();
  return found;
}

function camelcase(name: string): string {
  const [first = [], ...others] = words(name).map((word) => runesOf(toLower(word)));
  return textOf([...first, ...others.flatMap(([head = 0, ...tail]) => [upperRune(head), ...tail])]);
}
