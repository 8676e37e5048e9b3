import type { FlagSpec } from '../../../go/flag.ts';

/** Reads the keys from files instead of any store. */
export const dataFlag: FlagSpec = Object.freeze({
  name: 'data',
  kind: 'list',
  default: [],
  usage: 'read the keys from this YAML or JSON `file` instead of the store (may be repeated)',
});
