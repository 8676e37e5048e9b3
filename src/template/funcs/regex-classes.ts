/**
 * The names of \p{…} classes as Go's regexp/syntax reads them: in any case, with and without `_`, `-` and blanks, and
 * the long names, too. The library has one name for each, and accepts some names that Go does not.
 */

/** Short names of categories with their long names; other short names have no long one. */
const categories =
  'LC:Cased_Letter Pe:Close_Punctuation M:Combining_Mark Pc:Connector_Punctuation Cc:Control Sc:Currency_Symbol ' +
  'Pd:Dash_Punctuation Nd:Decimal_Number Me:Enclosing_Mark Pf:Final_Punctuation Cf:Format Pi:Initial_Punctuation ' +
  'L:Letter Nl:Letter_Number Zl:Line_Separator Ll:Lowercase_Letter M:Mark Sm:Math_Symbol Lm:Modifier_Letter ' +
  'Sk:Modifier_Symbol Mn:Nonspacing_Mark N:Number Ps:Open_Punctuation C:Other Lo:Other_Letter No:Other_Number ' +
  'Po:Other_Punctuation So:Other_Symbol Zp:Paragraph_Separator Co:Private_Use P:Punctuation Z:Separator ' +
  'Zs:Space_Separator Mc:Spacing_Mark Cs:Surrogate S:Symbol Lt:Titlecase_Letter Cn:Unassigned Lu:Uppercase_Letter ' +
  'Cc:cntrl Nd:digit P:punct';

const scripts =
  'Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Beria_Erfe ' +
  'Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham ' +
  'Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru ' +
  'Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek ' +
  'Gujarati Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana ' +
  'Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi ' +
  'Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A ' +
  'Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin ' +
  'Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar ' +
  'Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal ' +
  'Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic ' +
  'Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang ' +
  'Runic Samaritan Saurashtra Sharada Shavian Siddham Sidetic SignWriting Sinhala Sogdian Sora_Sompeng Soyombo ' +
  'Sundanese Sunuwar Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tai_Yo Takri Tamil Tangsa ' +
  'Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Todhri Tolong_Siki Toto Tulu_Tigalari Ugaritic Vai ' +
  'Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square';

/** The library's name for each name in normal form; built on first use. */
let names: ReadonlyMap<string, string> | undefined;

function readNames(): ReadonlyMap<string, string> {
  const known = ['Any', 'Ascii', 'Assigned'].map((name): [string, string] => [plainest(name), name]);
  for (const category of categories.split(' ')) {
    const [short, long] = category.split(':') as [string, string];
    known.push([plainest(short), short], [plainest(long), short]);
  }
  for (const script of scripts.split(' ')) known.push([plainest(script), script]);
  return new Map(known);
}

const plainest = (name: string) => name.replace(/[_ -]/g, '').toLowerCase();

/** Quoted text, named classes and other escapes. */
const parts = /\\Q[^]*?(?:\\E|$)|\\([pP])(?:\{(\^?)([^}]{0,100})\}|([A-Za-z]))|\\[^]/g;

/** An expression with the library's names. */
export interface Translated {
  readonly text: string;
  /** A part of this text in its original form. */
  readonly original: (part: string) => string;
}

interface Change {
  readonly at: number; // in the original expression
  readonly written: string;
  readonly translated: string;
}

/**
 * Replaces class names by those of the library; a name that Go does not know becomes one that the library does not
 * know.
 */
export function translateClasses(expression: string): Translated {
  const changes: Change[] = [];
  const translate = (
    whole: string,
    letter: string | undefined,
    not = '',
    name: string | undefined,
    short: string,
    at: number,
  ) => {
    if (letter === undefined) return whole;
    const known = (names ??= readNames()).get(plainest(name ?? short));
    const translated = `\\${letter}{${not}${known ?? `?${name ?? short}`}}`;
    if (translated !== whole) changes.push({ at, written: whole, translated });
    return translated;
  };
  const text = expression.replace(parts, translate);
  const original = (part: string) => {
    const start = text.endsWith(part) ? text.length - part.length : text.indexOf(part);
    if (start < 0) return part;
    return expression.slice(placeOf(changes, start), placeOf(changes, start + part.length));
  };
  return { text, original };
}

/**
 * Converts a place in the translated expression to a place in the original one; the place must be at the edge of a
 * change.
 */
function placeOf(changes: readonly Change[], place: number): number {
  let shift = 0;
  for (const { at, written, translated } of changes) {
    if (at + shift >= place) break;
    shift += translated.length - written.length;
  }
  return place - shift;
}
