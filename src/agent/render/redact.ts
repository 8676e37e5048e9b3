import { fromText, toText } from '../../go/bytes.ts';
import { unquote } from '../../go/strconv.ts';
import { GoError } from '../../go/value.ts';

/** What a message may show. */
export interface Shown {
  /** The sources of the templates that took part, as byte strings: their own text is not secret. */
  readonly sources: readonly string[];
  /** The keys that the resource selects, as byte strings. */
  readonly keys: Iterable<string>;
  /** The values that the render read from the store, as byte strings. */
  readonly values: readonly string[];
}

/** Shorter words occur in too many values by chance. */
const minHiddenLength = 3;

const masked = '***';

/**
 * Removes from the message of a template error everything that was made from values of the store: Go's messages quote
 * the arguments of functions (`parsing "hunter2": invalid syntax`), and more people can read a log than a store. A
 * value may have been changed in any way, so a text is shown only when the template itself contains it.
 */
export function redactValues(message: string, shown: Shown): string {
  // The text before is the name and the source of the template, which contain no values.
  const start = message.indexOf('>: ') + 1;
  return message.slice(0, start) + toText(new Redactor(shown).redact(fromText(message.slice(start))));
}

// Ends of Go's messages that are not quoted.
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
    // The rest is words of the messages and values that are not quoted.
    return keyed.replace(/[^\s"'`(),;:]+/g, (word) => (this.#isOfValue(word) ? masked : word));
  }

  #show(all: string, text: string, mark: string): string {
    return text === '' || this.#isSaid(text) ? all : mark + masked + mark;
  }

  #isSaid(text: string): boolean {
    return this.#sources.some((source) => source.includes(text));
  }

  /** A path may be built from values: a part is shown when the template contains it or when it is part of a key. */
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
