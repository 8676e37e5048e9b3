import { fromText, toText } from '../../go/bytes.ts';
import { unquote } from '../../go/strconv.ts';
import { GoError } from '../../go/value.ts';

/** What a message may show, and what it must not. */
export interface Shown {
  /** The texts of the templates that took part, as byte strings: what they say themselves is no secret. */
  readonly sources: readonly string[];
  /** The keys that the resource sees, as byte strings. */
  readonly keys: Iterable<string>;
  /** What the render had from the store, as byte strings. */
  readonly values: readonly string[];
}

/** Shorter words are in too many values by chance. */
const minHiddenLength = 3;

const masked = '***';

/**
 * A template's error (text) without what the render made of the store's values: Go's messages quote what a function
 * could not take (`parsing "hunter2": invalid syntax`), and more people read a log than a store. What a function was
 * given may be a value turned around in any way, so it is shown only where the template itself says the same.
 */
export function redactValues(message: string, shown: Shown): string {
  // What stands before is the template's name and source, which say nothing of values.
  const start = message.indexOf('>: ') + 1;
  return message.slice(0, start) + toText(new Redactor(shown).redact(fromText(message.slice(start))));
}

// Where Go's messages end in something that they do not quote.
const tails: readonly RegExp[] = [
  /((?:can't|cannot) (?:iterate|range) over )([^]+)$/,
  /(index out of range: )(-?\d+)/,
  /(slice index: )(-?\d+ > -?\d+)/,
  /(unsupported value: )([^]+)$/,
  /(cannot unmarshal number )(\S+)(?= into )/,
  /(into (?:Go struct field )?)(\.[^]*)(?= of type )/,
  /(non-comparable types? )([^]+)$/,
  /(non-function )([^]+)(?= of type )/,
  /(lookup )(\S+)(?= on | |: )/,
  /(include )(\S[^]*?)(?=: )/,
  /((?:open|stat|read) )(\S[^]*?)(?=: )/,
  /(partial )(\S+)/,
];

class Redactor {
  readonly #sources: readonly string[];
  readonly #values: readonly string[];
  readonly #keys: Iterable<string>;
  #segments: ReadonlySet<string> | null = null;

  constructor({ sources, keys, values }: Shown) {
    this.#sources = sources;
    this.#keys = keys;
    this.#values = values.map((value) => value.toLowerCase());
  }

  redact(text: string): string {
    const quoted = text
      .replace(/"(?:[^"\\]|\\.)*"/g, (all) => this.#show(all, bare(all), '"'))
      .replace(/`[^`]*`/g, (all) => this.#show(all, all.slice(1, -1), '`'))
      .replace(/(invalid character )'(?:[^'\\]|\\.)+'/g, (all, words: string) =>
        /'[\p{L}\p{N}]/u.test(all) ? `${words}'*'` : all,
      );
    const tailed = tails.reduce(
      (before, tail) =>
        before.replace(tail, (all, words: string, data: string) => (this.#isSaid(data) ? all : words + masked)),
      quoted,
    );
    const keyed = tailed.replace(
      /(key does not exist: )([^]+)$/,
      (_all, words: string, key: string) => words + this.#path(key),
    );
    // What is left is words of the messages, and whatever they hold without telling.
    return keyed.replace(/[^\s"'`(),;:]+/g, (word) => (this.#isOfValue(word) ? masked : word));
  }

  #show(all: string, text: string, mark: string): string {
    return text === '' || this.#isSaid(text) ? all : mark + masked + mark;
  }

  #isSaid(text: string): boolean {
    return this.#sources.some((source) => source.includes(text));
  }

  /** A path may be put together from values: each part shows when the template says it, or when a key has it. */
  #path(key: string): string {
    if (this.#isSaid(key)) return key;
    const isKnown = (part: string) => (this.#segments ??= segmentsOf(this.#keys)).has(part) || this.#isSaid(part);
    const parts = key.split('/');
    return parts.map((part) => (part === '' || isKnown(part) ? part : masked)).join('/');
  }

  #isOfValue(word: string): boolean {
    const lower = word.toLowerCase();
    if (word.length < minHiddenLength || this.#isSaid(word)) return false;
    return this.#values.some(
      (value) => value.includes(lower) || (value.length >= minHiddenLength && lower.includes(value)),
    );
  }
}

function segmentsOf(keys: Iterable<string>): ReadonlySet<string> {
  const segments = new Set<string>();
  for (const key of keys) for (const part of key.split('/')) segments.add(part);
  return segments;
}

function bare(quoted: string): string {
  try {
    return unquote(quoted);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    return quoted.slice(1, -1);
  }
}
