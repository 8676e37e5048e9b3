import { describe, expect, test } from '@jest/globals';
import { compileFormat, noFlags } from '../../src/go/fmt-format.ts';

describe('formats that end too early have no verb', () => {
  test.each(['%', '%-', '%5', '%[1]', '%.99999999d', '%99999999d and the rest', '%*'])('%j', (format) => {
    expect(compileFormat(format).directives.at(-1)!.verb).toBe('');
    expect(compileFormat(format).tail).toBe('');
  });
});

describe('indexes', () => {
  test.each([
    ['%[x]d', -2],
    ['%[0]d', -1],
    ['%[2]d', 1],
    ['%[10000010]d', -2],
  ])('%s', (format, index) => {
    expect(compileFormat(format)).toMatchObject({ directives: [{ widthIndex: index, verb: 'd' }], isReordered: true });
  });

  test.each(['%[1]5d', '%[1].2d'])('%s has one where none may be', (format) => {
    expect(compileFormat(format).directives[0]!.isIndexMisplaced).toBe(true);
  });
});

test('text, flags, width, precision and verb', () => {
  const { directives, tail } = compileFormat('a %-+6.*x b');
  expect(directives).toMatchObject([
    { before: 'a ', verb: 'x', width: 6, precision: '*', flags: { ...noFlags(), minus: true, plus: true } },
  ]);
  expect(tail).toBe(' b');
});

test('a format is compiled once, and a flood of formats does not fill the memory', () => {
  expect(compileFormat('%d once')).toBe(compileFormat('%d once'));
  const first = compileFormat('%d flood');
  for (let i = 0; i < 1001; i++) compileFormat(`%d ${i}`);
  expect(compileFormat('%d flood')).not.toBe(first);
});
