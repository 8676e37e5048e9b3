import { describe } from '@jest/globals';
import { decode, encode } from '../../src/go/base64.ts';
import { testCalls } from '../helpers/go-rows.ts';

describe('as Go does it', () => {
  testCalls('base64', new Map(Object.entries({ decode, encode })));
});
