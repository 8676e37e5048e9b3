/**
 * Go's unicode package for Unicode 17.0, as in Go 1.27. Node's own tables change with each release of Node, and a
 * rendered file must not change with them. Every supported Node has Unicode 15; later characters are in the tables
 * here.
 */

/** Runs of runes in base 36: how many to skip, how many to take, and so on. */
class Runs {
  readonly #packed: string;
  /** Starts (even positions) and ends (odd positions); unpacked on first use, as most templates never need them. */
  #bounds: Int32Array | undefined;

  constructor(packed: string) {
    this.#packed = packed;
  }

  has(rune: number): boolean {
    const bounds = (this.#bounds ??= this.#unpack());
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle]! <= rune) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }

  #unpack(): Int32Array {
    let at = 0;
    return Int32Array.from(this.#packed.split(' '), (digits) => (at += parseInt(digits, 36)));
  }
}

const printable = new Runs(
  'w 2n y c 1 ju 2 6 4 7 1 1 1 k 1 b1 1 12 2 1e 2 3 1 1j 8 r 4 6 h m 1 5c 1 1c 2 1n 2 2t e 1n 2 1d 2 f 1 s 2 1 1 ' +
    'b 5 w 7 23 1 4h 1 8 2 2 2 m 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 p 2 3 1 6 4 2 2 m 1 7 1 2 1 2 1 2 2 1 1 5 4 ' +
    '2 2 3 3 1 7 4 1 1 7 h a 3 1 9 1 3 1 m 1 7 1 2 1 5 2 a 1 3 1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 m 1 7 1 2 1 5 2 9 ' +
    '2 2 2 3 7 3 4 2 1 5 2 i a 2 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e l 5 d 1 3 1 n 1 g 2 9 1 ' +
    '3 1 4 7 2 1 3 1 2 2 4 2 a 7 m 1 3 1 n 1 a 1 5 2 9 1 3 1 4 7 2 5 3 1 4 2 a 1 3 c d 1 3 1 1f 1 3 1 6 4 g 2 q 1 ' +
    '3 1 i 3 o 1 9 1 1 2 7 3 1 4 6 1 1 1 8 6 a 2 3 c 1m 4 t 11 2 1 1 1 5 1 o 1 1 1 n 2 5 1 1 1 7 1 a 2 4 w 20 1 10 ' +
    '4 13 1 10 1 f 1 d 11 5i 1 1 5 1 2 ah 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 2 w 3 q 6 ' +
    '2e 2 6 2 hs 1 s 3 2h 7 m 9 o 9 k c d 1 3 1 2 c 2m 2 a 6 a 6 e 1 b 6 2h 7 17 5 1y a v 1 c 4 c 4 1 3 16 2 5 b ' +
    '18 4 q 6 b 3 1q 2 1t 1 t 2 b 6 a 6 e 2 1a 2 c k 25 1 4m 8 1o 3 f 3 1q 5 17 2 b 8 17 5 eu 2 6 2 12 2 6 2 8 1 1 ' +
    '1 1 1 1 1 v 2 1h 1 f 1 e 2 6 1 j 2 3 1 9 h o 8 1b h 2 2 r 1 d 3 y e x f 3w 4 ii m b l 1ec 2 am 5 19 1 1 5 1 2 ' +
    '1k 7 2 e o 9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 1 3i y q 1 2h c 5y q g 1 1r 1 2e 2 2v 5 17 1 2m 1 2e 9 1c 1 mlp 3 ' +
    '1j 9 9o k 54 8 65 k 1o 3 a 6 1k 8 1y 8 c 6 38 b u 3 26 1 b 4 x 1 1j 9 e 2 a 2 2v o s a 6 2 6 2 6 9 7 1 7 1 1o ' +
    '4 3i 2 a 6 8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 q 1 5 1 1 1 2 1 2 1 i2 w 16 6 1f 1 j 1 4 4 5 1 3r 4 5a 3 6 2 6 ' +
    '2 6 2 3 3 7 1 7 d 2 2 c 1 q 1 j 1 2 1 f 2 e y 3f 5 3 4 19 3 2g 1 d 3 1 1b 1a 3m t 3 1d f s 4 10 9 u 5 17 5 u ' +
    '1 11 4 e 16 4e 2 a 6 10 4 10 4 14 8 1g b c 1 f 1 7 1 2 1 b 1 f 1 7 1 2 3 1g c 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 ' +
    '1 1 18 1 2 3 1 2 n 1 20 8 9 1c j 1 2 5 x 3 r 5 r 12 1k 4 k 2 1e 1 2 5 8 1 3 1 t 2 3 4 a 7 9 7 1s w 13 4 c 9 ' +
    '1i 3 t 2 r 5 q 7 4 c 7 28 21 1j 1f d 1f 7 1a 8 a 6 12 3 t 8 2 5s v 1 16 1 3 2 2 g 6 8 9 x 1a 8 16 m q 12 s k ' +
    'n 9 26 4 10 9 1q 1 5 d p 7 a 6 1h 1 i 8 13 9 2o 1 k b i 1 1b 1q 7 1 1 1 4 1 f 1 b 6 1n 5 a 6 4 1 8 2 2 2 m 1 ' +
    '7 1 2 1 5 1 a 2 2 2 3 2 1 6 1 5 7 2 7 3 5 b a 1 1 2 1 1 12 1 a 1 1 2 1 1 4 1 a 1 2 8 2 t 2k 1 5 u 20 8 a 4m ' +
    '1i 2 12 y 1x b a 6 d j 1m 6 a 6 k s r 2 f 4 n 55 1o 2s 2b c 8 2 1 2 8 1 2 1 u 1 2 2 c 9 a 1y 8 2 1a 2 b r 20 ' +
    '8 2b d 21 7 a 2e 8 2g y e a 6 9 1 19 1 e a t 3 w 2 m 1 e 21 7 1 2 1 18 3 1 1 2 1 9 8 a 6 6 1 2 1 11 1 2 1 6 7 ' +
    'a 6 18 4 a 6u p 7 h 1 15 3 t 2d 1 f 1e d pn 2u 33 1 5 b 5g 218 2r d ts g m a 32z 5 g7 5a1 1m 1c6 ft 7 v 1 a 4 ' +
    '29 1 a 6 u 2 6 a 1y a a 1 7 1 l 5 j c0 1m 5i 2j 5 p 2 p 18 23 4 1l 7 h 1s 5 b 7 9 5p2 15 w 2p 37 6pp 4 1 7 1 ' +
    '2 1 83 f 1 t 3 2 1 e 4 8 b0 1s4 2z 5 d 3 9 7 a 2 4 31c 71 3 c4 6 n f h f 1a 2 n 9 38 1o 6u a 13 2 22 8 34 l ' +
    '1y 3e k c k c 2f 9 p 3r 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 84 2 ' +
    'ji f 5 1 f uo v 6 6 5x 7 1 h 2 7 1 2 1 5 5 1q x 1 34 19 3 e 2 a 4 2 8w v h 1m 5 1 cw 16 5y 17 4 1 5c v 1 m 8 ' +
    '2 68 7 1 4 1 2 1 f 1 5h 2 g 15 24 4 a 4 2 lt 1w 24 1p 5e 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 ' +
    '3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 h 5 3 1 5 1 h 1g 2 7i 18 4 2s c f 2 f 1 f 1 ' +
    '11 a 4u 1k t d 18 4 9 7 2 e 6 4a rd 3 h 3 d 3 62 6 c 4 1 f c 4 1k 8 a 6 14 8 u 2 c 4 2 e 9 13 9k 8 e 2 d 3 b ' +
    '3 1l 1 1 4 g 2 c 4 a 7 43 1 2v sl wyo w 3dq 2 4ge 2 5rl f ha 1wi f2 15u 3t7 5 6ju f62u 6o',
);

/** Whether %q prints a rune unchanged: letters, marks, numbers, punctuation, symbols and the ASCII blank. */
export function isPrint(rune: number): boolean {
  return rune < 0x7f ? rune >= 0x20 : printable.has(rune);
}

/** A test for a category: Node's tables, and the runes that came after Unicode 15. */
function category(pattern: RegExp, later: Runs): (rune: number) => boolean {
  return (rune) => (isPrint(rune) && pattern.test(String.fromCodePoint(rune))) || later.has(rune);
}

/** Whether a rune is a letter. */
export const isLetter: (rune: number) => boolean = category(
  /\p{L}/u,
  new Runs(
    '1ov 1 r0 1 3j 1 33g 2 ri8 5 2 1 1 1 5 3 k 1 ij2 1g ng q s0 s 9 n 8s 6 xk a 1 1 2 1 1 12 1 1 p 1 1 1 1kc x cv 18 ' +
      '4g4 32z 5qd u 2ea 19 8j p 2 p 7y 2 4qs 8 zj 1 9 m 2p 37 hct u 2 1 5r v 1 3 1 2 1 7 2 5 9 2 154q 6 4ma c 5s2 ha ' +
      'aj6 3be',
  ),
);

/** Whether a rune is a decimal digit. */
export const isDigit: (rune: number) => boolean = category(
  /\p{Nd}/u,
  new Runs('1h6o a 1vq k zw a di a dae a 2eu a iuu a 4xj a'),
);

/** Whether a rune is an upper-case letter. */
export const isUpper: (rune: number) => boolean = category(
  /\p{Lu}/u,
  new Runs('5mx 1 ri9 2 1 1 3 1 1 1 5 1 1 1 k1f m j7e p'),
);

/** Whether a rune is a lower-case letter. U+0295 was one until Unicode 16. */
export const isLower: (rune: number) => boolean = category(
  /(?!\u0295)\p{Ll}/u,
  new Runs('5my 1 ria 1 1 1 b 1 k2c m j79 p'),
);

/** Case pairs that came after Unicode 15: the first lower and upper rune of each run, and its length. */
const laterCases: readonly (readonly [lower: number, upper: number, count: number])[] = [
  [0x19b, 0xa7dc, 1],
  [0x264, 0xa7cb, 1],
  [0x1c8a, 0x1c89, 1],
  [0xa7cd, 0xa7cc, 1],
  [0xa7cf, 0xa7ce, 1],
  [0xa7d3, 0xa7d2, 1],
  [0xa7d5, 0xa7d4, 1],
  [0xa7db, 0xa7da, 1],
  [0x10d70, 0x10d50, 22],
  [0x16ebb, 0x16ea0, 25],
];

/** The upper case of one rune as one rune. */
export function upperRune(rune: number): number {
  if (rune < 0x80) return rune >= 0x61 && rune <= 0x7a ? rune - 0x20 : rune;
  // Greek letters with iota subscript: JavaScript's upper case has two letters, Unicode's simple mapping has one.
  if (rune >= 0x1f80 && rune <= 0x1faf) return rune & 8 ? rune : rune + 8;
  if (rune === 0x1fb3 || rune === 0x1fc3 || rune === 0x1ff3) return rune + 9;
  const later = laterCases.find(([lower, , count]) => rune >= lower && rune < lower + count);
  if (later !== undefined) return rune - later[0] + later[1];
  return simple(rune, String.fromCodePoint(rune).toUpperCase());
}

/** The lower case of one rune as one rune. */
export function lowerRune(rune: number): number {
  if (rune < 0x80) return rune >= 0x41 && rune <= 0x5a ? rune + 0x20 : rune;
  if (rune === 0x130) return 0x69; // İ: JavaScript keeps the dot as a second rune
  const later = laterCases.find(([, upper, count]) => rune >= upper && rune < upper + count);
  if (later !== undefined) return rune - later[1] + later[0];
  return simple(rune, String.fromCodePoint(rune).toLowerCase());
}

/** A mapping counts only if it is one rune for one, and both are in Unicode 17. */
function simple(rune: number, mapped: string): number {
  const to = mapped.codePointAt(0)!;
  const isSingle = mapped.length === (to > 0xffff ? 2 : 1);
  return isSingle && isPrint(rune) && isPrint(to) ? to : rune;
}
