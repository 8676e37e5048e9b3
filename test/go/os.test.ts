import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { errnoText, modeText, signalText } from '../../src/go/os.ts';

interface Row {
  readonly errno?: string;
  readonly signal?: NodeJS.Signals;
  readonly mode?: number;
  readonly text: string;
}

const rows = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/os.json'), 'utf8')) as Row[];

describe('the texts are those of Go', () => {
  test.each(rows.filter((row) => row.errno !== undefined))('$errno', ({ errno, text }) => {
    expect(errnoText(Object.assign(new Error('x'), { code: errno }))).toBe(text);
  });

  test.each(rows.filter((row) => row.signal !== undefined))('$signal', ({ signal, text }) => {
    expect(signalText(signal!)).toBe(text);
  });

  test.each(rows.filter((row) => row.mode !== undefined))('mode $mode', ({ mode, text }) => {
    expect(modeText(mode!)).toBe(text);
  });
});

test('what Go does not know keeps the name that Node gives it', () => {
  expect(errnoText(Object.assign(new Error('odd: very odd'), { code: 'EODD' }))).toBe('odd: very odd');
  expect(signalText('SIGSTKFLT')).toBe('SIGSTKFLT');
});
