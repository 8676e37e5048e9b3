import { describe } from '@jest/globals';
import { decode, encode } from '../../src/go/base64.ts';
import { testCalls } from '../helpers/goRows.ts';

describe('as Go does it', () => {
  testCalls('base64', new Map(Object.entries({ decode, encode })));
});
