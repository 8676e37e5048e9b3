/** Parses Printf formats; compiled formats are cached. */
import { spend } from './budget.ts';
import { decodeRune, encodeRune } from './strings.ts';

/** The flags, width and precision for printing an operand. */
export interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** %+v: structs show the names of their fields. */
  plusV: boolean;
  /** %#v: values show in Go's syntax. */
  sharpV: boolean;
  width: number | null;
  precision: number | null;
}

/** One `%…verb` and the text before it. An index counts from 0; a negative one is bad. */
export interface Directive {
  readonly before: string;
  /** The verb in UTF-8; '' if the format ends before it. */
  readonly verb: string;
  /** It takes the next operand only, and its flags are complete. */
  readonly isSelfContained: boolean;
  readonly flags: Flags;
  readonly width: number | null | '*';
  readonly precision: number | null | '*';
  readonly widthIndex: number | null;
  readonly precisionIndex: number | null;
  readonly verbIndex: number | null;
  /** An index is where Go does not allow one, as in %[1]5d. */
  readonly isIndexMisplaced: boolean;
}

/** A whole format; with isReordered, unused operands are not reported. */
export interface Format {
  readonly directives: readonly Directive[];
  readonly tail: string;
  readonly isReordered: boolean;
}

/** A number is parsed up to this value only. */
const largest = 1e6;
const unreadable = -2;

const cache = new Map<string, Format>();
const cacheLimit = 1000;
const maxCachedLength = 1024;
const stepsPerDirective = 32;

/** The directives of a format; recent formats are cached. */
export function compileFormat(format: string): Format {
  let compiled = cache.get(format);
  if (compiled === undefined) {
    compiled = new FormatReader(format).read();
    // Formats can be built from values, so the cache must not grow with them.
    if (format.length > maxCachedLength) return compiled;
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(format, compiled);
  }
  return compiled;
}

/** No flags at all. */
export function noFlags(): Flags {
  return {
    plus: false,
    minus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
    width: null,
    precision: null,
  };
}

class FormatReader {
  #at = 0;
  #isReordered = false;

  constructor(readonly text: string) {}

  read(): Format {
    const directives: Directive[] = [];
    let start = 0;
    for (;;) {
      const percent = this.text.indexOf('%', start);
      if (percent < 0) break;
      spend(stepsPerDirective);
      this.#at = percent + 1;
      directives.push(this.#readDirective(this.text.slice(start, percent)));
      start = this.#at;
    }
    return { directives, tail: this.text.slice(start), isReordered: this.#isReordered };
  }

  #readDirective(before: string): Directive {
    const flags = this.#readFlags();
    const widthIndex = this.#readIndex();
    let isAfterIndex = widthIndex !== null && widthIndex !== unreadable;
    const width = this.#readStarOrNumber();
    let isIndexMisplaced = isAfterIndex && typeof width === 'number';
    if (width === '*') isAfterIndex = false;

    let precision: number | null | '*' = null;
    let precisionIndex: number | null = null;
    if (this.text[this.#at] === '.' && this.#at + 1 < this.text.length) {
      this.#at++;
      isIndexMisplaced ||= isAfterIndex;
      precisionIndex = this.#readIndex();
      precision = this.#readStarOrNumber() ?? 0;
      isAfterIndex = precisionIndex !== null && precisionIndex !== unreadable && precision !== '*';
    }
    const verbIndex = isAfterIndex ? null : this.#readIndex();
    const verb = this.#readVerb();
    if (verb === 'v' || verb === 'w') {
      flags.sharpV = flags.sharp;
      flags.plusV = flags.plus;
      flags.sharp = flags.plus = false;
    }
    const isStarred = width === '*' || precision === '*';
    const isIndexed = widthIndex !== null || precisionIndex !== null || verbIndex !== null;
    if (!isStarred) Object.assign(flags, { width, precision });
    return {
      before,
      verb,
      isSelfContained: verb !== '' && verb !== '%' && !isStarred && !isIndexed,
      flags,
      width,
      precision,
      widthIndex,
      precisionIndex,
      verbIndex,
      isIndexMisplaced,
    };
  }

  #readFlags(): Flags {
    const flags = noFlags();
    for (; ; this.#at++) {
      const char = this.text[this.#at];
      if (char === '#') flags.sharp = true;
      else if (char === '0') flags.zero = true;
      else if (char === '+') flags.plus = true;
      else if (char === '-') flags.minus = true;
      else if (char === ' ') flags.space = true;
      else return flags;
    }
  }

  /** `[3]` as 2, unreadable for brackets without a number, null if there are none. */
  #readIndex(): number | null {
    if (this.text[this.#at] !== '[') return null;
    this.#isReordered = true;
    const close = this.text.indexOf(']', this.#at);
    if (close < 0 || this.text.length - this.#at < 3) {
      this.#at++;
      return unreadable;
    }
    const digits = this.text.slice(this.#at + 1, close);
    this.#at = close + 1;
    return /^[0-9]+$/.test(digits) && Number(digits.slice(0, -1)) <= largest ? Number(digits) - 1 : unreadable;
  }

  #readStarOrNumber(): number | null | '*' {
    if (this.text[this.#at] === '*') {
      this.#at++;
      return '*';
    }
    let value: number | null = null;
    for (; isDigit(this.text[this.#at]); this.#at++) {
      if (value !== null && value > largest) {
        this.#at = this.text.length; // Go stops parsing the format here
        return null;
      }
      value = (value ?? 0) * 10 + Number(this.text[this.#at]);
    }
    return value;
  }

  #readVerb(): string {
    const [rune, size] = decodeRune(this.text, this.#at);
    this.#at += size;
    return size === 0 ? '' : encodeRune(rune);
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}
