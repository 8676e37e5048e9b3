import { describe } from '@jest/globals';
import {
  atoi,
  canBackquote,
  parseBool,
  parseFloat,
  parseInt,
  parseUint,
  quote,
  quoteToASCII,
  unquote,
} from '../../src/go/strconv.ts';
import { testCalls } from '../helpers/go-rows.ts';

const functions = new Map<string, (...args: never[]) => unknown>([
  ['atoi', atoi],
  ['parseInt', (text: string, base: bigint, bits: bigint) => parseInt(text, Number(base), Number(bits))],
  ['parseUint', (text: string, base: bigint, bits: bigint) => parseUint(text, Number(base), Number(bits))],
  ['parseFloat', (text: string, bits: bigint) => parseFloat(text, Number(bits))],
  ['parseBool', parseBool],
  ['quote', quote],
  ['quoteToASCII', quoteToASCII],
  ['canBackquote', canBackquote],
  ['unquote', unquote],
]);

describe('as Go does it', () => {
  testCalls('strconv', functions);
});
