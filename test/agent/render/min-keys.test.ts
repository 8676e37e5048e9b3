import { expect, test } from '@jest/globals';
import { tooFewKeys } from '../../../src/agent/render/min-keys.ts';
import { specOf } from '../../helpers/pipeline.ts';

test.each([
  [0, { allowEmpty: false }, 'no keys found for it, but allow_empty is false'],
  [0, { minKeys: 2 }, '0 keys found for it, but min_keys is 2'],
  [1, { minKeys: 2 }, '1 key found for it, but min_keys is 2'],
  [0, { minKeys: 1, allowEmpty: true }, '0 keys found for it, but min_keys is 1'],
  [0, { minKeys: 0, allowEmpty: false }, 'no keys found for it, but allow_empty is false'],
  [0, {}, null],
  [1, { allowEmpty: false }, null],
  [2, { minKeys: 2, allowEmpty: false }, null],
])('%d keys with %j', (keys, spec, fact) => {
  const kept = fact === null ? null : { kept: `Target config /d not updated: ${fact} (/conf.d/r.toml)` };
  expect(tooFewKeys(keys, specOf('/d', spec))).toEqual(kept);
});
