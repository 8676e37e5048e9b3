import type { Case } from './case.ts';
import type { Random } from './random.ts';

const tokenPattern =
  /\{\{-? ?| -\}\}|\}\}|"(?:\\[^]|[^"\\])*"|`[^`]*`|'(?:\\[^]|[^'\\])*'|[$.]?[A-Za-z_]\w*|\d[\w.]*|\s+|[^]/g;

const tokensOf = (text: string): string[] => text.match(tokenPattern) ?? [];

/** Tells the index of the first candidate that still shows the difference, or -1. */
type FirstDifferent = (candidates: readonly Case[]) => Promise<number>;

/** The smallest case found that still shows a difference. */
export async function shrink(of: Case, firstDifferent: FirstDifferent): Promise<Case> {
  let least = of;
  for (;;) {
    const found = await firstOf(smaller(least), firstDifferent);
    if (found === null) return least;
    least = found;
  }
}

const chunkSize = 64;

async function firstOf(candidates: Generator<Case>, firstDifferent: FirstDifferent): Promise<Case | null> {
  for (;;) {
    const chunk: Case[] = [];
    for (let next = candidates.next(); next.done !== true; next = candidates.next()) {
      if (chunk.push(next.value) === chunkSize) break;
    }
    if (chunk.length === 0) return null;
    const i = await firstDifferent(chunk);
    if (i >= 0) return chunk[i]!;
  }
}

/** Cases a little smaller than one, the smallest first. */
function* smaller(one: Case): Generator<Case> {
  if (one.m !== 'default') yield { ...one, m: 'default' };
  if (one.l !== '' || one.r !== '') {
    yield { ...one, t: one.t.replaceAll(one.l || '{{', '{{').replaceAll(one.r || '}}', '}}'), l: '', r: '' };
  }
  const tokens = tokensOf(one.t);
  for (const [from, to] of spans(tokens)) yield { ...one, t: without(tokens, from, to) };
  for (let size = tokens.length >> 1; size >= 1; size = size > 4 ? size >> 1 : size - 1) {
    for (let at = 0; at + size <= tokens.length; at++) yield { ...one, t: without(tokens, at, at + size) };
  }
  for (const [i, token] of tokens.entries()) {
    for (const simple of simpler(token))
      yield { ...one, t: [...tokens.slice(0, i), simple, ...tokens.slice(i + 1)].join('') };
  }
}

const without = (tokens: readonly string[], from: number, to: number) =>
  [...tokens.slice(0, from), ...tokens.slice(to)].join('');

/** The parts between a bracket and the one that closes it, brackets included. */
function* spans(tokens: readonly string[]): Generator<[from: number, to: number]> {
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token === '(' || token.startsWith('{{')) open.push(i);
    else if (token === ')' || token.endsWith('}}')) {
      const from = open.pop();
      if (from !== undefined && !(from === 0 && i === tokens.length - 1)) yield [from, i + 1];
    }
  }
}

function* simpler(token: string): Generator<string> {
  if (/^\d/.test(token) && token !== '1') yield '1';
  if (/^["`']./.test(token) && token.length > 3) {
    const mark = token[0]!;
    const inner = token.slice(1, -1);
    yield mark === '`' ? '`a`' : `${mark}a${mark}`;
    for (let at = 0; at < inner.length; at++) yield mark + inner.slice(0, at) + inner.slice(at + 1) + mark;
  }
}

/** A text with a few tokens dropped, doubled, swapped or put elsewhere. */
export function scramble(text: string, random: Random): string {
  const tokens = tokensOf(text);
  for (let n = 1 + random.below(3); n > 0; n--) {
    const [i, j] = [random.below(tokens.length), random.below(tokens.length)];
    const token = tokens[i] ?? '';
    switch (random.below(5)) {
      case 0:
        tokens.splice(i, 1);
        break;
      case 1:
        tokens.splice(j, 0, token);
        break;
      case 2:
        [tokens[i], tokens[j]] = [tokens[j] ?? '', token];
        break;
      case 3:
        tokens[i] = token.slice(0, random.below(token.length + 1));
        break;
      default:
        tokens.splice(i, 0, random.pick(stray));
    }
  }
  return tokens.join('');
}

const stray = [
  ...[
    '{{',
    '}}',
    '{{-',
    '-}}',
    ' -}}',
    '{{- ',
    '/*',
    '*/',
    '(',
    ')',
    '|',
    ':=',
    '=',
    ',',
    '$',
    '$x',
    '.',
    '.a',
    '"',
    '`',
  ],
  ...[
    "'",
    '\\',
    '\n',
    ' ',
    '0x',
    '1i',
    '\xff',
    '\xc3\xa9',
    'nil',
    '{{end}}',
    '{{else}}',
    '{{break}}',
    'if',
    'end',
    '%',
    '-',
  ],
  ...[
    '1_000',
    '0b1',
    '0o7',
    '1e',
    '1e400',
    "'a",
    "'ab'",
    "''",
    '\xef\xbf\xbd',
    '\xe2\x80\xa8',
    '\x00',
    '..',
    '.1',
    '+1',
    'else if 1',
  ],
];
