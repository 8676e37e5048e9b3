import type { Random } from './random.ts';

const integers = [
  ...[
    '0',
    '1',
    '2',
    '3',
    '-1',
    '7',
    '10',
    '42',
    '-128',
    '127',
    '255',
    '256',
    '1000',
    '65535',
    '1_000',
    '0x1F',
    '0b101',
    '0o17',
    '017',
  ],
  ...[
    "'a'",
    "'\\n'",
    "'\\xff'",
    "'\\u00e9'",
    '1e3',
    '-0',
    '+5',
    '2147483648',
    '9223372036854775807',
    '9223372036854775808',
  ],
  ...['18446744073709551615', '-9223372036854775808', '0x8000000000000000', '1.0', '3.0', '1e18'],
];

/** A constant that is, or nearly is, an integer; mostly a small one. */
export function anyNumber(random: Random): string {
  return random.once(3) ? random.pick(integers) : String(random.below(6) - (random.once(8) ? 3 : 0));
}

const strings = [
  ...[
    '"a"',
    '"b"',
    '""',
    '`k`',
    '"a<b"',
    '"x y"',
    '"/a"',
    '","',
    '"%d%"',
    '"\\n\\t"',
    '"\\xff"',
    '"\\u00e9"',
    '"\\U0001F600"',
  ],
  ...[
    '`a\nb`',
    '"\'&\\""',
    '"10"',
    '"true"',
    '"\\000"',
    '"\\u2028"',
    '`\\`',
    '"\xc3\xa9"',
    '"\xff\xfe"',
    '"abcdefghijklmnop"',
    '"a%20b=c"',
  ],
];

/** A string constant. */
export const anyString = (random: Random): string => random.pick(strings);

const verbs = 'vvvvvvsssddddqqxXTtfgeGEFbocOUpw%zkr!'.split('');

/** A Printf format, as it stands between double quotes. */
export function anyFormat(random: Random): string {
  const directive = () => {
    const flags = random.some(random.once(2) ? 0 : 3, () => random.pick(['+', '-', '#', ' ', '0'])).join('');
    const index = () =>
      random.once(14) ? random.pick(['[1]', '[2]', '[0]', '[9]', '[x]', '[', '[]', '[1', '[3]']) : '';
    const size = () => (random.once(3) ? random.pick(['1', '2', '5', '8', '12', '20', '0', '*', '05', '33']) : '');
    const precision = random.once(4)
      ? `.${random.pick(['', '0', '1', '2', '3', '6', '10', '*', '-1', '17', '25'])}`
      : '';
    const verb = random.once(30) ? random.pick(['\xc3\xa9', '\xff', '', '\\n']) : random.pick(verbs);
    return `%${flags}${index()}${size()}${precision}${index()}${verb}`;
  };
  const piece = () => (random.once(3) ? random.pick(['a', ' ', '-', '\\n', '\xc3\xa9', '%%', '<']) : directive());
  return directive() + random.some(2, piece).join('');
}
